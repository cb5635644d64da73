import Glibc

/// Pages of 2 MiB, which spare a fault and an entry of the page table for each of the 512 small ones in them.
package enum HugePages {
  /// Bytes of one on x86-64, and on ARM where other pages have 4 KiB.
  package static let size = 2 << 20

  /// Asks for them where `memory` is touched for the first time later on; where there are none, it has small pages.
  ///
  /// - Parameter memory: begins at a page.
  package static func advise(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    _ = madvise(memory, byteCount, MADV_HUGEPAGE)
  }
}
