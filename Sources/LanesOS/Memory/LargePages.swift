import Glibc

/// Memory that is touched all over in no order, where 4 KiB pages would cost a walk of the page table for most touches.
package enum LargePages {
  /// Bytes of a large page on x86-64 and of its alignment.
  package static let size = 2 << 20

  /// Allocates at least `count` bytes, in large pages where the system grants them to those who ask (madvise(2),
  /// MADV_HUGEPAGE); free them with `deallocate`.
  package static func allocate(count: Int) -> UnsafeMutablePointer<UInt8> {
    let rounded = (count + size - 1) / size * size
    let memory = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: size)
    // Advice only: where it is refused the memory serves as well, more slowly.
    _ = madvise(memory, rounded, MADV_HUGEPAGE)
    return memory.bindMemory(to: UInt8.self, capacity: rounded)
  }
}
