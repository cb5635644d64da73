import CLinux
import Glibc
import LanesCore
import SystemPackage

/// The temporary name of a file in the making. It is removed when the value goes, and by a second stop signal, unless the
/// file was renamed by then.
package final class UnfinishedName {
  private let path: FilePath
  private let slot: Int32
  private var isRenamed = false

  /// A name that nobody else uses, in the folder of `path`.
  package static func unique(beside path: FilePath) -> FilePath {
    let unique = "\(getpid())-\(UInt64.random(in: 0 ... .max))"
    return path.removingLastComponent().appending(".lanes-\(unique).part")
  }

  /// The one name that stands for `path` while it is replaced: whoever replaces the same file next finds what a killed process
  /// left under it. Short, whatever the length of the final name (FNV-1a of its bytes).
  package static func replacing(_ path: FilePath) -> FilePath {
    let digest = (path.lastComponent?.string ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return path.removingLastComponent().appending(".lanes-\(String(digest, radix: 16)).part")
  }

  /// Locks an open file, so that others can tell that its process lives: flock(2) goes with the process, however that ends.
  /// False where the file system has no locks.
  package static func lock(_ number: Int32) -> Bool {
    (try? retrying("flock") { flock(number, LOCK_EX | LOCK_NB) }) != nil
  }

  /// Removes a regular file that a process left under `name`, a name of `replacing`, when it died; false when it lives, or the
  /// file cannot be removed. Only who has the file's lock removes it, so that no name of another process is taken away.
  ///
  /// - Parameter origin: the open folder that the name is relative to.
  package static func removeAbandoned(_ name: FilePath, from origin: Int32) -> Bool {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    guard let number = try? retrying("openat", { name.withPlatformString { openat(origin, $0, flags) } }) else {
      return false
    }
    let file = Descriptor(owning: number)
    var named = stat()
    guard lock(file.number), let own = try? FileStatus(of: file.number), own.kind == .regular,
      name.withPlatformString({ fstatat(origin, $0, &named, AT_SYMLINK_NOFOLLOW) }) == 0,
      FileIdentity(device: UInt64(named.st_dev), inode: UInt64(named.st_ino)) == own.identity
    else { return false }
    return name.withPlatformString { unlinkat(origin, $0, 0) } == 0
  }

  /// Registers the name with the signal handler and then calls `make`, which gives it to a file.
  package init(_ path: FilePath, make: () throws(SystemError) -> Void) throws(SystemError) {
    let slot = path.withPlatformString { clinux_unfinished_add($0) }
    do {
      try make()
      clinux_unfinished_made(slot)
    } catch {
      clinux_unfinished_made(slot)
      clinux_unfinished_remove(slot)
      throw error
    }
    self.path = path
    self.slot = slot
  }

  /// Gives the file the final name of `place`; throws EEXIST when that is taken and `replacing` is false (renameat2(2)).
  package func rename(in place: borrowing OutputPlace, replacing: Bool) throws(SystemError) {
    let (origin, own, name) = (place.origin, place.sibling(path), place.file)
    _ = try retrying("rename") {
      own.withPlatformString { from in name.withPlatformString { clinux_rename(origin, from, $0, replacing) } }
    }
    clinux_unfinished_remove(slot)
    isRenamed = true
  }

  deinit {
    guard !isRenamed else { return }
    _ = path.withPlatformString { unlink($0) }
    clinux_unfinished_remove(slot)
  }
}
