import CLinux
import Glibc
import LanesCore
import SystemPackage

/// What `stat(2)` says of a file, as far as a batch needs it.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable { case regular, directory, symbolicLink, pipe, socket, characterDevice, blockDevice }

  package let kind: Kind
  package let identity: FileIdentity
  /// Bytes, as the file system claims; 0 for files of /proc whatever they hold.
  package let size: Int
  /// Times of last access and of last change of the contents.
  package let times: FileTimes
  /// Read, write and execute for owner, group and others; no set-user-ID, set-group-ID or sticky bit.
  package let permissions: UInt16
  /// When the contents, the name or any other property was last changed, nanoseconds since 1970; nobody can set it.
  package let changed: Int64
  let owner: UInt32
  let group: UInt32

  /// Time of last change of the contents, nanoseconds since 1970.
  package var modified: Int64 { times.modified }

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      default: .regular
      }
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    size = Int(status.st_size)
    times = FileTimes(accessed: Self.nanoseconds(status.st_atim), modified: Self.nanoseconds(status.st_mtim))
    changed = Self.nanoseconds(status.st_ctim)
    permissions = UInt16(status.st_mode & 0o777)
    owner = status.st_uid
    group = status.st_gid
  }

  package var stamp: FileStamp { FileStamp(identity: identity, size: size, modified: modified) }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// True when the file was given `time` as that of its last change, as far as its file system tells times apart: some count
  /// microseconds, seconds, or two seconds (FAT).
  package func holdsTime(_ time: Int64) -> Bool {
    [1, 1_000, 1_000_000_000, 2_000_000_000].contains { step in
      modified % step == 0 && time >= modified && time - modified < step
    }
  }

  /// The file at `path`; a symbolic link is followed unless `followingLinks` is false.
  package init(of path: FilePath, followingLinks: Bool = true) throws(SystemError) {
    var status = stat()
    _ = try retrying("stat") {
      path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
    }
    self.init(status)
  }

  /// The file at `path`; nil where there is none. Throws where that cannot be told, which is not the same.
  package static func ifPresent(
    _ path: FilePath, followingLinks: Bool = true
  ) throws(SystemError) -> FileStatus? {
    do {
      return try FileStatus(of: path, followingLinks: followingLinks)
    } catch  where error.tellsAbsence {
      return nil
    }
  }

  /// The file called `name` in an open directory, a link followed: the kernel need not walk the path to it.
  init(of name: UnsafePointer<CChar>, in directory: Int32) throws(SystemError) {
    var status = stat()
    _ = try retrying("stat") { fstatat(directory, name, &status, 0) }
    self.init(status)
  }

  /// The file behind an open descriptor.
  package init(of descriptor: Int32) throws(SystemError) {
    var status = stat()
    _ = try retrying("fstat") { clinux_fstat(descriptor, &status) }
    self.init(status)
  }
}
