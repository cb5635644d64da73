import Glibc
import LanesCore
import SystemPackage

/// A directory that is open for reading.
final class OpenDirectory {
  fileprivate let stream: OpaquePointer

  init(_ path: FilePath) throws(SystemError) {
    let opened = path.withPlatformString { opendir($0) }
    let code = errno
    guard let opened else { throw SystemError("opendir", errno: code) }
    stream = opened
  }

  deinit { closedir(stream) }

  /// The descriptor, for calls on names in the directory.
  var number: Int32 { dirfd(stream) }
}

/// The names in a directory, in byte order, all in one piece of memory.
struct DirectoryNames {
  private struct Entry {
    /// The first eight bytes, most significant first: they decide most comparisons.
    let head: UInt64
    /// Where the name starts among the bytes.
    let start: Int
    let length: Int
    let kind: UInt8
  }

  /// Names, each with a zero byte behind it.
  private var bytes = Bytes()
  private var entries: [Entry] = []

  /// Reads all of it, but the directory itself and the one above.
  init(_ directory: OpenDirectory) throws(SystemError) {
    while true {
      errno = 0
      guard let found = readdir(directory.stream) else {
        let code = errno
        guard code == 0 else { throw SystemError("readdir", errno: code) }
        break
      }
      add(found)
    }
    bytes.withUnsafeBufferPointer { bytes in
      entries.sort { one, other in
        if one.head != other.head { return one.head < other.head }
        // Zero bytes end the names, so that memory behind them is not compared.
        return strcmp(bytes.baseAddress! + one.start, bytes.baseAddress! + other.start) < 0
      }
    }
  }

  var count: Int { entries.count }

  /// The kind of file as readdir(3) tells it.
  func kind(_ position: Int) -> UInt8 { entries[position].kind }

  func withName<Result, Failure: Error>(
    _ position: Int, _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try body(UnsafeRawPointer(bytes.baseAddress! + entries[position].start).assumingMemoryBound(to: CChar.self))
    }
  }

  /// The name behind `prefix`.
  func path(_ position: Int, behind prefix: Bytes) -> FilePath {
    let entry = entries[position]
    return withUnsafeTemporaryAllocation(byteCount: prefix.count + entry.length + 1, alignment: 1) { whole in
      whole.copyBytes(from: prefix)
      UnsafeMutableRawBufferPointer(rebasing: whole[prefix.count...])
        .copyBytes(from: bytes[entry.start...entry.start + entry.length])
      return FilePath(platformString: whole.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
  }

  private mutating func add(_ found: UnsafeMutablePointer<dirent>) {
    withUnsafePointer(to: &found.pointee.d_name) {
      $0.withMemoryRebound(to: UInt8.self, capacity: 256) { name in
        let length = strlen(name)
        // "." and "..".
        if name[0] == 0x2E, length == 1 || length == 2 && name[1] == 0x2E { return }
        var head: UInt64 = 0
        for index in 0..<8 { head = head << 8 | UInt64(index < length ? name[index] : 0) }
        entries.append(Entry(head: head, start: bytes.count, length: length, kind: found.pointee.d_type))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name, count: length + 1))
      }
    }
  }
}
