import LanesCore
import LanesImages

/// One way into the code that reads bytes of unknown origin.
struct Target: Sendable {
  let name: String
  let run: @Sendable (Bytes) -> Void

  static let all = [
    Target(name: "jpeg") { convert($0, jpegOptions) },
    Target(name: "png") { convert($0.count % 4 == 0 ? $0 : repairingChecksums($0), pngOptions) },
    Target(name: "webp") { convert($0, webpOptions) },
    Target(name: "sizes") { convert($0, [options { $0.sizes = [ResizeSpec("50%")!, ResizeSpec("9x9")!] }]) },
    Target(name: "lossless") { convert($0, losslessOptions) },
    Target(name: "color") { convert($0.count % 4 == 0 ? $0 : repairingChecksums($0), colorOptions) },
    Target(name: "profile", run: convertColors),
    Target(name: "salvage") { convert($0.count % 2 == 0 ? $0 : repairingChecksums($0), salvageOptions) },
    Target(name: "avif") { convert($0, avifOptions) },
    Target(name: "header", run: readHeader),
  ]

  private static let jpegOptions = [
    options { _ in },
    options { $0.resize = ResizeSpec("9x9") },
    options { $0.resize = ResizeSpec("23x") },
    options { $0.resize = ResizeSpec("50%") },
    options { $0.format = .png },
    options { $0.crop = CropSpec("8x8+3+5") },
    options { ($0.resize, $0.linearLight, $0.grayscale) = (ResizeSpec("70%"), true, true) },
    options { ($0.progressive, $0.optimizeCoding, $0.quality) = (true, true, 40) },
  ]

  private static let avifOptions = [
    options { $0.format = .png },
    options { ($0.format, $0.resize) = (.jpeg, ResizeSpec("9x9")) },
    options { ($0.format, $0.turn, $0.effort) = (.avif, .rotated90, 0) },
  ]

  /// Made-up files are decoded, taken apart and put together again; sound ones are encoded with either coding, quickly.
  private static let webpOptions = [
    options { _ in },
    options { $0.resize = ResizeSpec("9x9") },
    options { $0.metadata = .none },
    options { $0.metadata = .icc },
    options { $0.salvage = true },
    options { ($0.format, $0.turn) = (.png, .rotated90) },
    options { ($0.format, $0.effort, $0.resize) = (.webp, 0, ResizeSpec("40x40")) },
    options { ($0.format, $0.effort, $0.lossless, $0.resize) = (.webp, 0, .all, ResizeSpec("40x40")) },
  ]

  private static let losslessOptions = [
    options { $0.turn = .rotated90 },
    options { $0.turn = .mirrored },
    options { $0.crop = CropSpec("16x16+16+0") },
    options { ($0.progressive, $0.optimizeCoding) = (true, true) },
    options { ($0.metadata, $0.turn) = (.none, .rotated180) },
  ]

  private static let salvageOptions = [
    options { $0.salvage = true },
    options { ($0.salvage, $0.resize) = (true, ResizeSpec("9x9")) },
    options { ($0.salvage, $0.format) = (true, .png) },
    options { ($0.salvage, $0.turn) = (true, .rotated90) },
  ]

  private static let colorOptions = [
    options { $0.profile = .srgb },
    options { ($0.profile, $0.intent, $0.resize) = (.srgb, .perceptual, ResizeSpec("9x9")) },
    options { ($0.profile, $0.format, $0.linearLight, $0.resize) = (.srgb, .png, true, ResizeSpec("20")) },
    options { ($0.profile, $0.format, $0.grayscale) = (.srgb, .jpeg, true) },
  ]

  private static let pngOptions = [
    options { _ in },
    options { $0.resize = ResizeSpec("9x9") },
    options { $0.pngLevel = 1 },
    options { $0.format = .jpeg },
    options { ($0.crop, $0.turn) = (CropSpec("8x8+3+5"), .rotated90) },
    options { ($0.resize, $0.linearLight) = (ResizeSpec("33x20"), true) },
  ]

  private static func options(_ change: (inout ConvertOptions) -> Void) -> ConvertOptions {
    var options = ConvertOptions()
    // Small images only, so that thousands are tried in a second.
    options.maxPixels = 1 << 18
    change(&options)
    return options
  }
}

/// Converts `bytes` in one of the ways of `options`, chosen by the bytes themselves, so that a finding can be repeated.
private func convert(_ bytes: Bytes, _ options: [ConvertOptions]) {
  let choice = bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % options.count
  let chosen = options[choice]
  perform(ConvertWorkload(chosen), bytes, task: chosen.sizes.indices.map { UInt8($0) })
}

/// The same with `bytes` for the color profile of a small sound JPEG of gray, colors or inks, as they say themselves.
@Sendable private func convertColors(_ bytes: Bytes) {
  guard bytes.count > 20, bytes.count < 65_000 else { return }
  let frames: [UInt8: Int] = [0x47: 1, 0x43: 4]
  let components = frames[bytes[16]] ?? 3
  var file: Bytes = [0xFF, 0xD8]
  let piece = Bytes("ICC_PROFILE\0".utf8) + [1, 1] + bytes
  file += [0xFF, 0xE2, UInt8((piece.count + 2) >> 8), UInt8((piece.count + 2) & 255)] + piece
  // Every quantizer is 1, and one code of a single bit, which is a difference or a block's end of 0, makes 8 × 8 gray pixels.
  file += [0xFF, 0xDB, 0, 67, 0] + Bytes(repeating: 1, count: 64)
  file += [0xFF, 0xC0, 0, UInt8(8 + 3 * components), 8, 0, 8, 0, 8, UInt8(components)]
  for component in 1...components { file += [UInt8(component), 0x11, 0] }
  for table: UInt8 in [0x00, 0x10] { file += [0xFF, 0xC4, 0, 20, table, 1] + Bytes(repeating: 0, count: 15) + [0] }
  file += [0xFF, 0xDA, 0, UInt8(6 + 2 * components), UInt8(components)]
  for component in 1...components { file += [UInt8(component), 0] }
  // Two bits of 0 for each block; what is left of the byte is 1.
  file += [0, 63, 0, UInt8(0xFF >> (2 * components) & 0xFF), 0xFF, 0xD9]
  convert(file, Targets.colors)
}

/// What a profile is tried with.
private enum Targets {
  static let colors: [ConvertOptions] = [ConvertOptions.Intent.relative, .perceptual].map { intent in
    var options = ConvertOptions()
    (options.profile, options.intent, options.format) = (.srgb, intent, .png)
    return options
  }
}

@Sendable private func readHeader(_ bytes: Bytes) {
  _ = MemoryEstimate(ImageProbe(of: bytes), fileSize: bytes.count, options: ConvertOptions())
  perform(InfoWorkload(), bytes, task: [])
}

/// Any outcome is good, as long as there is one.
private func perform(_ workload: some Workload, _ bytes: Bytes, task: Bytes) {
  let unit = Unit(number: 0, label: "input", task: task)
  _ = try? workload.perform(unit, input: bytes.span.bytes, output: OutputBuffer(), deadline: .never)
}
