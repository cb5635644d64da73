import CLinux
import Glibc
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
