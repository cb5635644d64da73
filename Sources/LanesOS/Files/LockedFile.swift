import CLinux
import Glibc
import LanesCore
import SystemPackage

/// An open file or folder that one process has for itself: others that ask for it meanwhile are told, and do not wait.
///
/// flock(2): the lock goes with the last descriptor, however its process ends. Descriptors are close-on-exec, so that no
/// worker keeps it. Any thread may use it, one at a time.
package final class LockedFile: Sendable {
  private let descriptor: Descriptor

  package enum Problem: Error, Equatable {
    /// Another process has it.
    case inUse
    case system(SystemError)
  }

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Opens a file for reading and writing.
  ///
  /// - Parameter makes: makes the file when it does not exist.
  package convenience init(_ path: FilePath, makes: Bool) throws(Problem) {
    let flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (makes ? O_CREAT : 0)
    let number = try Self.attempt { () throws(SystemError) in
      try retrying("open") { path.withPlatformString { open($0, flags, 0o666) } }
    }
    self.init(Descriptor(owning: number))
    try lock(LOCK_EX)
  }

  /// Opens a file for reading; several processes may read it at a time, and none may write it.
  package convenience init(reading path: FilePath) throws(Problem) {
    let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    let number = try Self.attempt { () throws(SystemError) in
      try retrying("open") { path.withPlatformString { open($0, flags) } }
    }
    self.init(Descriptor(owning: number))
    try lock(LOCK_SH)
  }

  /// Makes a file that has no name yet, for `giveName`; with its name at once where the file system has no such files.
  package static func unnamed(for path: FilePath) throws(Problem) -> LockedFile {
    let folder = path.removingLastComponent()
    let place = folder.isEmpty ? FilePath(".") : folder
    let number = try attempt { () throws(SystemError) in
      do throws(SystemError) {
        let flags = clinux_o_tmpfile | O_RDWR | O_CLOEXEC
        return try retrying("open") { place.withPlatformString { open($0, flags, 0o666) } }
      } catch  where [EOPNOTSUPP, EISDIR, EINVAL].contains(error.errno) {
        let flags = O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL
        return try retrying("open") { path.withPlatformString { open($0, flags, 0o666) } }
      }
    }
    let file = LockedFile(Descriptor(owning: number))
    try file.lock(LOCK_EX)
    return file
  }

  /// Gives a file that `unnamed` made its name; throws EEXIST when that is taken. A file that has a name keeps it.
  package func giveName(_ path: FilePath) throws(SystemError) {
    let number = descriptor.number
    var status = stat()
    _ = try retrying("fstat") { fstat(number, &status) }
    guard status.st_nlink == 0 else { return }
    _ = try retrying("linkat") { path.withPlatformString { clinux_link_unnamed(number, AT_FDCWD, $0) } }
  }

  /// Opens a folder; nil where its file system has no locks for folders, as NFS.
  ///
  /// - Parameter isShared: others may have it at the same time who share it as well.
  package static func folder(_ path: FilePath, isShared: Bool = false) throws(Problem) -> LockedFile? {
    while true {
      let number = try attempt { () throws(SystemError) in
        try retrying("open") { path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
      }
      let folder = LockedFile(Descriptor(owning: number))
      do {
        try folder.lock(isShared ? LOCK_SH : LOCK_EX)
      } catch {
        // NFS locks only what is open for writing, which no folder can be: EBADF (flock(2)).
        if case .system(let error) = error, lockless.contains(error.errno) { return nil }
        throw error
      }
      // Somebody may have removed the folder between the two calls, and made another.
      let isSame = try attempt { () throws(SystemError) in
        try folder.status().identity == FileStatus.ifPresent(path)?.identity
      }
      if isSame { return folder }
    }
  }

  /// What file systems without locks for folders answer.
  private static let lockless = [EBADF, EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP]

  private static func attempt<Value>(_ body: () throws(SystemError) -> Value) throws(Problem) -> Value {
    do { return try body() } catch { throw .system(error) }
  }

  private func lock(_ kind: Int32) throws(Problem) {
    let number = descriptor.number
    do {
      _ = try retrying("flock") { flock(number, kind | LOCK_NB) }
    } catch {
      throw error.errno == EWOULDBLOCK ? .inUse : .system(error)
    }
  }

  package func status() throws(SystemError) -> FileStatus { try FileStatus(of: descriptor.number) }

  /// Reads `count` bytes from `offset`, or as many as there are.
  package func read(_ count: Int, at offset: Int) throws(SystemError) -> Bytes {
    try DescriptorIO.bytes(descriptor.number, at: offset, count: count)
  }

  /// Writes all of `bytes` from `offset` on.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    let number = descriptor.number
    var written = 0
    while written < bytes.count {
      written += try retrying("pwrite") {
        pwrite(number, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
      }
    }
  }

  /// Cuts the file off behind `size` bytes.
  package func truncate(to size: Int) throws(SystemError) {
    let number = descriptor.number
    _ = try retrying("ftruncate") { ftruncate(number, off_t(size)) }
  }

  /// Returns when all that was written is on stable storage, and the file's size with it.
  package func sync() throws(SystemError) {
    let number = descriptor.number
    _ = try retrying("fdatasync") { fdatasync(number) }
  }
}

extension Folders {
  /// Returns when all names in a folder are on stable storage.
  package static func sync(_ path: FilePath) throws(SystemError) {
    let number = try retrying("open") {
      path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }
    let folder = Descriptor(owning: number)
    do {
      _ = try retrying("fsync") { [number = folder.number] in fsync(number) }
    } catch  where error.errno == EINVAL {
      // The file system cannot, and then it has no way to be more certain.
    }
  }

  /// Removes a folder that holds nothing; one that does stays.
  package static func removeIfEmpty(_ path: FilePath) { _ = path.withPlatformString { rmdir($0) } }

  /// The absolute path of the current directory.
  package static func current() throws(SystemError) -> FilePath {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let isKnown = getcwd(&buffer, buffer.count) != nil
    let code = errno
    guard isKnown else { throw SystemError("getcwd", errno: code) }
    return buffer.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) }
  }
}
