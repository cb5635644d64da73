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

  /// Why something could not be delivered, the first time; nil while everything was. A command looks at it before it ends, as
  /// programs with gnulib's close_stdout do.
  package static var failure: Failure? { firstFailure.withLock { $0 } }

  private static let firstFailure = Monitor<Failure?>(nil)

  /// Writes all bytes; blocks while the reader is slow, but not past a stop request. Nothing is written after a failure,
  /// lest something is missing in between.
  package static func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    if let failure { throw failure }
    do throws(Failure) {
      try writeAll(bytes)
    } catch {
      if error != .stopped { firstFailure.withLock { $0 = error } }
      throw error
    }
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
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
        try? DescriptorIO.wait(for: [(1, .writable), (StopSignals.wakeDescriptor, .readable)])
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
  /// True once a message got lost, as on a full disk. Whoever closed the stream, or its reading end, wanted none.
  package static var hasLostText: Bool { lost.withLock { $0 } }

  private static let lost = Monitor(false)

  package static func write(_ text: String) {
    let bytes = Bytes(text.utf8)
    do throws(SystemError) {
      try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try DescriptorIO.writeAll(2, bytes) }
    } catch {
      if error.errno != EBADF, error.errno != EPIPE { lost.withLock { $0 = true } }
    }
  }

  package static func line(_ text: String) { write(text + "\n") }
}
