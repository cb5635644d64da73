import LanesCore
import LanesImages

/// One way into the code that reads bytes of unknown origin.
struct Target: Sendable {
  let name: String
  let run: @Sendable (Bytes) -> Void

  static let all = [
    Target(name: "jpeg") { convert($0, jpegOptions) },
    Target(name: "png") { convert($0.count % 4 == 0 ? $0 : repairingChecksums($0), pngOptions) },
    Target(name: "sizes") { convert($0, [options { $0.sizes = [ResizeSpec("50%")!, ResizeSpec("9x9")!] }]) },
    Target(name: "lossless") { convert($0, losslessOptions) },
    Target(name: "salvage") { convert($0.count % 2 == 0 ? $0 : repairingChecksums($0), salvageOptions) },
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

@Sendable private func readHeader(_ bytes: Bytes) {
  _ = MemoryEstimate(ImageProbe(of: bytes), fileSize: bytes.count, options: ConvertOptions())
  perform(InfoWorkload(), bytes, task: [])
}

/// Any outcome is good, as long as there is one.
private func perform(_ workload: some Workload, _ bytes: Bytes, task: Bytes) {
  let unit = Unit(number: 0, label: "input", task: task)
  _ = try? workload.perform(unit, input: bytes.span.bytes, output: OutputBuffer(), deadline: .never)
}
