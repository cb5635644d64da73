import LanesCore

/// How a profile describes colors of its device: what they are in the connection space.
///
/// Source: ICC.1:2022, 8.3 to 8.5 (which tags a profile has), 9.2 (their meaning) and annex F.
struct ColorModel: Sendable {
  enum Device: Int, Sendable {
    case gray = 1
    case rgb = 3
    case inks = 4

    /// The name in a profile's header.
    init?(_ name: String?) {
      switch name {
      case "GRAY": self = .gray
      case "RGB ": self = .rgb
      case "CMYK": self = .inks
      default: return nil
      }
    }

    /// The color with the least light: no light, or all ink.
    var darkest: Color { self == .inks ? Color(repeating: 1) : Color() }
  }

  enum Way: Sendable {
    /// The light of gray, or with `lab` its lightness.
    case gray(ICCCurve, lab: Bool)
    /// Curves to light, and what light of each color is in XYZ.
    case matrix([ICCCurve], Matrix3)
    case table(ICCPipeline, lab: Bool)
  }

  let device: Device
  let way: Way

  init(device: Device, way: Way) { (self.device, self.way) = (device, way) }

  /// nil when the profile holds nothing of the kinds that are understood here: of tables the one for `intent`, else that for
  /// perception, and where there is none, curves and a matrix.
  ///
  /// - Parameter profile: one in which `ICCProfile.fault` finds nothing.
  init?(_ profile: ICCReader, intent: ConvertOptions.Intent) {
    guard let device = Device(profile.word(16)), let space = profile.word(20) else { return nil }
    self.device = device
    let lab = space == "Lab "
    if let tag = profile.tag(intent.toConnectionSpace)
      ?? profile.tag(ConvertOptions.Intent.perceptual.toConnectionSpace)
    {
      guard let pipeline = ICCPipeline(tag), pipeline.inputs == device.rawValue, pipeline.outputs == 3 else {
        return nil
      }
      way = Self.way(pipeline, lab: lab)
      return
    }
    func curve(_ name: String) -> ICCCurve? { profile.tag(name).flatMap { ICCCurve.read($0)?.curve } }
    switch device {
    case .gray:
      guard let curve = curve("kTRC") else { return nil }
      way = .gray(curve, lab: lab)
    case .rgb:
      let curves = ["rTRC", "gTRC", "bTRC"].compactMap(curve)
      let columns = ["rXYZ", "gXYZ", "bXYZ"].compactMap { name in
        profile.tag(name).map { tag in (0..<3).compactMap { tag.fixed(8 + 4 * $0) } }
      }
      guard curves.count == 3, columns.count == 3, columns.allSatisfy({ $0.count == 3 }), !lab else { return nil }
      way = .matrix(curves, Matrix3(columns: columns))
    case .inks: return nil
    }
  }

  /// A pipeline of curves and a matrix is no other thing than that.
  private static func way(_ pipeline: ICCPipeline, lab: Bool) -> Way {
    guard !lab, pipeline.steps.count == 2, case .curves(let curves) = pipeline.steps[0],
      case .matrix(let m) = pipeline.steps[1], m[3] == 0, m[7] == 0, m[11] == 0
    else { return .table(pipeline, lab: lab) }
    return .matrix(curves, Matrix3([0, 1, 2, 4, 5, 6, 8, 9, 10].map { m[$0] * xyzRange }))
  }

  /// What 1 stands for in XYZ where it is encoded in 16 bits (ICC.1:2022, 6.3.4.2).
  private static let xyzRange = 1 + 32767.0 / 32768

  /// - Parameter color: channels of the device, 0…1.
  func xyz(_ color: Color) -> Color {
    switch way {
    case .gray(let curve, lab: false): return curve(color[0]) * ConnectionSpace.white
    case .gray(let curve, lab: true):
      return ConnectionSpace.xyz(roots: ConnectionSpace.roots(lab: Color(100 * curve(color[0]), 0, 0, 0)))
    case .matrix(let curves, let matrix):
      return matrix(Color(curves[0](color[0]), curves[1](color[1]), curves[2](color[2]), 0))
    case .table(let pipeline, let lab):
      return ConnectionSpace.xyz(roots: Self.roots(pipeline(color), of: pipeline, lab: lab))
    }
  }

  /// What a pipeline gives, as Lab's roots.
  static func roots(_ encoded: Color, of pipeline: ICCPipeline, lab: Bool) -> Color {
    guard lab else { return ConnectionSpace.roots(xyz: encoded * xyzRange) }
    let top = pipeline.hasOldLab ? 65535.0 / 65280 : 1
    let unit = pipeline.hasOldLab ? 65535.0 / 256 : 255
    return ConnectionSpace.roots(
      lab: Color(100 * top * encoded[0], unit * encoded[1] - 128, unit * encoded[2] - 128, 0))
  }
}

extension ConvertOptions.Intent {
  /// The tag with the table from a device.
  fileprivate var toConnectionSpace: String { self == .relative ? "A2B1" : "A2B0" }
}

/// Black point compensation: the device's darkest gray becomes sRGB's, which has no light, and what is lighter follows.
///
/// Source: Adobe Systems' Implementation of Black Point Compensation (2006). Which black a profile has is found as lcms
/// finds it (cmssamp.c).
extension ColorModel {
  /// Lightness above which no black is taken for one, 50, as a share of light.
  private static let mostLight = 0.184187

  /// The Y of the device's black.
  static func black(_ profile: ICCReader, _ model: ColorModel, intent: ConvertOptions.Intent) -> Double {
    let isTable = if case .table = model.way { true } else { false }
    if intent == .perceptual, isTable, let black = perceptualBlack(profile) { return black[1] }
    let candidate: Color
    if intent == .relative, model.device == .inks, profile.word(12) == "prtr" {
      // The darkest that a printer is asked for, which is less than all inks.
      guard profile.tag("A2B0") != nil, let inks = darkestInks(profile) else { return 0 }
      candidate = model.xyz(inks)
    } else {
      // Without a table for the intent its black is not known.
      guard !isTable || profile.tag(intent.toConnectionSpace) != nil else { return 0 }
      candidate = model.xyz(model.device.darkest)
    }
    return max(0, min(candidate[1], mostLight))
  }

  /// Tables for perception of version 4 have a black of their own (ICC.1:2022, 6.3.4.3); nil in version 2.
  private static func perceptualBlack(_ profile: ICCReader) -> Color? {
    (profile.number(8, 1) ?? 0) >= 4 ? Color(0.00336, 0.0034731, 0.00287, 0) : nil
  }

  /// The inks that the table for perception gives for black.
  private static func darkestInks(_ profile: ICCReader) -> Color? {
    guard let pipeline = profile.tag("B2A0").flatMap(ICCPipeline.init), pipeline.inputs == 3, pipeline.outputs == 4
    else { return nil }
    let black = perceptualBlack(profile)
    guard profile.word(20) == "Lab " else { return pipeline((black ?? Color()) / xyzRange) }
    // 3.1373 is the lightness of that black.
    let lightness = black == nil ? 0 : 3.1373 / 100
    return pipeline.hasOldLab
      ? pipeline(Color(lightness * 65280 / 65535, 128.0 * 256 / 65535, 128.0 * 256 / 65535, 0))
      : pipeline(Color(lightness, 128.0 / 255, 128.0 / 255, 0))
  }
}
