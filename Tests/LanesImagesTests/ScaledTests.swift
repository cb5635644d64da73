import CSIMD
import Glibc
import LanesCore
import LanesTesting
import Testing

@testable import LanesImages

/// Decodes at `eighths`/8: as a conversion does, or by libjpeg.
private func decode(_ bytes: Bytes, _ eighths: Int, byLibrary: Bool) throws -> Samples {
  let context = CodecContext(deadline: .never, output: OutputBuffer(), usesLibrary: byLibrary)
  return try bytes.withUnsafeBytes { raw in
    let decoder = try JPEGDecoder(raw, options: ConvertOptions(), context: context)
    var scale = DecodeScale(across: eighths, down: eighths)
    let shape = try decoder.start(at: &scale)
    var pixels = Bytes(repeating: 0, count: shape.bytesPerRow * shape.size.height)
    try pixels.withUnsafeMutableBufferPointer { try decoder.read(shape.size.height, into: $0.baseAddress!) }
    try decoder.finish()
    return Samples(shape: shape, bytes: pixels)
  }
}

/// Mean absolute difference of the colors.
private func difference(_ one: Samples, _ other: Samples) -> Double {
  let colors = min(3, one.shape.channels)
  var sum = 0
  for pixel in 0..<one.shape.size.area {
    for channel in 0..<colors {
      let place = pixel * one.shape.channels + channel
      sum += abs(one.values[place] - other.values[place])
    }
  }
  return Double(sum) / Double(one.shape.size.area * colors)
}

/// The mean of every square of `side` × `side` pixels, as far as it lies inside.
private func averaged(_ whole: Samples, _ side: Int) -> Samples {
  let size = whole.shape.size
  return Samples(
    (size.width + side - 1) / side, (size.height + side - 1) / side, channels: whole.shape.channels
  ) { x, y, channel in
    var (sum, count) = (0, 0)
    for row in (y * side)..<min(y * side + side, size.height) {
      for column in (x * side)..<min(x * side + side, size.width) {
        sum += whole[column, row, channel]
        count += 1
      }
    }
    return (sum + count / 2) / count
  }
}

/// Peak signal-to-noise ratio in dB over the colors.
private func closeness(_ one: Samples, _ other: Samples) -> Double {
  let colors = min(3, one.shape.channels)
  var sum = 0
  for pixel in 0..<one.shape.size.area {
    for channel in 0..<colors {
      let difference =
        one.values[pixel * one.shape.channels + channel] - other.values[pixel * one.shape.channels + channel]
      sum += difference * difference
    }
  }
  return sum == 0 ? 99 : 10 * log10(65025 * Double(one.shape.size.area * colors) / Double(sum))
}

/// A JPEG of waves.
private func waves(_ width: Int, _ height: Int) throws -> Bytes {
  let picture = Samples(width, height, channels: 4) { x, y, channel in
    Int(128 + 60 * sin(Double(x) / 9 + Double(channel)) + 60 * sin(Double(x + 5 * y) / 21))
  }
  return try convert(picture.encodedAsPNG, options { ($0.format, $0.quality) = (.jpeg, 90) }).output
}

@Suite struct ScaledTests {
  /// The same JPEG made smaller twice: by way of the decoder, and as a PNG of all its pixels.
  private static func closenessOfScaling(_ jpeg: Bytes, _ resize: ResizeSpec) throws -> Double {
    let whole = try convert(jpeg, options { $0.format = .png }).output
    let asked = options { ($0.resize, $0.format) = (resize, .png) }
    let (scaled, truth) = try (convert(jpeg, asked).output, convert(whole, asked).output)
    return try closeness(Samples(decoding: scaled), Samples(decoding: truth))
  }

  @Test(arguments: photographs, ["60x60", "100x100", "37%", "20%"])
  func `what the decoder scales is close to what the whole image becomes`(_ name: String, _ size: String) throws {
    let found = try Self.closenessOfScaling(fixture(name), #require(ResizeSpec(size)))
    #expect(found > 46)
  }

  @Test(arguments: [(900, 3), (3, 900), (900, 5), (900, 12), (17, 900), (900, 33), (1000, 70)])
  func `narrow images lose nothing on their narrow side`(_ width: Int, _ height: Int) throws {
    for size in ["70x70", "37%"] {
      let found = try Self.closenessOfScaling(waves(width, height), #require(ResizeSpec(size)))
      #expect(found > 46, "\(size)")
    }
  }

  @Test func `each direction has a scale of its own`() throws {
    let bytes = try fixture("seeds.jpg")
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    try bytes.withUnsafeBytes { raw in
      for (across, down) in [(1, 8), (8, 1), (2, 3), (4, 7), (8, 5)] {
        let decoder = try JPEGDecoder(raw, options: ConvertOptions(), context: context)
        var scale = DecodeScale(across: across, down: down)
        let shape = try decoder.start(at: &scale)
        #expect(scale == DecodeScale(across: across, down: down))
        #expect(shape.size == PixelSize(80 * across, 45 * down))
      }
    }
  }

  @Test(arguments: ["kinds/coarse-luma.jpg", "kinds/coarse-luma-progressive.jpg"])
  func `luma that is coarser than the colors is decoded whole`(_ name: String) throws {
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    try fixture(name).withUnsafeBytes { raw in
      var scale = DecodeScale(across: 2, down: 3)
      _ = try JPEGDecoder(raw, options: ConvertOptions(), context: context).start(at: &scale)
      #expect(scale == .full)
    }
  }

  private static let photographs = [
    "seeds.jpg", "ridge-444.jpg", "dragonfly-progressive.jpg", "bridge-turned.jpg", "friends-portrait.jpg",
    "freespace-gray.jpg", "seeds-restarts.jpg", "ridge-restarts-progressive.jpg",
  ]

  /// Both leave out high frequencies; at 2/8 libjpeg weighs what it keeps in another way.
  @Test(arguments: photographs) func `smaller photographs look as libjpeg makes them`(_ name: String) throws {
    let bytes = try fixture(name)
    for eighths in 1...7 {
      let ours = try decode(bytes, eighths, byLibrary: false)
      let library = try decode(bytes, eighths, byLibrary: true)
      #expect(ours.shape == library.shape)
      #expect(difference(ours, library) < 2.5, "\(eighths)/8")
    }
  }

  @Test(arguments: [ConvertOptions.Subsampling.full, .half, .quarter], [false, true])
  func `every subsampling is read`(_ subsampling: ConvertOptions.Subsampling, _ isProgressive: Bool) throws {
    let encoded = try convert(
      try fixture("nuthatch-rgb.png"),
      options {
        $0.format = .jpeg
        $0.subsampling = subsampling
        $0.progressive = isProgressive
      }
    ).output
    let whole = try decode(encoded, 8, byLibrary: true)
    for eighths in [1, 2, 4] {
      let truth = averaged(whole, 8 / eighths)
      // Leaving out high frequencies keeps edges sharper than averages are; wrong colors would differ by tens.
      #expect(difference(try decode(encoded, eighths, byLibrary: false), truth) < 3.5, "\(eighths)/8")
    }
  }

  /// Other codes, other places of bits in bytes, other scans and restarts: each way through the entropy decoder.
  @Test(arguments: ["seeds.jpg", "ridge-444.jpg", "freespace-gray.jpg", "seeds-restarts.jpg"])
  func `the same coefficients give the same pixels, however they are coded`(_ name: String) throws {
    let bytes = try fixture(name)
    let optimized = try convert(bytes, options { $0.optimizeCoding = true })
    let progressive = try convert(bytes, options { $0.progressive = true })
    #expect(optimized.image.method == .lossless && progressive.image.method == .lossless)
    for eighths in 1...7 {
      let expected = try decode(bytes, eighths, byLibrary: false)
      #expect(try decode(optimized.output, eighths, byLibrary: false) == expected, "\(eighths)/8, optimized")
      #expect(try decode(progressive.output, eighths, byLibrary: false) == expected, "\(eighths)/8, progressive")
    }
  }

  /// Noise at the best quality fills blocks up to their last coefficient, behind which no code tells the end, with values
  /// of many bits.
  @Test(arguments: [ConvertOptions.Subsampling.full, .half, .quarter], [20, 255])
  func `full blocks are read as their progressive coding`(_ subsampling: ConvertOptions.Subsampling, _ loudness: Int)
    throws
  {
    var dice = Repeatable(state: 7)
    let noise = Samples(139, 133, channels: 4) { _, _, _ in
      127 - loudness / 2 + Int.random(in: 0...loudness, using: &dice)
    }
    let encoded = try convert(
      noise.encodedAsPNG, options { ($0.format, $0.quality, $0.subsampling) = (.jpeg, 100, subsampling) }
    ).output
    let progressive = try convert(encoded, options { $0.progressive = true })
    #expect(progressive.image.method == .lossless)
    defer { csimd_limit(csimd_best()) }
    for eighths in 1...7 {
      let expected = try decode(progressive.output, eighths, byLibrary: false)
      for level in csimd_portable.rawValue...csimd_best().rawValue {
        csimd_limit(csimd_level(rawValue: level))
        #expect(try decode(encoded, eighths, byLibrary: false) == expected, "\(eighths)/8, level \(level)")
        #expect(try decode(progressive.output, eighths, byLibrary: false) == expected, "\(eighths)/8, level \(level)")
      }
    }
  }

  /// Rows of more blocks than scans take at once; flat parts, which scans go over in runs of blocks; and spots whose few
  /// coefficients lie far apart in a block.
  @Test(arguments: [1, 8, 511, 512, 513, 520, 1031], [40, 400])
  func `runs of flat blocks are read as their sequential coding`(_ width: Int, _ distance: Int) throws {
    var dice = Repeatable(state: UInt64(width))
    let spots = Samples(width, 41, channels: 4) { x, y, channel in
      Int.random(in: 0..<distance, using: &dice) == 0 ? 255 : x % 300 < 150 ? 90 : 90 + (x + y * channel) % 3
    }
    let encoded = try convert(spots.encodedAsPNG, options { ($0.format, $0.quality) = (.jpeg, 93) }).output
    let progressive = try convert(encoded, options { $0.progressive = true })
    #expect(progressive.image.method == .lossless)
    defer { csimd_limit(csimd_best()) }
    for eighths in 1...7 {
      csimd_limit(csimd_portable)
      let expected = try decode(encoded, eighths, byLibrary: false)
      for level in csimd_portable.rawValue...csimd_best().rawValue {
        csimd_limit(csimd_level(rawValue: level))
        #expect(try decode(progressive.output, eighths, byLibrary: false) == expected, "\(eighths)/8, level \(level)")
      }
    }
  }

  @Test(arguments: ["seeds.jpg", "dragonfly-progressive.jpg", "seeds-restarts.jpg"])
  func `a file that is cut off anywhere is a failure, also in a scan that is hardly seen`(_ name: String) throws {
    let bytes = try fixture(name)
    for length in stride(from: bytes.count - 3, to: 2, by: -bytes.count / 40) {
      #expect(failure(of: Bytes(bytes[..<length]), options { $0.resize = ResizeSpec("9x9") }) != nil, "\(length)")
      #expect(failure(of: Bytes(bytes[..<length]), options { $0.resize = ResizeSpec("40%") }) != nil, "\(length)")
    }
  }

  @Test func `wrong bits never bring it down, and the verdict stays that of libjpeg`() throws {
    var generator = Repeatable(state: 3)
    let small = options { $0.resize = ResizeSpec("20x20") }
    for name in ["seeds.jpg", "dragonfly-progressive.jpg", "ridge-restarts-progressive.jpg"] {
      let bytes = try fixture(name)
      for _ in 0..<60 {
        var wrong = bytes
        for _ in 0..<3 {
          wrong[Int.random(in: 2..<wrong.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        #expect((failure(of: wrong, small) == nil) == isSoundByLibrary(wrong, small), "\(name)")
      }
    }
  }
}

/// True when libjpeg alone converts `bytes` without a complaint.
private func isSoundByLibrary(_ bytes: Bytes, _ options: ConvertOptions) -> Bool {
  let context = CodecContext(deadline: .never, output: OutputBuffer(), usesLibrary: true)
  return bytes.withUnsafeBytes { raw in
    guard let (format, decoder) = try? Codecs.standard.openDecoder(raw, options: options, context: context) else {
      return false
    }
    return (try? Conversion(of: decoder, format, options: options, byteCount: raw.count, context: context).run(raw))
      != nil
  }
}
