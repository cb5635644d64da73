import Glibc
import LanesCore
import SystemPackage

/// A system call that failed, with its errno.
package struct SystemError: FailedCall, Sendable, Equatable {
  /// The call's name, such as "open".
  package let call: String
  package let errno: Int32

  package init(_ call: String, errno: Int32) {
    self.call = call
    self.errno = errno
  }

  /// The same with the errno by name.
  package init(_ call: String, _ code: Errno) { self.init(call, errno: code.rawValue) }

  /// The errno by name.
  package var code: Errno { Errno(rawValue: errno) }

  /// The kernel's words for the errno, such as "no such file or directory".
  package var reason: String {
    var text = [CChar](repeating: 0, count: 128)
    // glibc's strerror_r as Swift sees it is the XSI one: it fills the buffer.
    guard strerror_r(errno, &text, text.count) == 0 else { return "error \(errno)" }
    let message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return message.prefix(1).lowercased() + message.dropFirst()
  }

  /// True when descriptors, processes or memory ran out, so that doing with less may help.
  package var isShortage: Bool { [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(errno) }

  /// True when the user may not do that.
  package var isForbidden: Bool { errno == EACCES || errno == EPERM }

  /// True when neither this process nor, soon, another one can open anything.
  package var isOutOfDescriptors: Bool { errno == EMFILE || errno == ENFILE }

  /// True when there is nothing of that name.
  package var isMissing: Bool { errno == ENOENT }

  /// True when there is nothing of that name and no other answer is possible: what should be a folder on the way is none,
  /// or no file of that file system has so long a name. Any other error of stat(2) leaves open what is there.
  var tellsAbsence: Bool { [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) }

  /// True when no later output can succeed either: the disk or quota is full, or the device fails.
  package var isFullOrBroken: Bool { [ENOSPC, EDQUOT, EFBIG, EIO, EROFS].contains(errno) }
}

/// Runs a call that returns -1 on failure, again when a signal interrupted it, and reads errno before anything else can.
@inline(__always)
package func retrying<Value: FixedWidthInteger>(
  _ call: StaticString, _ body: () -> Value
) throws(SystemError) -> Value {
  while true {
    let value = body()
    if value != -1 { return value }
    let code = errno
    if code != EINTR { throw SystemError("\(call)", errno: code) }
  }
}

/// As `retrying`, for calls that must not be repeated after EINTR, such as `close`.
@inline(__always)
package func once<Value: FixedWidthInteger>(
  _ call: StaticString, _ body: () -> Value
) throws(SystemError) -> Value {
  let value = body()
  let code = errno
  guard value != -1 else { throw SystemError("\(call)", errno: code) }
  return value
}
