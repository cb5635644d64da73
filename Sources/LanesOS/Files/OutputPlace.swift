import CLinux
import Glibc
import LanesCore
import SystemPackage

/// A folder that a file is to be made in, and the name it gets there.
///
/// Folders below the one that results were asked to go to are opened one by one, none through a symbolic link (O_NOFOLLOW
/// of open(2)), and the last one stays open: a link that somebody puts in their place, before or meanwhile, leads nothing
/// out of the tree. That takes two calls, and two more for each such folder. A file right in the folder that was asked for
/// is reached by its path.
package struct OutputPlace: ~Copyable {
  private let held: Descriptor?
  /// The open folder that `file` and `folder` are counted from, as calls ending in -at take it.
  package let origin: Int32
  /// The file that is to be made.
  package let file: FilePath

  /// - Parameters:
  ///   - file: the path of the file that is to be made.
  ///   - depth: how many of the folders on the way to it, from its own upwards, must not be links; missing ones are made.
  ///   - mirror: what folders that are made look like.
  /// - Throws: ELOOP where one of them is a link.
  package init(of file: FilePath, depth: Int, like mirror: FolderMirror?) throws(SystemError) {
    guard depth > 0 else {
      held = nil
      origin = AT_FDCWD
      self.file = file
      return
    }
    var names: [FilePath] = []
    var mirrors: [FolderMirror?] = []
    var base = file
    var mirror = mirror
    for _ in 0..<depth + 1 {
      if let name = base.lastComponent { names.append(FilePath(root: nil, [name])) }
      mirrors.append(mirror)
      mirror = mirror?.above
      base.removeLastComponent()
    }
    // The file's own name has the mirror of its folder, and each name after it that of the folder above.
    var folder = try Self.openBase(base.isEmpty ? FilePath(".") : base, like: mirrors[depth])
    for level in stride(from: names.count - 1, to: 0, by: -1) {
      folder = try Self.open(names[level], in: folder, like: mirrors[level - 1])
    }
    self.file = names[0]
    origin = folder.number
    held = consume folder
  }

  /// The file's folder.
  package var folder: FilePath {
    let folder = file.removingLastComponent()
    return folder.isEmpty ? FilePath(".") : folder
  }

  /// A file beside it that has the name of `path`.
  package func sibling(_ path: FilePath) -> FilePath {
    held == nil ? path : FilePath(root: nil, [path.lastComponent!])
  }

  private static let flags = clinux_o_path | O_DIRECTORY | O_CLOEXEC

  private static func openBase(_ path: FilePath, like mirror: FolderMirror?) throws(SystemError) -> Descriptor {
    do throws(SystemError) {
      return Descriptor(owning: try retrying("open") { path.withPlatformString { Glibc.open($0, flags) } })
    } catch  where error.isMissing {
      try Folders.make(path, like: mirror)
      return Descriptor(owning: try retrying("open") { path.withPlatformString { Glibc.open($0, flags) } })
    }
  }

  private static func open(
    _ name: FilePath, in parent: borrowing Descriptor, like mirror: FolderMirror?
  ) throws(SystemError) -> Descriptor {
    do throws(SystemError) {
      return try openOnly(name, in: parent.number)
    } catch  where error.isMissing {
      try Folders.makeOne(name, in: parent.number, like: mirror)
      return try openOnly(name, in: parent.number)
    }
  }

  private static func openOnly(_ name: FilePath, in parent: Int32) throws(SystemError) -> Descriptor {
    do throws(SystemError) {
      let number = try retrying("open") { name.withPlatformString { openat(parent, $0, flags | O_NOFOLLOW) } }
      return Descriptor(owning: number)
    } catch  where error.code == .notDirectory {
      // Links are answered like that, too.
      var status = stat()
      let isKnown = name.withPlatformString { fstatat(parent, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0
      throw isKnown && status.st_mode & S_IFMT == S_IFLNK ? SystemError("open", .tooManySymbolicLinkLevels) : error
    }
  }
}
