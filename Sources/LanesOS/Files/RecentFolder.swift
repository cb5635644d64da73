import CLinux
import Glibc
import LanesCore
import SystemPackage

/// Opens files by their names in a folder that stays open while files in it are asked for one after the other: the kernel
/// then walks each path once for the folder and not for every file.
///
/// Belongs to one thread, and holds one descriptor at most.
package final class RecentFolder {
  /// The part of the last path that names its folder, with a slash and a zero byte at the end; empty where it has none.
  private var name: [CChar] = []
  /// Of the folder, or -1 where it is not open.
  private var folder: Int32 = -1

  package init() {}

  deinit { leave() }

  private func leave() {
    if folder >= 0 { close(folder) }
    folder = -1
  }

  /// As `Descriptor.reading`.
  package func reading(_ path: FilePath) throws(SystemError) -> Descriptor {
    try StandardStreams.check(path)
    let number = try retrying("open") { path.withPlatformString(open) }
    return Descriptor(owning: number)
  }

  private func open(_ path: UnsafePointer<CChar>) -> Int32 {
    let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
    guard let slash = strrchr(path, 0x2F) else { return Glibc.open(path, flags) }
    let length = slash - UnsafeMutablePointer(mutating: path) + 1
    guard length + 1 == name.count, memcmp(path, name, length) == 0 else {
      leave()
      name = Array(UnsafeBufferPointer(start: path, count: length)) + [0]
      return Glibc.open(path, flags)
    }
    // From the second file on, so that a folder with a single one costs nothing.
    if folder < 0 { folder = Glibc.open(name, clinux_o_path | O_DIRECTORY | O_CLOEXEC) }
    return folder < 0 ? Glibc.open(path, flags) : openat(folder, slash + 1, flags)
  }
}
