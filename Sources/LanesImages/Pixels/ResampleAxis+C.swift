import CCodecs

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
