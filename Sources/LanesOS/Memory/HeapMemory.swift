import Glibc
import LanesCore

/// Some memory of the heap for tables and lists that grow with what files hold, and may be refused: Swift's own allocator would
/// end the process.
package struct HeapMemory: ~Copyable {
  /// At the start of a cache line; nil where there are no bytes.
  package let base: UnsafeMutableRawPointer?

  /// No bytes.
  package init() { base = nil }

  /// `count` bytes that are not initialized.
  package init(_ count: Int) throws(MemoryShortage) { base = try Self.allocate(count, alignment: 64) }

  /// `count` bytes, every one 0; from the size of a large page on in large pages where the system grants them.
  package init(zeroed count: Int) throws(MemoryShortage) {
    let isLarge = count >= LargePages.size
    let memory = try Self.allocate(count, alignment: isLarge ? LargePages.size : 64)
    // Advice only: where it is refused the memory serves as well, more slowly.
    if isLarge { _ = madvise(memory, count, MADV_HUGEPAGE) }
    memset(memory, 0, count)
    base = memory
  }

  deinit { free(base) }

  private static func allocate(_ count: Int, alignment: Int) throws(MemoryShortage) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    guard FreeMemory.hasRoom(for: count), posix_memalign(&memory, alignment, max(count, 1)) == 0, let memory else {
      throw MemoryShortage(count)
    }
    return memory
  }

  private static let checkSlack = 1 << 20

  /// Throws where `count` bytes would be refused now. For results that must be arrays: what is asked for right after is granted
  /// unless another thread took it meanwhile.
  package static func check(_ count: Int) throws(MemoryShortage) {
    guard count >= 1 << 20 else { return }
    // malloc(3) may take what follows from elsewhere than this, with some room besides: M_TOP_PAD of mallopt(3), headers.
    _ = try HeapMemory(count + checkSlack)
  }
}
