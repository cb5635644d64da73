import CLinux
import Glibc
import LanesCore

/// Part of a file in memory, read-only, that survives the file being cut short.
///
/// The pages are faulted in by the reader or by `populate`. Where the file ends early the reader sees zero bytes, and
/// `firstLostByte` tells. Any thread may read; the mapping goes when the value does.
package struct Mapping: ~Copyable, @unchecked Sendable {
  // Sendable: the memory is read-only and the guard's fields are atomic.
  private let base: UnsafeMutableRawPointer
  private let mappedLength: Int
  /// Distance of the wanted first byte from the page on which the mapping starts.
  private let lead: Int
  private let length: Int
  private let guardSlot: Int32

  /// Maps `length` bytes of `descriptor` from `offset`; throws ENODEV where the file system cannot map.
  package init(_ descriptor: Int32, offset: Int, length: Int) throws(SystemError) {
    Self.installGuard
    let lead = offset % Int(getpagesize())
    let address = mmap(nil, lead + length, PROT_READ, MAP_PRIVATE, descriptor, off_t(offset - lead))
    let code = errno
    guard let address, address != MAP_FAILED else { throw SystemError("mmap", errno: code) }
    let slot = clinux_guard_add(address, lead + length)
    guard slot >= 0 else {
      munmap(address, lead + length)
      throw SystemError("mmap", errno: ENOMEM)
    }
    madvise(address, lead + length, MADV_SEQUENTIAL)
    base = address
    mappedLength = lead + length
    self.lead = lead
    self.length = length
    guardSlot = slot
  }

  deinit {
    clinux_guard_remove(guardSlot)
    munmap(base, mappedLength)
  }

  /// Faults all pages in at once where the kernel can (Linux 5.14); what it cannot is left to the reader.
  package func populate() { _ = madvise(base, mappedLength, clinux_madv_populate_read) }

  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: base + lead, count: length))
  }

  /// Offset, counted from the wanted first byte, of the first page that could not be read; nil when all was there.
  package var firstLostByte: Int? {
    let fault = clinux_guard_fault(guardSlot)
    return fault < 0 ? nil : max(0, Int(fault) - lead)
  }

  /// Installs the handler that lets readers survive a file being cut short; done with the first mapping otherwise.
  static let installGuard: Void = { _ = clinux_guard_install() }()
}
