import Glibc
import LanesCore
import SystemPackage

/// Making and removing folders.
package enum Folders {
  /// Makes `path` and what is missing above it; tells whether there was anything to make.
  package static func makeIfMissing(_ path: FilePath, like mirror: FolderMirror? = nil) throws(SystemError) -> Bool {
    if try FileStatus.ifPresent(path) != nil { return false }
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

  /// Makes the folder `path`, counted from the folder that is open as `parent`; one that exists is no error.
  ///
  /// The owner may always write, since files are to be made in the folder.
  static func makeOne(
    _ path: FilePath, in parent: Int32 = AT_FDCWD, like mirror: FolderMirror?
  ) throws(SystemError) {
    var mode: mode_t = 0o777
    // Without an answer the folder would be open to everybody where its counterpart is not.
    if let original = mirror?.folder, let status = try FileStatus.ifPresent(original.isEmpty ? FilePath(".") : original)
    {
      mode = mode_t(status.permissions | 0o700)
    }
    do {
      _ = try retrying("mkdir") { path.withPlatformString { mkdirat(parent, $0, mode) } }
    } catch  where error.errno == EEXIST {
      return
    }
  }

  /// Throws why no file could be made in `path`; makes nothing.
  ///
  /// - Parameter makesMissing: looks at the nearest folder that exists, in which the missing ones would be made.
  package static func checkWritable(_ path: FilePath, makesMissing: Bool = true) throws(SystemError) {
    let place = path.isEmpty ? FilePath(".") : path
    do throws(SystemError) {
      guard try FileStatus(of: place).kind == .directory else { throw SystemError("open", .notDirectory) }
      // With the rights that writing has (AT_EACCESS); EROFS where the file system takes nothing.
      _ = try retrying("faccessat") {
        place.withPlatformString { faccessat(AT_FDCWD, $0, W_OK | X_OK, AT_EACCESS) }
      }
    } catch  where error.isMissing && makesMissing && !path.isEmpty {
      // A link that leads nowhere is in the way.
      if try FileStatus.ifPresent(place, followingLinks: false) != nil { throw error }
      try checkWritable(path.removingLastComponent())
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

  /// Makes `path` the current directory.
  package static func enter(_ path: FilePath) throws(SystemError) {
    _ = try retrying("chdir") { path.withPlatformString { chdir($0) } }
  }

  /// What a symbolic link says, up to 4095 bytes.
  package static func target(ofLink path: FilePath) throws(SystemError) -> FilePath {
    var buffer = Bytes(repeating: 0, count: Int(PATH_MAX))
    let count = try retrying("readlink") {
      path.withPlatformString { name in
        buffer.withUnsafeMutableBytes { readlink(name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
      }
    }
    return FilePath(rawBytes: buffer[..<count])
  }

  /// Removes a file's name; one that is gone already is no error.
  package static func removeFile(_ path: FilePath) throws(SystemError) {
    do throws(SystemError) {
      _ = try retrying("unlink") { path.withPlatformString { unlink($0) } }
    } catch  where error.isMissing {}
  }

  /// What a folder holds, in byte order; nothing when it cannot be read.
  package static func contents(_ path: FilePath) -> [FilePath] { DirectoryWalk.paths(in: path) }

  /// Removes a folder and all it holds, without following links; what cannot be removed stays.
  package static func remove(_ path: FilePath) {
    for inner in DirectoryWalk.paths(in: path) {
      let status = try? FileStatus(of: inner, followingLinks: false)
      if status?.kind == .directory { remove(inner) } else { _ = inner.withPlatformString { unlink($0) } }
    }
    _ = path.withPlatformString { rmdir($0) }
  }
}
