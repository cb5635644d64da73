import CLinux
import Glibc
import LanesCore

/// Standard output for results: everything is written or the reason why not is known.
package enum StandardOutput {
  package enum Failure: Error, Equatable {
    /// Whoever read went away.
    case closed
    /// A stop was asked for while the reader kept us waiting.
    case stopped
    case failed(SystemError)
  }

  /// Writes all bytes; blocks while the reader is slow, but not past a stop request.
  package static func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(1, piece.baseAddress, piece.count)
      let code = errno
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if code == EINTR {
        if StopSignals.received != nil { throw .stopped }
      } else if code == EAGAIN {
        try? DescriptorIO.wait(for: [(1, Int16(POLLOUT)), (StopSignals.wakeDescriptor, Int16(POLLIN))])
        if StopSignals.received != nil { throw .stopped }
      } else {
        throw code == EPIPE ? .closed : .failed(SystemError("write", errno: code))
      }
    }
  }

  package static func write(_ text: String) throws(Failure) {
    let bytes = Bytes(text.utf8)
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(Failure) in try write(bytes) }
  }
}

/// Standard error for messages: what cannot be written is dropped.
package enum StandardError {
  package static func write(_ text: String) {
    let bytes = Bytes(text.utf8)
    bytes.withUnsafeBytes { try? DescriptorIO.writeAll(2, $0) }
  }

  package static func line(_ text: String) { write(text + "\n") }
}
