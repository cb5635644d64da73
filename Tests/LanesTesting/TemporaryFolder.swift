import Glibc
import LanesCore
import LanesOS
import SystemPackage

/// A new folder below TMPDIR or /tmp, removed with all it holds when the last reference goes.
package final class TemporaryFolder: Sendable {
  package let path: FilePath

  package init() {
    let base = FilePath(Terminal.variable("TMPDIR") ?? "/tmp")
    do { path = try Folders.makeTemporary(base, prefix: "lanes-test-") } catch {
      fatalError("no temporary folder: \(error)")
    }
  }

  deinit { Folders.remove(path) }

  /// The path of `name` inside the folder.
  package func file(_ name: String) -> FilePath { path.appending(name) }

  /// Makes a file, and folders on the way to it.
  @discardableResult
  package func write(_ name: String, _ bytes: some Collection<UInt8>) throws -> FilePath {
    let path = file(name)
    try Folders.make(path.removingLastComponent())
    let fd = path.withPlatformString { open($0, O_CREAT | O_TRUNC | O_WRONLY, 0o644) }
    guard fd >= 0 else { throw SystemError("open", errno: errno) }
    defer { close(fd) }
    try Bytes(bytes).withUnsafeBytes { try DescriptorIO.writeAll(fd, $0) }
    return path
  }

  /// Makes a file that claims to hold `size` bytes and takes no room; of 1 TB where the file system has no such large files.
  package func sparse(_ name: String, size: Int = 7_000_000_000_000) throws -> FilePath {
    let path = try write(name, Bytes())
    for size in [size, 1_000_000_000_000] where path.withPlatformString({ truncate($0, off_t(size)) }) == 0 {
      return path
    }
    throw SystemError("truncate", errno: errno)
  }

  /// All files in the folder with their contents, by path relative to it.
  package func contents(of subfolder: String = "") throws -> [String: Bytes] {
    var found: [String: Bytes] = [:]
    let walk = DirectoryWalk(root: subfolder.isEmpty ? path : file(subfolder))
    while let step = walk.next() {
      if case .file(let file) = step { found[file.relative.forDisplay] = try readFile(file.path) }
    }
    return found
  }
}

/// All bytes of a file.
package func readFile(_ path: FilePath) throws -> Bytes {
  let file = try Descriptor.reading(path)
  var bytes = Bytes()
  var piece = Bytes(repeating: 0, count: 1 << 16)
  while let count = try piece.withUnsafeMutableBytes({ try DescriptorIO.read(file.number, into: $0) }), count > 0 {
    bytes += piece[..<count]
  }
  return bytes
}

/// Fills `bytes` from a pipe, however many reads and waits that takes; throws when the pipe ends before.
package func readExactly(_ fd: Int32, into bytes: inout Bytes) throws {
  var filled = 0
  while filled < bytes.count {
    let count = try bytes.withUnsafeMutableBytes {
      try DescriptorIO.read(fd, into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
    }
    if count == 0 { throw SystemError("read", errno: EPIPE) }
    if count == nil { try DescriptorIO.wait(for: [(fd, .readable)]) }
    filled += count ?? 0
  }
}

/// How many more descriptors are open after `body` than before it: the middle one of five trials, since the test library
/// opens and closes some of its own while a process starts.
package func gainedDescriptors(_ body: () throws -> Void) rethrows -> Int {
  let gains = try (0..<5).map { _ in
    let before = openDescriptorCount()
    try body()
    return openDescriptorCount() - before
  }
  return gains.sorted()[2]
}
