import CCodecs
import LanesCore
import Synchronization

/// What becomes of an image's colors.
enum ColorTreatment: Sendable {
  /// They stay, and so does their profile.
  case kept
  case converted(ColorConversion)
  /// Four inks become red, green and blue by a plain product, for want of a profile that tells more. The clause says what is
  /// wrong with the one that is there, if any.
  case plainInks(String?)
  /// They are taken for sRGB's, since the profile cannot be used, and why.
  case unusable(String)

  /// The pixels are no longer what the file holds.
  var changesPixels: Bool {
    switch self {
    case .kept, .unusable: false
    case .converted, .plainInks: true
    }
  }

  /// The clause about a profile that cannot be used.
  var fault: String? {
    switch self {
    case .unusable(let fault): fault
    case .plainInks(let fault): fault
    case .kept, .converted: nil
    }
  }
}

extension ImageHeader {
  /// What `options` make of the image's colors. Costs a comparison of the profile with those that are known already.
  func colors(_ options: ConvertOptions) -> ColorTreatment {
    guard options.profile == .srgb else { return .kept }
    let device: ColorModel.Device = isCMYK ? .inks : shape.channels == 4 ? .rgb : .gray
    let found: ColorTreatment
    switch profile {
    case .none: found = device == .rgb ? color.treatment : .kept
    case .broken(let fault): found = .unusable("is broken (\(fault))")
    case .whole(let bytes): found = KnownProfiles.treatment(bytes, device, options.intent)
    }
    guard isCMYK else { return found }
    if case .converted = found { return found }
    return .plainInks(found.fault)
  }
}

extension ccodecs_color {
  /// What a PNG without a profile says of its colors in gAMA and cHRM (PNG specification, 11.3.2). Without gAMA it says
  /// nothing that could be used; 1/2.2 is what programs write for sRGB's curve (libpng takes it for that, too).
  fileprivate var treatment: ColorTreatment {
    guard !srgb, gamma > 0 else { return .kept }
    let exponent = 100_000 / Double(gamma)
    let curve = (exponent * 0.45455 - 1).magnitude < 0.05 ? SRGB.curve : ICCCurve.gamma(exponent)
    var chromaticities = SRGB.points
    if primaries {
      let p = points
      chromaticities = [p.0, p.1, p.2, p.3, p.4, p.5, p.6, p.7].map { Double($0) / 100_000 }
    }
    guard let matrix = ConnectionSpace.matrix(points: chromaticities) else { return .kept }
    let way = ColorModel.Way.matrix([curve, curve, curve], matrix)
    let conversion = ColorConversion(ColorModel(device: .rgb, way: way), black: 0)
    return conversion.isIdentity ? .kept : .converted(conversion)
  }
}

/// Conversions of the profiles that were met last: all images of a batch often have the same, and its tables take
/// milliseconds.
private enum KnownProfiles {
  private struct Entry {
    let profile: Bytes
    let device: ColorModel.Device
    let intent: ConvertOptions.Intent
    let treatment: ColorTreatment
  }

  /// Conversions that are kept, and the largest profile of which.
  private static let most = 4
  private static let largest = 4 << 20

  /// The one that was asked for last stands last.
  private static let entries = Mutex<[Entry]>([])

  static func treatment(
    _ profile: Bytes, _ device: ColorModel.Device, _ intent: ConvertOptions.Intent
  ) -> ColorTreatment {
    let known = entries.withLock { entries -> ColorTreatment? in
      guard
        let at = entries.firstIndex(where: { $0.device == device && $0.intent == intent && $0.profile == profile })
      else { return nil }
      entries.append(entries.remove(at: at))
      return entries.last!.treatment
    }
    if let known { return known }
    // Two lanes may do this at the same time; nobody waits for a profile that is not its own.
    let treatment = examine(ICCReader(profile), device, intent)
    guard profile.count <= largest else { return treatment }
    entries.withLock { entries in
      if entries.count == most { entries.removeFirst() }
      entries.append(Entry(profile: profile, device: device, intent: intent, treatment: treatment))
    }
    return treatment
  }

  private static func examine(
    _ profile: ICCReader, _ device: ColorModel.Device, _ intent: ConvertOptions.Intent
  ) -> ColorTreatment {
    guard ColorModel.Device(profile.word(16)) == device else { return .unusable("is for another color space") }
    guard let model = ColorModel(profile, intent: intent) else {
      return .unusable("holds no description of colors that lanes understands")
    }
    let conversion = ColorConversion(model, black: ColorModel.black(profile, model, intent: intent))
    return conversion.isIdentity ? .kept : .converted(conversion)
  }
}
