import CCodecs

/// How the samples along one axis are made from the input's: a window of weights for each.
struct ResampleAxis {
  /// Lobes of the Lanczos window on each side of its centre.
  static let lobes = 3.0

  /// First input sample of each output sample's window.
  let first: [Int32]
  /// `stride` weights per output sample, of sum 1; those behind a window's end are 0.
  let weights: [Float]
  /// Length of the longest window.
  let taps: Int
  let stride: Int
  let inputCount: Int

  var outputCount: Int { first.count }

  /// - Parameters:
  ///   - inputCount: samples there are.
  ///   - extent: samples that the picture covers, from 0; less than `inputCount` when the last one is only partly
  ///     covered, as after a JPEG was scaled by its decoder.
  ///   - outputCount: samples wanted for that extent.
  init(inputCount: Int, extent: Double, outputCount: Int) {
    let scale = extent / Double(outputCount)
    let windows = (0..<outputCount).map { Window(center: (Double($0) + 0.5) * scale, scale: scale, count: inputCount) }
    let taps = windows.map(\.weights.count).max() ?? 1
    let stride = (taps + 7) / 8 * 8
    var weights = [Float](repeating: 0, count: outputCount * stride)
    for (index, window) in windows.enumerated() {
      for (tap, weight) in window.weights.enumerated() { weights[index * stride + tap] = Float(weight) }
    }
    self.first = windows.map { Int32($0.first) }
    self.weights = weights
    self.taps = taps
    self.stride = stride
    self.inputCount = inputCount
  }

  /// The input samples that lie under the filter around one point, cut off at the image's edges.
  private struct Window {
    var first: Int
    var weights: [Double]

    /// When the image shrinks, the filter is stretched over `scale` input samples per lobe, so that it removes what
    /// the smaller image cannot show.
    init(center: Double, scale: Double, count: Int) {
      let stretch = max(scale, 1)
      let reach = ResampleAxis.lobes * stretch
      let lowest = max(0, Int((center - reach).rounded(.down)))
      let highest = min(count - 1, Int((center + reach).rounded(.up)))
      first = lowest
      weights = (lowest...highest).map { ccodecs_lanczos3((Double($0) + 0.5 - center) / stretch) }
      trim()
      let sum = weights.reduce(0, +)
      for index in weights.indices { weights[index] /= sum }
    }

    /// Drops weights of nothing at both ends; an axis that keeps its size is left with one weight of 1.
    private mutating func trim() {
      while weights.count > 1, abs(weights[weights.count - 1]) < 1e-7 { weights.removeLast() }
      let leading = min(weights.prefix { abs($0) < 1e-7 }.count, weights.count - 1)
      weights.removeFirst(leading)
      first += leading
    }
  }
}
