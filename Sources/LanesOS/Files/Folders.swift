import Glibc
import LanesCore
import SystemPackage

/// Making and removing folders.
package enum Folders {
  /// Makes `path` and what is missing above it; tells whether there was anything to make.
  package static func makeIfMissing(_ path: FilePath, like mirror: FolderMirror? = nil) throws(SystemError) -> Bool {
    if (try? FileStatus(of: path)) != nil { return false }
    try make(path, like: mirror)
    return true
  }

  /// Makes `path` and every folder above it that is missing; one that exists is no error.
  package static func make(_ path: FilePath, like mirror: FolderMirror? = nil) throws(SystemError) {
    do {
      try makeOne(path, like: mirror)
    } catch  where error.errno == ENOENT {
      let above = path.removingLastComponent()
      guard !above.isEmpty, above != path else { throw error }
      try make(above, like: mirror?.above)
      try makeOne(path, like: mirror)
    }
  }

  /// The owner may always write, since files are to be made in the folder.
  private static func makeOne(_ path: FilePath, like mirror: FolderMirror?) throws(SystemError) {
    let original = mirror?.folder.flatMap { try? FileStatus(of: $0.isEmpty ? FilePath(".") : $0) }
    let mode = mode_t(original.map { $0.permissions | 0o700 } ?? 0o777)
    do {
      _ = try retrying("mkdir") { path.withPlatformString { mkdir($0, mode) } }
    } catch  where error.errno == EEXIST {
      return
    }
  }

  /// Makes a folder with a name of its own below `parent`, for this user only.
  package static func makeTemporary(_ parent: FilePath, prefix: String) throws(SystemError) -> FilePath {
    var template = parent.appending(prefix + "XXXXXX").rawBytes.map { CChar(bitPattern: $0) } + [0]
    let made = mkdtemp(&template) != nil
    let code = errno
    guard made else { throw SystemError("mkdtemp", errno: code) }
    return template.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) }
  }

  /// Removes a folder and all it holds, without following links; what cannot be removed stays.
  package static func remove(_ path: FilePath) {
    for inner in DirectoryWalk.paths(in: path) {
      let status = try? FileStatus(of: inner, followingLinks: false)
      if status?.kind == .directory { remove(inner) } else { _ = inner.withPlatformString { unlink($0) } }
    }
    _ = path.withPlatformString { rmdir($0) }
  }
}
