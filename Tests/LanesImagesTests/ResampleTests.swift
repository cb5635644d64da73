import Glibc
import LanesCore
import Testing

@testable import LanesImages

/// Resizes with the stage under test.
private func resized(_ image: Samples, to width: Int, _ height: Int, depth: Int? = nil) throws -> Samples {
  var target = image.shape
  target.size = PixelSize(width, height)
  target.depth = depth ?? image.shape.depth
  let collector = Collector(target)
  try image.send(
    to: ResampleStage(
      from: image.shape, to: target, Resampling(all: image.shape.size, to: target.size), background: .white,
      next: collector))
  return collector.samples
}

/// One axis of the resampler as the formula has it, in double precision.
private func reference(_ line: [Double], to count: Int) -> [Double] {
  let scale = Double(line.count) / Double(count)
  let stretch = max(scale, 1)
  return (0..<count).map { index in
    let center = (Double(index) + 0.5) * scale
    var sum = 0.0
    var total = 0.0
    for (position, value) in line.enumerated() {
      let x = abs(Double(position) + 0.5 - center) / stretch
      let weight = x >= 3 ? 0 : x < 1e-12 ? 1 : 3 * sin(.pi * x) * sin(.pi * x / 3) / (.pi * .pi * x * x)
      sum += weight * value
      total += weight
    }
    return sum / total
  }
}

/// Both axes, one channel, rounded and limited.
private func reference(_ image: Samples, channel: Int, to size: PixelSize) -> [Int] {
  let top = image.shape.depth == 8 ? 255.0 : 65535.0
  let rows = (0..<image.shape.size.height).map { y in
    reference((0..<image.shape.size.width).map { Double(image[$0, y, channel]) }, to: size.width)
  }
  let columns = (0..<size.width).map { x in reference(rows.map { $0[x] }, to: size.height) }
  return (0..<size.height).flatMap { y in
    (0..<size.width).map { Int(min(max(columns[$0][y], 0), top).rounded()) }
  }
}

/// Values that look random and are the same on every run.
private func noise(_ x: Int, _ y: Int, _ channel: Int) -> Int {
  var value = UInt64(x &* 73_856_093 ^ y &* 19_349_663 ^ channel &* 83_492_791) &* 0x9E37_79B9_7F4A_7C15
  value ^= value >> 29
  return Int((value &* 0xBF58_476D_1CE4_E5B9) >> 33)
}

@Suite struct ResampleTests {
  @Test(arguments: [(64, 48, 20, 15), (37, 29, 36, 5), (10, 7, 33, 20), (5, 5, 1, 1), (1, 9, 4, 4), (300, 3, 7, 3)])
  func `the stage agrees with the formula in double precision`(w: Int, h: Int, tw: Int, th: Int) throws {
    for (channels, depth) in [(1, 8), (4, 8), (1, 16), (4, 16)] {
      let mask = depth == 8 ? 255 : 65535
      let image = Samples(w, h, channels: channels, depth: depth) { noise($0, $1, $2) & mask }
      let result = try resized(image, to: tw, th)
      for channel in 0..<channels {
        let expected = reference(image, channel: channel, to: PixelSize(tw, th))
        for (index, value) in expected.enumerated() {
          let found = result.values[index * channels + channel]
          #expect(abs(found - value) <= 1, "channel \(channel) of \(channels), \(depth) bits, sample \(index)")
        }
      }
    }
  }

  @Test(arguments: [0, 1, 127, 255]) func `a constant image stays constant`(level: Int) throws {
    let image = Samples(50, 40, channels: 4, alpha: true) { _, _, channel in channel == 3 ? 255 : level }
    for (width, height) in [(13, 11), (50, 40), (90, 75)] {
      let result = try resized(image, to: width, height)
      #expect(
        result == Samples(width, height, channels: 4, alpha: true) { _, _, channel in channel == 3 ? 255 : level })
    }
  }

  @Test func `an image of the same size is left as it is`() throws {
    let image = Samples(31, 17, channels: 4, depth: 16) { noise($0, $1, $2) & 65535 }
    #expect(try resized(image, to: 31, 17) == image)
  }

  @Test func `a checkerboard halved is gray`() throws {
    let image = Samples(32, 32) { x, y, _ in (x + y) % 2 * 255 }
    let result = try resized(image, to: 16, 16)
    for y in 4..<12 { for x in 4..<12 { #expect((125...130).contains(result[x, y])) } }
  }

  @Test func `what is invisible leaves no fringe`() throws {
    for channels in [2, 4] {
      // Left half: opaque 200. Right half: invisible black.
      let image = Samples(40, 8, channels: channels, alpha: true) { x, _, channel in
        channel == channels - 1 ? (x < 20 ? 255 : 0) : (x < 20 ? 200 : 0)
      }
      let result = try resized(image, to: 13, 3)
      for x in 0..<13 where result[x, 1, channels - 1] > 8 {
        for channel in 0..<channels - 1 {
          #expect(abs(result[x, 1, channel] - 200) <= 1, "pixel \(x) of \(channels) channels")
        }
      }
    }
  }

  @Test func `a decoder's rounded-up size does not stretch the picture`() {
    let axis = ResampleAxis(
      inputCount: 501, extent: Extent(start: 0, length: 500.5), outputCount: 100, part: 0..<100, filter: .lanczos3)
    let centre = zip(axis.weights[50 * axis.stride..<51 * axis.stride], 0...).reduce(0.0) { sum, entry in
      sum + Double(entry.0) * (Double(axis.first[50]) + Double(entry.1) + 0.5)
    }
    #expect(abs(centre - 50.5 * 5.005) < 0.01)
  }

  @Test func `sixteen bits become eight by rounding`() throws {
    let image = Samples(256, 1, depth: 16) { x, _, _ in x * 257 }
    #expect(try resized(image, to: 256, 1, depth: 8).values == Array(0...255))
  }
}
