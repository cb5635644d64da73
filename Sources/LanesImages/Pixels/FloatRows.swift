import LanesCore

/// Memory for `count` rows of floats, each with room behind its end that vectors may read and that stays 0.
struct FloatRows: ~Copyable {
  private let memory: PixelMemory
  private let stride: Int

  /// - Parameters:
  ///   - samples: floats per row.
  ///   - slack: floats behind them.
  init(count: Int, samples: Int, slack: Int) throws(UnitFailure) {
    stride = (samples + slack + 15) / 16 * 16
    let (floats, overflows) = stride.multipliedReportingOverflow(by: count)
    memory = try PixelMemory(count: overflows ? -1 : floats * MemoryLayout<Float>.stride)
  }

  subscript(row: Int) -> UnsafeMutablePointer<Float> { memory.floats + row * stride }
}
