import LanesCore
import Testing

@testable import LanesImages

/// One row of gray pixels, resized.
private func resized(_ line: [Int], to width: Int, _ filter: ResampleFilter) throws -> [Int] {
  let image = Samples(line.count, 1) { x, _, _ in line[x] }
  let result = try convert(
    image.encodedAsPNG,
    options {
      ($0.resize, $0.fit, $0.enlarge, $0.filter) = (ResizeSpec("\(width)x1"), .fill, true, filter)
    })
  return try Samples(decoding: result.output).values
}

@Suite struct FilterTests {
  @Test(arguments: [
    (ResampleFilter.box, [0, 100, 200, 40], 2, [50, 120]), (.box, [10, 20], 4, [10, 10, 20, 20]),
    (.box, [0, 30, 60, 90, 120, 150], 2, [30, 120]), (.nearest, [1, 2, 3, 4, 5, 6], 2, [2, 5]),
    (.nearest, [1, 2, 3, 4], 2, [2, 4]), (.nearest, [7, 9], 4, [7, 7, 9, 9]),
    (.linear, [0, 100], 4, [0, 25, 75, 100]),
    // Weights 1 3 3 1 of 8; at the ends 3 3 1 of 7.
    (.linear, [0, 80, 80, 0, 80, 80], 3, [46, 50, 69]),
    // At a quarter: −9 111 29 −3 of 128.
    (.catmullRom, [0, 0, 128, 128, 0, 0], 12, [0, 0, 0, 26, 102, 140, 140, 102, 26, 0, 0, 0]),
  ])
  func `a filter weighs as its formula says`(filter: ResampleFilter, line: [Int], width: Int, expected: [Int]) throws {
    #expect(try zip(resized(line, to: width, filter), expected).allSatisfy { abs($0 - $1) <= 1 })
    #expect(try resized(line, to: width, filter).count == expected.count)
  }

  @Test func `Mitchell's cubic has its weights`() {
    let axis = ResampleAxis(
      inputCount: 9, extent: Extent(start: 0, length: 9), outputCount: 9, part: 4..<5, filter: .mitchell)
    let weights = axis.weights[..<axis.taps].map { Double($0) * 18 }
    #expect(axis.first == [3] && axis.taps == 3)
    for (found, expected) in zip(weights, [1.0, 16, 1]) { #expect(abs(found - expected) < 1e-5) }
  }

  @Test(arguments: ResampleFilter.allCases) func `a constant image stays constant under every filter`(
    filter: ResampleFilter
  ) throws {
    for width in [1, 3, 7, 20, 61] {
      #expect(try resized([Int](repeating: 93, count: 20), to: width, filter) == [Int](repeating: 93, count: width))
    }
  }

  @Test func `the nearest pixel of a photograph is one of its pixels`() throws {
    let photo = try fixture("seeds.jpg")
    let whole = try Samples(decoding: photo)
    let small = options { ($0.resize, $0.filter, $0.format) = (ResizeSpec("16x16"), .nearest, .png) }
    let result = try Samples(decoding: convert(photo, small).output)
    let (size, wide) = (result.shape.size, whole.shape.size)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let (fromX, fromY) = (
          (2 * x + 1) * wide.width / (2 * size.width), (2 * y + 1) * wide.height / (2 * size.height)
        )
        for channel in 0..<3 { #expect(result[x, y, channel] == whole[fromX, fromY, channel]) }
      }
    }
  }
}
