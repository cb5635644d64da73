import CLinux
import Glibc
import LanesCore
import SystemPackage

/// A file in the making: it appears under its final name only by `commit`, complete and on stable storage.
///
/// While it is written it has no name at all (O_TMPFILE), so that neither a crash nor `kill -9` can leave anything behind;
/// file systems without that get a temporary name, which is removed when the value goes without a commit. Writes go
/// through O_DSYNC: a name given before its data reached the disk could be an empty file after a power cut. A file that is
/// replaced leaves its permissions, and its owner where that is allowed, to the one that takes its place.
package struct OutputFile: ~Copyable {
  private let descriptor: Descriptor
  private let target: Destination
  private var temporary: FilePath?
  private var registration: Int32

  /// Opens the file; makes the folders on the way to it that do not exist.
  package init(_ target: Destination) throws(SystemError) {
    let folder = target.path.removingLastComponent()
    let place = folder.isEmpty ? FilePath(".") : folder
    let replaced = Self.replacedFile(target)
    let mode = mode_t((replaced?.permissions ?? target.permissions) & 0o777)
    var unnamed = try Self.openUnnamed(in: place, mode)
    if unnamed == nil, try Folders.makeIfMissing(place, like: target.mirror) {
      unnamed = try Self.openUnnamed(in: place, mode)
    }
    var name: FilePath?
    var slot: Int32 = -1
    if unnamed == nil {
      let temporary = Self.temporaryName(beside: target.path)
      unnamed = try Self.register(temporary, in: &slot) { () throws(SystemError) in
        try Self.openNamed(temporary, mode)
      }
      name = temporary
    }
    self.target = target
    descriptor = Descriptor(owning: unnamed!)
    temporary = name
    registration = slot
    if let replaced { adopt(replaced) }
  }

  /// Makes a file called `name`, which a second signal removes until it is taken out of `slot`.
  private static func register(
    _ name: FilePath, in slot: inout Int32, make: () throws(SystemError) -> Int32
  ) throws(SystemError) -> Int32 {
    let mine = name.withPlatformString { clinux_unfinished_add($0) }
    do {
      let number = try make()
      clinux_unfinished_made(mine)
      slot = mine
      return number
    } catch {
      clinux_unfinished_made(mine)
      clinux_unfinished_remove(mine)
      throw error
    }
  }

  /// The regular file whose place the new one takes.
  private static func replacedFile(_ target: Destination) -> FileStatus? {
    guard target.replacesExisting, let status = try? FileStatus(of: target.path) else { return nil }
    return status.kind == .regular ? status : nil
  }

  /// Takes over owner and permissions as far as the kernel lets us: only root may give files away, and some file systems
  /// have no permissions (FAT).
  private func adopt(_ replaced: FileStatus) {
    guard let own = try? FileStatus(of: descriptor.number) else { return }
    if own.owner != replaced.owner || own.group != replaced.group {
      _ = fchown(descriptor.number, replaced.owner, replaced.group)
    }
    if own.permissions != replaced.permissions { _ = fchmod(descriptor.number, mode_t(replaced.permissions)) }
  }

  /// The open file, for asynchronous writes.
  package var number: Int32 { descriptor.number }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try DescriptorIO.writeAll(descriptor.number, bytes)
  }

  /// Gives the file its name; throws EEXIST when the name is taken and may not be replaced.
  package mutating func commit() throws(SystemError) {
    try setTimes()
    if let name = temporary {
      try rename(name)
      forgetTemporary()
    } else if target.replacesExisting {
      try replaceWithUnnamed()
    } else {
      _ = try retrying("linkat") { [number] in target.path.withPlatformString { clinux_link_unnamed(number, $0) } }
    }
  }

  /// Comes before the name, so that nobody sees the file with other times.
  private func setTimes() throws(SystemError) {
    guard let times = target.times else { return }
    let both = [times.accessed, times.modified].map { time in
      let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
      return rest < 0
        ? timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(rest) + 1_000_000_000)
        : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
    }
    let fd = descriptor.number
    _ = try retrying("futimens") { futimens(fd, both) }
  }

  deinit {
    if let temporary {
      _ = temporary.withPlatformString { unlink($0) }
      clinux_unfinished_remove(registration)
    }
  }

  /// linkat(2) cannot replace, so the file gets a temporary name for the moment between the two calls.
  private mutating func replaceWithUnnamed() throws(SystemError) {
    do {
      _ = try retrying("linkat") { [number] in target.path.withPlatformString { clinux_link_unnamed(number, $0) } }
    } catch  where error.errno == EEXIST {
      let name = Self.temporaryName(beside: target.path)
      _ = try Self.register(name, in: &registration) { [number] () throws(SystemError) in
        try retrying("linkat") { name.withPlatformString { clinux_link_unnamed(number, $0) } }
      }
      temporary = name
      try rename(name)
      forgetTemporary()
    }
  }

  private func rename(_ name: FilePath) throws(SystemError) {
    _ = try retrying("rename") {
      name.withPlatformString { from in
        target.path.withPlatformString { clinux_rename(from, $0, target.replacesExisting) }
      }
    }
  }

  private mutating func forgetTemporary() {
    clinux_unfinished_remove(registration)
    registration = -1
    temporary = nil
  }

  /// Nil where the folder does not exist or its file system has no unnamed files.
  private static func openUnnamed(in folder: FilePath, _ mode: mode_t) throws(SystemError) -> Int32? {
    let flags = clinux_o_tmpfile | O_WRONLY | O_CLOEXEC | O_DSYNC
    do {
      return try retrying("open") { folder.withPlatformString { open($0, flags, mode) } }
    } catch  where [ENOENT, EOPNOTSUPP, EISDIR, EINVAL].contains(error.errno) {
      return nil
    }
  }

  private static func openNamed(_ name: FilePath, _ mode: mode_t) throws(SystemError) -> Int32 {
    let flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_DSYNC
    return try retrying("open") { name.withPlatformString { open($0, flags, mode) } }
  }

  private static func temporaryName(beside path: FilePath) -> FilePath {
    let unique = "\(getpid())-\(UInt64.random(in: 0 ... .max))"
    return path.removingLastComponent().appending(".lanes-\(unique).part")
  }
}
