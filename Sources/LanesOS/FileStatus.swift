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
  /// Time of last change of the contents, nanoseconds since 1970.
  package let modified: Int64

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
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }

  /// The file at `path`; a symbolic link is followed unless `followingLinks` is false.
  package init(of path: FilePath, followingLinks: Bool = true) throws(SystemError) {
    var status = stat()
    _ = try retrying("stat") {
      path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
    }
    self.init(status)
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
    _ = try retrying("fstat") { fstat(descriptor, &status) }
    self.init(status)
  }
}
