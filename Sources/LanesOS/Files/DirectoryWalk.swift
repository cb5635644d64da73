import Glibc
import LanesCore
import SystemPackage

/// Walks a tree depth first, names in byte order, one step at a time.
///
/// Symbolic links inside the tree are not followed (as `find` does), so a loop cannot be entered; pipes,
/// sockets and devices are passed over. Memory holds the names of the directories on the way, not of the whole tree, and
/// at most one directory is open.
package final class DirectoryWalk {
  package enum Step {
    /// A regular file.
    case file(WalkedFile)
    /// A directory that could not be read; the walk goes on behind it.
    case unreadable(path: FilePath, SystemError)
  }

  private struct Level {
    /// The path of the directory with a slash behind it; empty for the current directory without a name.
    let prefix: Bytes
    let names: DirectoryNames
    var next = 0
    /// Open until a directory below is entered: a walk must not need as many descriptors as a tree is deep.
    var directory: OpenDirectory?
  }

  private var levels: [Level] = []
  private var pending: [Step] = []
  private var rootLength = 0
  private let leftOut: FileIdentity?
  private let filter: NameFilter?
  /// True once the directory that is to be left out was come by.
  package private(set) var hasLeftOut = false

  /// - Parameters:
  ///   - root: the directory to walk; it may itself be reached through a link.
  ///   - leftOut: a directory below it that is not entered.
  ///   - filter: which files and directories below it are passed over.
  package init(root: FilePath, leavingOut leftOut: FileIdentity? = nil, filter: NameFilter? = nil) {
    self.leftOut = leftOut
    self.filter = filter
    enter(root)
    rootLength = levels.first?.prefix.count ?? 0
  }

  /// The next file, or nil at the end.
  package func next() -> Step? {
    while true {
      if let step = pending.popLast() { return step }
      guard let last = levels.indices.last else { return nil }
      let position = levels[last].next
      guard position < levels[last].names.count else {
        levels.removeLast()
        continue
      }
      levels[last].next += 1
      let path = levels[last].names.path(position, behind: levels[last].prefix)
      let kind: UInt8
      do {
        kind = try self.kind(of: levels[last].names.kind(position), at: path)
      } catch {
        return .unreadable(path: path, error)
      }
      if let filter {
        let isDirectory = kind == UInt8(DT_DIR)
        if levels[last].names.withName(position, { filter.leavesOut($0, isDirectory: isDirectory) }) { continue }
      }
      switch kind {
      case UInt8(DT_REG): return .file(WalkedFile(path: path, rootLength: rootLength))
      case UInt8(DT_DIR):
        do {
          if try isLeftOut(path) { hasLeftOut = true } else { enter(path) }
        } catch {
          return .unreadable(path: path, error)
        }
      default: continue
      }
    }
  }

  /// The status of the file that `next` gave last.
  package func status(of file: WalkedFile) throws(SystemError) -> FileStatus {
    guard let last = levels.indices.last, let directory = levels[last].directory else {
      return try FileStatus(of: file.path)
    }
    return try levels[last].names.withName(levels[last].next - 1) { (name) throws(SystemError) in
      try FileStatus(of: name, in: directory.number)
    }
  }

  private func isLeftOut(_ path: FilePath) throws(SystemError) -> Bool {
    guard let leftOut else { return false }
    return try FileStatus.ifPresent(path, followingLinks: false)?.identity == leftOut
  }

  /// The kind as readdir(3) told it or, on file systems that do not tell, as stat(2) does.
  private func kind(of kind: UInt8, at path: FilePath) throws(SystemError) -> UInt8 {
    guard kind == UInt8(DT_UNKNOWN) else { return kind }
    return switch try FileStatus.ifPresent(path, followingLinks: false)?.kind {
    case .regular: UInt8(DT_REG)
    case .directory: UInt8(DT_DIR)
    default: UInt8(DT_UNKNOWN)
    }
  }

  private func enter(_ path: FilePath) {
    if let last = levels.indices.last { levels[last].directory = nil }
    do {
      let directory = try OpenDirectory(path)
      var prefix = path.rawBytes
      if let end = prefix.last, end != UInt8(ascii: "/") { prefix.append(UInt8(ascii: "/")) }
      levels.append(Level(prefix: prefix, names: try DirectoryNames(directory), directory: directory))
    } catch {
      pending.append(.unreadable(path: path, error))
    }
  }

  /// What a directory holds, in byte order; nothing when it cannot be read.
  static func paths(in path: FilePath) -> [FilePath] {
    let walk = DirectoryWalk(root: path)
    guard let level = walk.levels.first else { return [] }
    return (0..<level.names.count).map { level.names.path($0, behind: level.prefix) }
  }
}

/// A regular file that a walk came by.
package struct WalkedFile: Sendable {
  package let path: FilePath
  fileprivate let rootLength: Int

  /// The path below the root of the walk.
  package var relative: FilePath { FilePath(rawBytes: path.rawBytes.dropFirst(rootLength)) }
}
