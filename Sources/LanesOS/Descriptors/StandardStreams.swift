import Glibc
import Synchronization
import SystemPackage

/// Descriptors 0 to 2 as whoever started this process left them.
package enum StandardStreams {
  /// Bit N is set where descriptor N was closed. Relaxed: written once, before there is a second thread.
  private static let closed = Atomic<UInt8>(0)

  /// Puts /dev/null where a standard stream is closed, so that no descriptor of ours gets its number; call it before
  /// anything is opened.
  ///
  /// It is opened the wrong way round, as gnulib's stdopen does: reading standard input and writing standard output still
  /// fail with EBADF, also in processes that inherit them.
  package static func hold() {
    for number in Int32(0)...2 where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
      closed.bitwiseOr(1 << UInt8(number), ordering: .relaxed)
    }
  }

  /// Throws EBADF where `path` stands for a standard stream that is closed: opening it would give /dev/null anew.
  package static func check(_ path: FilePath) throws(SystemError) {
    let bits = closed.load(ordering: .relaxed)
    guard bits != 0 else { return }
    for (number, name) in ["stdin", "stdout", "stderr"].enumerated() where bits >> UInt8(number) & 1 == 1 {
      let names = ["/dev/\(name)", "/dev/fd/\(number)", "/proc/self/fd/\(number)", "/proc/\(getpid())/fd/\(number)"]
      if names.contains(where: { FilePath($0) == path }) { throw SystemError("open", errno: EBADF) }
    }
  }
}
