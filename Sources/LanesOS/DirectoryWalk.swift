import Glibc
import LanesCore
import SystemPackage

/// Walks a tree depth first, names in byte order, one step at a time.
///
/// Symbolic links inside the tree are not followed (as `grep -r` and `find` do), so a loop cannot be entered; pipes,
/// sockets and devices are passed over. Memory holds the names of the directories on the way, not of the whole tree.
package final class DirectoryWalk {
  package enum Step {
    /// A regular file; `relative` is its path below the root.
    case file(path: FilePath, relative: FilePath)
    /// A directory that could not be read; the walk goes on behind it.
    case unreadable(path: FilePath, SystemError)
  }

  private struct Entry {
    let name: FilePath.Component
    let kind: UInt8
  }
  private struct Level {
    let path: FilePath
    let relative: FilePath
    var entries: [Entry]
    var next = 0
  }

  private var levels: [Level] = []
  private var pending: [Step] = []
  private let leftOut: FileIdentity?
  /// True once the directory that is to be left out was come by.
  package private(set) var hasLeftOut = false

  /// - Parameters:
  ///   - root: the directory to walk; it may itself be reached through a link.
  ///   - leftOut: a directory below it that is not entered.
  package init(root: FilePath, leavingOut leftOut: FileIdentity? = nil) {
    self.leftOut = leftOut
    enter(root, relative: FilePath(""))
  }

  /// The next file, or nil at the end.
  package func next() -> Step? {
    while true {
      if let step = pending.popLast() { return step }
      guard var level = levels.popLast() else { return nil }
      guard level.next < level.entries.count else { continue }
      let entry = level.entries[level.next]
      level.next += 1
      levels.append(level)
      let path = level.path.appending(entry.name)
      let relative = level.relative.appending(entry.name)
      switch kind(of: entry, at: path) {
      case UInt8(DT_REG): return .file(path: path, relative: relative)
      case UInt8(DT_DIR):
        if isLeftOut(path) { hasLeftOut = true } else { enter(path, relative: relative) }
      default: continue
      }
    }
  }

  private func isLeftOut(_ path: FilePath) -> Bool {
    guard let leftOut, let status = try? FileStatus(of: path, followingLinks: false) else { return false }
    return status.identity == leftOut
  }

  private func kind(of entry: Entry, at path: FilePath) -> UInt8 {
    guard entry.kind == UInt8(DT_UNKNOWN) else { return entry.kind }
    guard let status = try? FileStatus(of: path, followingLinks: false) else { return UInt8(DT_UNKNOWN) }
    return switch status.kind {
    case .regular: UInt8(DT_REG)
    case .directory: UInt8(DT_DIR)
    default: UInt8(DT_UNKNOWN)
    }
  }

  private func enter(_ path: FilePath, relative: FilePath) {
    do {
      let entries = try Self.list(path)
      levels.append(Level(path: path, relative: relative, entries: entries))
    } catch {
      pending.append(.unreadable(path: path, error))
    }
  }

  /// What a directory holds, in byte order; nothing when it cannot be read.
  static func names(in path: FilePath) -> [FilePath.Component] { ((try? list(path)) ?? []).map(\.name) }

  private static func list(_ path: FilePath) throws(SystemError) -> [Entry] {
    guard let directory = path.withPlatformString({ opendir($0) }) else {
      throw SystemError("opendir", errno: errno)
    }
    defer { closedir(directory) }
    var entries: [(bytes: Bytes, kind: UInt8)] = []
    while true {
      errno = 0
      guard let found = readdir(directory) else {
        let code = errno
        guard code == 0 else { throw SystemError("readdir", errno: code) }
        break
      }
      let bytes = withUnsafePointer(to: &found.pointee.d_name) {
        $0.withMemoryRebound(to: UInt8.self, capacity: 256) { name in
          Bytes(
            UnsafeBufferPointer(start: name, count: strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))))
        }
      }
      if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
      entries.append((bytes, found.pointee.d_type))
    }
    entries.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    return entries.compactMap { entry in
      FilePath(rawBytes: entry.bytes).lastComponent.map { Entry(name: $0, kind: entry.kind) }
    }
  }
}
