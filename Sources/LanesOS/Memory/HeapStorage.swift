import Glibc
import LanesCore

/// Memory of this process for inputs, outputs and frames. A wish that cannot be granted is an error, not the end of the
/// process, as it would be with Swift's own allocator.
package final class HeapStorage: OutputBuffer.Storage {
  package private(set) var base: UnsafeMutableRawPointer?
  package private(set) var capacity = 0

  package init() {}

  package func enlarge(to needed: Int, keeping used: Int) throws(MemoryShortage) {
    var larger: UnsafeMutableRawPointer?
    guard FreeMemory.hasRoom(for: needed), posix_memalign(&larger, 64, needed) == 0, let larger else {
      throw MemoryShortage(needed)
    }
    // An output may start, aligned, a few bytes behind the end of the memory so far.
    if let base { larger.copyMemory(from: base, byteCount: min(used, capacity)) }
    free(base)
    base = larger
    capacity = needed
  }

  package func trim(to most: Int) {
    guard capacity > most else { return }
    free(base)
    base = nil
    capacity = 0
  }

  deinit { free(base) }
}

extension OutputBuffer {
  /// An empty buffer in memory of this process.
  package convenience init() { self.init(HeapStorage()) }
}

/// What the machine has left.
package enum FreeMemory {
  /// From this size on the kernel is asked: it grants more than there is, and ends a process that touches it.
  private static let worthAsking = 64 << 20

  /// Bytes of memory and swap space that the machine has; nil where it does not say.
  package static var total: Int? {
    let facts = ProcessFile("/proc/meminfo")
    guard let memory = facts?.number(after: "MemTotal:") else { return nil }
    return (memory + (facts?.number(after: "SwapTotal:") ?? 0)) * 1024
  }

  /// False where `bytes` are more than the machine could give; true also where it does not say.
  package static func hasRoom(for bytes: Int) -> Bool {
    guard bytes > worthAsking, let available = availableMemory(includingSwap: true) else { return true }
    return bytes <= available
  }
}
