import LanesCore
import Testing

@testable import LanesImages

/// Decodes at `eighths`/8: as a conversion does, or by libjpeg.
private func decode(_ bytes: Bytes, _ eighths: Int, byLibrary: Bool) throws -> Samples {
  let context = CodecContext(checkpoint: .open, output: OutputBuffer(), usesLibrary: byLibrary)
  return try bytes.withUnsafeBytes { raw in
    let decoder = try JPEGDecoder(raw, options: ConvertOptions(), context: context)
    let shape = try decoder.start(eighths: eighths)
    var pixels = Bytes(repeating: 0, count: shape.bytesPerRow * shape.size.height)
    try pixels.withUnsafeMutableBufferPointer { try decoder.read(shape.size.height, into: $0.baseAddress!) }
    try decoder.finish()
    return Samples(shape: shape, bytes: pixels)
  }
}

/// Mean absolute difference of the colours.
private func difference(_ one: Samples, _ other: Samples) -> Double {
  let colours = min(3, one.shape.lanes)
  var sum = 0
  for pixel in 0..<one.shape.size.area {
    for lane in 0..<colours {
      let place = pixel * one.shape.lanes + lane
      sum += abs(one.values[place] - other.values[place])
    }
  }
  return Double(sum) / Double(one.shape.size.area * colours)
}

/// The mean of every square of `side` × `side` pixels, as far as it lies inside.
private func averaged(_ whole: Samples, _ side: Int) -> Samples {
  let size = whole.shape.size
  return Samples(
    (size.width + side - 1) / side, (size.height + side - 1) / side, lanes: whole.shape.lanes
  ) { x, y, lane in
    var (sum, count) = (0, 0)
    for row in (y * side)..<min(y * side + side, size.height) {
      for column in (x * side)..<min(x * side + side, size.width) {
        sum += whole[column, row, lane]
        count += 1
      }
    }
    return (sum + count / 2) / count
  }
}

@Suite struct ReducedTests {
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
      // Leaving out high frequencies keeps edges sharper than averages are; wrong colours would differ by tens.
      #expect(difference(try decode(encoded, eighths, byLibrary: false), truth) < 3.5, "\(eighths)/8")
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

  @Test func `wrong bits never bring it down`() throws {
    var generator = SystemRandomNumberGenerator()
    for name in ["seeds.jpg", "dragonfly-progressive.jpg", "ridge-restarts-progressive.jpg"] {
      let bytes = try fixture(name)
      for _ in 0..<60 {
        var wrong = bytes
        for _ in 0..<3 {
          wrong[Int.random(in: 2..<wrong.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        _ = failure(of: wrong, options { $0.resize = ResizeSpec("20x20") })
      }
    }
  }
}
