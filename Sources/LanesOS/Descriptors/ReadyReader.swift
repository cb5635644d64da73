import Glibc
import LanesCore
import SystemPackage

/// Reads a pipe, a device or standard input piece by piece without ever blocking.
///
/// Every read is preceded by poll(2), so the descriptor's own mode stays as it is: standard input may be shared with
/// other processes, which O_NONBLOCK would disturb. Used by one thread at a time.
package final class ReadyReader {
  package enum Piece {
    /// Bytes are in the buffer; as many as the count.
    case bytes(Int)
    /// Nothing yet; the descriptor becomes readable when there is, or at the end.
    case notReady
    case end
  }

  package let descriptor: Int32
  private let isOwned: Bool

  /// Reads standard input, which stays open afterwards.
  package static func standardInput() -> ReadyReader { ReadyReader(descriptor: 0, isOwned: false) }

  /// Opens `path`; a pipe is opened whether or not it has a writer yet.
  package convenience init(opening path: FilePath) throws(SystemError) {
    try StandardStreams.check(path)
    let descriptor = try retrying("open") { path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } }
    self.init(descriptor: descriptor, isOwned: true)
  }

  private init(descriptor: Int32, isOwned: Bool) {
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  deinit { if isOwned { close(descriptor) } }

  /// Appends at most `limit` bytes to `buffer`, as many as are there.
  package func read(into buffer: inout Bytes, atMost limit: Int) throws(SystemError) -> Piece {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard try retrying("poll", { poll(&request, 1, 0) }) > 0 else { return .notReady }
    let count = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: limit))
    let got: Int
    do {
      got = try retrying("read") {
        buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, limit) }
      }
    } catch {
      buffer.removeLast(limit)
      guard error.errno == EAGAIN else { throw error }
      return .notReady
    }
    buffer.removeLast(limit - got)
    return got == 0 ? .end : .bytes(got)
  }

  /// Waits until `read` has something to say.
  package func wait() throws(SystemError) { try DescriptorIO.wait(for: [(descriptor, .readable)]) }

  /// The offset at which the next byte is read, or nil where there is none, as in a pipe (lseek(2)).
  package var offset: Int? {
    let offset = lseek(descriptor, 0, SEEK_CUR)
    return offset < 0 ? nil : offset
  }

  /// Moves to the end of a regular file, as if it had been read, and says whether that could be done.
  @discardableResult package func skipToEnd() -> Bool { lseek(descriptor, 0, SEEK_END) >= 0 }

  /// A path under which other processes of the same user can open the file behind `descriptor` of this process
  /// (proc_pid_fd(5)).
  package static func path(ofDescriptor descriptor: Int32) -> FilePath {
    FilePath("/proc/\(getpid())/fd/\(descriptor)")
  }

  /// True when the file at `path` can be opened for reading.
  package static func canOpen(_ path: FilePath) -> Bool { (try? ReadyReader(opening: path)) != nil }
}
