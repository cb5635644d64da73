import CCodecs
import LanesCore

/// Zeroed memory for rows, given back when it goes out of scope; too large a wish is an error, not the end of the process.
struct PixelMemory: ~Copyable {
  let bytes: UnsafeMutablePointer<UInt8>

  init(count: Int) throws(UnitFailure) {
    guard count >= 0, let memory = ccodecs_allocate(count) else {
      throw UnitFailure(.resources, "there is not enough memory for its pixels")
    }
    bytes = memory.assumingMemoryBound(to: UInt8.self)
  }

  /// The memory seen as floats.
  var floats: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: Float.self) }

  deinit { ccodecs_free(bytes) }
}

/// Memory for `count` rows of floats, each with room after its end that vectors may read and that stays 0.
struct FloatRows: ~Copyable {
  private let memory: PixelMemory
  private let stride: Int

  /// - Parameters:
  ///   - samples: floats per row.
  ///   - slack: floats after them.
  init(count: Int, samples: Int, slack: Int) throws(UnitFailure) {
    stride = (samples + slack + 15) / 16 * 16
    let (floats, overflows) = stride.multipliedReportingOverflow(by: count)
    memory = try PixelMemory(count: overflows ? -1 : floats * MemoryLayout<Float>.stride)
  }

  /// One row of `count` floats.
  init(packed count: Int) throws(UnitFailure) { try self.init(count: 1, samples: count, slack: 0) }

  subscript(row: Int) -> UnsafeMutablePointer<Float> { memory.floats + row * stride }
}
