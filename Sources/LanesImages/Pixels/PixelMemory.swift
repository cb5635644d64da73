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
