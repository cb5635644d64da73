import CCodecs

/// How the samples along one axis are made from the input's: a window of weights for each.
struct ResampleAxis {
  /// First input sample of each output sample's window.
  let first: [Int32]
  /// `stride` weights per output sample, of sum 1; those after a window's end are 0.
  let weights: [Float]
  /// Length of the longest window.
  let taps: Int
  let stride: Int
  let inputCount: Int

  var outputCount: Int { first.count }

  /// - Parameters:
  ///   - inputCount: samples there are.
  ///   - extent: samples that the picture covers; the first and last need not be covered wholly, as after a JPEG was
  ///     scaled by its decoder.
  ///   - outputCount: samples that this extent becomes.
  ///   - part: those of them that are wanted.
  ///   - filter: weighs the samples.
  init(inputCount: Int, extent: Extent, outputCount: Int, part: Range<Int>, filter: ResampleFilter) {
    let scale = extent.length / Double(outputCount)
    // When the image shrinks, the filter is stretched over `scale` input samples per unit, so that it removes what the
    // smaller image cannot show.
    let stretch = max(scale, 1)
    let room = Int(2 * filter.radius * stretch) + 4
    let stride = (min(room, inputCount) + 7) / 8 * 8
    var first = [Int32](repeating: 0, count: part.count)
    var weights = [Float](repeating: 0, count: part.count * stride)
    var taps = 1
    withUnsafeTemporaryAllocation(of: Double.self, capacity: room) { window in
      for index in 0..<part.count {
        let center = extent.start + (Double(part.lowerBound + index) + 0.5) * scale
        let count = Int(
          ccodecs_window(filter.asC, center, stretch, Int32(inputCount), &first[index], window.baseAddress!))
        for tap in 0..<count { weights[index * stride + tap] = Float(window[tap]) }
        taps = max(taps, count)
      }
    }
    self.first = first
    self.weights = weights
    self.taps = taps
    self.stride = stride
    self.inputCount = inputCount
  }
}

extension ResampleAxis {
  /// Lends the tables to C for the length of a call.
  func withC(_ body: (UnsafePointer<ccodecs_axis>) -> Void) {
    first.withUnsafeBufferPointer { first in
      weights.withUnsafeBufferPointer { weights in
        var axis = ccodecs_axis(
          first: first.baseAddress, weights: weights.baseAddress, count: Int32(outputCount), taps: Int32(taps),
          stride: Int32(stride))
        body(&axis)
      }
    }
  }
}
