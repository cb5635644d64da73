import CLinux
import Glibc
import LanesCore
import SystemPackage

/// An open file descriptor that closes itself; always close-on-exec.
package struct Descriptor: ~Copyable, Sendable {
  package let number: Int32

  /// Takes over `number`, which nobody else may close.
  package init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives the number away; the caller closes it.
  package consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// Opens an existing file for reading. A pipe without a writer does not block.
  package static func reading(_ path: FilePath) throws(SystemError) -> Descriptor {
    try StandardStreams.check(path)
    let number = try retrying("open") {
      path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
    }
    return Descriptor(owning: number)
  }

  /// Opens a file for writing, empty; makes it when it does not exist.
  package static func creating(_ path: FilePath) throws(SystemError) -> Descriptor {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    return Descriptor(owning: try retrying("open") { path.withPlatformString { open($0, flags, 0o666) } })
  }

  /// A new file without a name in `folder` (O_TMPFILE of open(2)); nil where the folder does not exist or its file system
  /// has no such files.
  ///
  /// - Parameter origin: an open folder that `folder` is counted from.
  package static func unnamed(
    in folder: FilePath, from origin: Int32 = AT_FDCWD, permissions: UInt16
  ) throws(SystemError) -> Descriptor? {
    let flags = clinux_o_tmpfile | O_WRONLY | O_CLOEXEC
    do {
      let number = try retrying("open") {
        folder.withPlatformString { openat(origin, $0, flags, mode_t(permissions)) }
      }
      return Descriptor(owning: number)
    } catch  where [ENOENT, EOPNOTSUPP, EISDIR, EINVAL].contains(error.errno) {
      return nil
    }
  }

  /// A new file called `path`; throws EEXIST when the name is taken.
  package static func creatingNew(
    _ path: FilePath, from origin: Int32 = AT_FDCWD, permissions: UInt16
  ) throws(SystemError) -> Descriptor {
    let flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC
    return Descriptor(
      owning: try retrying("open") { path.withPlatformString { openat(origin, $0, flags, mode_t(permissions)) } })
  }

  /// Gives a file without a name the name `path`; throws EEXIST when it is taken (linkat(2)).
  package func link(as path: FilePath, from origin: Int32 = AT_FDCWD) throws(SystemError) {
    _ = try retrying("linkat") { [number] in path.withPlatformString { clinux_link_unnamed(number, origin, $0) } }
  }

  /// Begins to write what is in memory to the disk, without waiting (sync_file_range(2)): the file system assigns blocks now.
  /// No promise, and so no error: `synchronize` tells.
  package func startWriteBack() { _ = clinux_write_back(number, false) }

  /// Waits until all that was written is on the disk, and what is needed to read it (fdatasync(2)); throws the error that the
  /// write-back met, too.
  package func synchronize() throws(SystemError) {
    _ = try retrying("fdatasync") { [number] in fdatasync(number) }
  }

  /// Takes over owner and permissions of another file as far as the kernel lets us: only root may give files away, and some
  /// file systems have no permissions (FAT).
  package func adoptOwnership(of other: FileStatus) {
    guard let own = try? FileStatus(of: number) else { return }
    if own.owner != other.owner || own.group != other.group { _ = fchown(number, other.owner, other.group) }
    if own.permissions != other.permissions { _ = fchmod(number, mode_t(other.permissions)) }
  }

  /// Sets the times of last access and change.
  package func setTimes(_ times: FileTimes) throws(SystemError) {
    let both = [times.accessed, times.modified].map { time in
      let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
      return rest < 0
        ? timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(rest) + 1_000_000_000)
        : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
    }
    _ = try retrying("futimens") { [number] in futimens(number, both) }
  }

  /// Asks the kernel to read ahead `length` bytes from `offset`, or to the end of the file (posix_fadvise(2)).
  package func readAhead(from offset: Int, length: Int = 0) {
    posix_fadvise(number, off_t(offset), off_t(length), POSIX_FADV_WILLNEED)
  }

  /// False where the byte at `offset` would have to be read from storage, as far as the file system tells; preadv2(2),
  /// RWF_NOWAIT.
  package func isCached(at offset: Int) -> Bool { clinux_is_cached(number, Int64(offset)) }

  /// An event counter for waking a reactor, eventfd(2).
  package static func event() throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("eventfd") { clinux_eventfd() })
  }

  /// Asks for room for `bytes` in a pipe; what the system does not grant stays as it was.
  package func setPipeCapacity(_ bytes: Int32) { _ = fcntl(number, setPipeSize, bytes) }

  /// Asks for room for `bytes` that were written to a socket and not read (socket(7), SO_SNDBUF); what the system does not
  /// grant stays as it was.
  package func setSendCapacity(_ bytes: Int32) {
    var bytes = bytes
    _ = setsockopt(number, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Adds one to an event counter.
  package func raiseEvent() {
    var one: UInt64 = 1
    _ = withUnsafeBytes(of: &one) { write(number, $0.baseAddress, 8) }
  }

  /// Sets an event counter back to 0.
  package func drainEvent() {
    var value: UInt64 = 0
    _ = withUnsafeMutableBytes(of: &value) { read(number, $0.baseAddress, 8) }
  }

  /// The same open file under a number of at least `minimum`.
  package func duplicated(atLeast minimum: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("fcntl") { [number] in fcntl(number, F_DUPFD_CLOEXEC, minimum) })
  }

  /// Makes reads and writes fail with EAGAIN instead of waiting.
  package func setNonBlocking() throws(SystemError) {
    let number = self.number
    let flags = try retrying("fcntl") { fcntl(number, F_GETFL) }
    _ = try retrying("fcntl") { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
  }
}

/// A pipe's two ends.
package struct Pipe: ~Copyable {
  package let readEnd: Descriptor
  package let writeEnd: Descriptor

  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    _ = try retrying("pipe2") { clinux_pipe(&ends) }
    readEnd = Descriptor(owning: ends[0])
    writeEnd = Descriptor(owning: ends[1])
  }

  /// Keeps the end that is read and closes the other, which a child has by now: the reader then sees the child's end.
  package consuming func closingWriteEnd() -> Descriptor { readEnd }
}

/// Two connected sockets, each of which is read from and written to; a stream of bytes (unix(7), SOCK_STREAM).
package struct SocketPair: ~Copyable {
  package let near: Descriptor
  package let far: Descriptor

  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    _ = try retrying("socketpair") { clinux_socket_pair(&ends, false) }
    near = Descriptor(owning: ends[0])
    far = Descriptor(owning: ends[1])
  }
}

/// Reads and writes on bare descriptor numbers that somebody else owns.
package enum DescriptorIO {
  /// Reads once; 0 at the end of the file, nil when a non-blocking descriptor has nothing yet.
  package static func read(_ fd: Int32, into room: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    do {
      return try retrying("read") { Glibc.read(fd, room.baseAddress, room.count) }
    } catch {
      if error.errno == EAGAIN { return nil }
      throw error
    }
  }

  /// Fills `room` from `offset` of a regular file; returns fewer bytes than that only where the file ends.
  package static func read(
    _ fd: Int32, at offset: Int, into room: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    var filled = 0
    while filled < room.count {
      let got = try readOnce(fd, at: offset + filled, into: UnsafeMutableRawBufferPointer(rebasing: room[filled...]))
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  /// The `count` bytes from `offset` of a regular file, or as many as there are.
  package static func bytes(_ fd: Int32, at offset: Int, count: Int) throws(SystemError) -> Bytes {
    var failure: SystemError?
    let bytes = Bytes(unsafeUninitializedCapacity: count) { room, filled in
      do throws(SystemError) {
        filled = try read(fd, at: offset, into: UnsafeMutableRawBufferPointer(room))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes once; nil when a non-blocking descriptor takes nothing now.
  package static func write(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
    do {
      return try retrying("write") { Glibc.write(fd, bytes.baseAddress, bytes.count) }
    } catch {
      if error.errno == EAGAIN { return nil }
      throw error
    }
  }

  /// Writes everything, waiting as long as it takes, also on a descriptor that somebody made non-blocking.
  package static func writeAll(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if let written = try write(fd, UnsafeRawBufferPointer(rebasing: rest)) {
        rest = rest.dropFirst(written)
      } else {
        try wait(for: [(fd, .writable)])
      }
    }
  }

  /// Reads once from `offset` of a file that has offsets; 0 at its end.
  package static func readOnce(
    _ fd: Int32, at offset: Int, into room: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    try retrying("pread") { pread(fd, room.baseAddress, room.count, off_t(offset)) }
  }

  /// What poll(2) can wait for.
  package enum Readiness: Sendable {
    case readable, writable

    fileprivate var bits: Int16 { Int16(self == .readable ? POLLIN : POLLOUT) }
  }

  /// Blocks until one of the descriptors is ready for what it is asked for, or a signal arrives; poll(2).
  package static func wait(for descriptors: [(fd: Int32, readiness: Readiness)]) throws(SystemError) {
    var entries = descriptors.map { pollfd(fd: $0.fd, events: $0.readiness.bits, revents: 0) }
    let result = poll(&entries, nfds_t(entries.count), -1)
    let code = errno
    if result == -1 && code != EINTR { throw SystemError("poll", errno: code) }
  }
}

/// F_SETPIPE_SZ of fcntl(2), which Swift's Glibc module does not show: F_LINUX_SPECIFIC_BASE + 7.
private let setPipeSize: Int32 = 1024 + 7
