import CLinux
import Glibc
import LanesCore

/// Anonymous memory that this process and one worker both map (memfd_create(2)); it has no name and cannot be left behind.
///
/// Each side grows its own view: the writer enlarges the file, the reader maps more when it is told of a longer length.
package final class SharedRegion: OutputBuffer.Storage {
  package let descriptor: Descriptor
  package private(set) var base: UnsafeMutableRawPointer?
  package private(set) var capacity = 0

  /// A new, empty region.
  package init() throws(SystemError) {
    descriptor = Descriptor(owning: try retrying("memfd_create") { clinux_memfd("lanes") })
  }

  /// The region behind an inherited descriptor.
  package init(inheriting number: Int32) { descriptor = Descriptor(owning: number) }

  private var oldViews: [(base: UnsafeMutableRawPointer, capacity: Int)] = []

  deinit {
    unmap()
    retireOldViews()
  }

  /// Makes room for `needed` bytes. The pages are allocated before they are touched: on a full tmpfs a write into
  /// unallocated pages would raise SIGBUS.
  package func enlarge(to needed: Int, keeping used: Int) throws(MemoryShortage) {
    guard needed <= .max - Self.granularity, FreeMemory.hasRoom(for: needed - capacity) else {
      throw MemoryShortage(needed)
    }
    let rounded = (needed + Self.granularity - 1) / Self.granularity * Self.granularity
    do {
      _ = try retrying("fallocate") { clinux_fallocate(descriptor.number, 0, Int64(rounded)) }
      try map(rounded)
    } catch {
      // A full or limited store of shared memory refuses every unit; so does a system that has no 64 MiB of it.
      throw MemoryShortage(
        rounded, sharing: error.reason,
        isMachines: [ENOSPC, EFBIG].contains(error.errno) || rounded <= OutputBuffer.mostKept)
    }
  }

  /// Gives back the pages beyond `most` bytes, for the side that allocates. The file keeps its length, so that the other
  /// side's view stays valid.
  package func trim(to most: Int) {
    guard capacity > most else { return }
    let kept = most / Self.granularity * Self.granularity
    guard clinux_punch(descriptor.number, Int64(kept), Int64(capacity - kept)) == 0 else { return }
    unmap()
    // Where that is refused it is mapped when it is needed.
    if kept > 0 { try? map(kept) }
  }

  /// Maps at least `length` bytes that the other side has allocated; throws EINVAL when it has not.
  ///
  /// Earlier views stay valid until `retireOldViews`, since a store may still read from them.
  package func view(_ length: Int) throws(SystemError) {
    guard length > capacity else { return }
    let size = try FileStatus(of: descriptor.number).size
    guard size >= length else { throw SystemError("mmap", errno: EINVAL) }
    if let base { oldViews.append((base, capacity)) }
    base = nil
    try map(size)
  }

  /// Unmaps views that `view` has replaced.
  package func retireOldViews() {
    for (base, capacity) in oldViews { munmap(base, capacity) }
    oldViews = []
  }

  private func map(_ length: Int) throws(SystemError) {
    unmap()
    let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0)
    let code = errno
    guard let address, address != MAP_FAILED else { throw SystemError("mmap", errno: code) }
    base = address
    capacity = length
  }

  private func unmap() {
    if let base { munmap(base, capacity) }
    base = nil
    capacity = 0
  }

  /// Regions grow in steps of 64 KiB, so that small units do not remap.
  private static let granularity = 65536
}
