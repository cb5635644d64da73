import CLinux

/// liburing, as `--version` tells it.
package enum RingLibrary {
  /// Such as 2.6; nil where its headers do not tell, which is before 2.4.
  package static var version: String? {
    let text = String(cString: clinux_ring_version())
    return text.isEmpty ? nil : text
  }

  /// True where the kernel lets this process use io_uring, which many containers forbid.
  package static var isAllowed: Bool { (try? CompletionRing(depth: 8, submit: { $0() })) != nil }
}
