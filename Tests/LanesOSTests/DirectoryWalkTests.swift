import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct DirectoryWalkTests {
  private let folder = TemporaryFolder()

  @Test func `files come in byte order of names, depth first`() throws {
    for name in ["b", "a/z", "a/B", "a.txt", "C", "a/b/c", "é", "a b"] { try folder.write(name, []) }
    #expect(relatives() == ["C", "a/B", "a/b/c", "a/z", "a b", "a.txt", "b", "é"])
  }

  @Test func `links are not followed and loops not entered`() throws {
    try folder.write("real/file", [])
    #expect(symlink("..", folder.file("real/up").string) == 0)
    #expect(symlink("real", folder.file("alias").string) == 0)
    #expect(symlink("real/file", folder.file("filelink").string) == 0)
    #expect(symlink("self", folder.file("self").string) == 0)
    #expect(symlink("nowhere", folder.file("broken").string) == 0)
    #expect(relatives() == ["real/file"])
  }

  @Test func `the root may itself be a link`() throws {
    try folder.write("real/file", [])
    #expect(symlink("real", folder.file("alias").string) == 0)
    #expect(relatives(folder.file("alias")) == ["file"])
  }

  @Test func `pipes, sockets and devices are passed over`() throws {
    #expect(mkfifo(folder.file("fifo").string, 0o600) == 0)
    try folder.write("file", [])
    #expect(relatives() == ["file"])
  }

  @Test func `a directory that cannot be read is told, and the walk goes on`() throws {
    let steps = walk(folder.file("missing"))
    #expect(steps == ["unreadable missing: no such file or directory"])
    let file = try folder.write("file", [])
    #expect(walk(file) == ["unreadable file: not a directory"])
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func `a directory without leave is told, and its neighbors are walked`() throws {
    try folder.write("a/secret", [])
    try folder.write("b/file", [])
    #expect(chmod(folder.file("a").string, 0) == 0)
    defer { chmod(folder.file("a").string, 0o700) }
    #expect(walk(folder.path) == ["unreadable a: permission denied", "b/file"])
  }

  @Test func `names keep their bytes, whatever they are`() throws {
    let names: [Bytes] = [[0x0A], [0x2D, 0x72], [0x80, 0xFE], [0xFF]]
    for name in names {
      _ = try Descriptor.creating(folder.path.pushing(FilePath(rawBytes: name)))
    }
    var found: [Bytes] = []
    let walk = DirectoryWalk(root: folder.path)
    while let step = walk.next() {
      guard case .file(let file) = step else { continue }
      found.append(file.relative.rawBytes)
      #expect(throws: Never.self) { try FileStatus(of: file.path) }
    }
    #expect(found == names)
  }

  @Test func `a file's status is its own, also behind directories that were entered`() throws {
    let sizes = ["a": 1, "b/c": 2, "b/d/e": 3, "b/f": 4, "g": 5]
    for (name, size) in sizes { try folder.write(name, Bytes(repeating: 0, count: size)) }
    let walk = DirectoryWalk(root: folder.path)
    var found: [String: Int] = [:]
    while let step = walk.next() {
      guard case .file(let file) = step else { continue }
      found[file.relative.string] = try walk.status(of: file).size
    }
    #expect(found == sizes)
  }

  @Test func `a file that went after it was found has no status`() throws {
    let path = try folder.write("file", [])
    let walk = DirectoryWalk(root: folder.path)
    guard case .file(let file)? = walk.next() else { throw SystemError("no file", errno: ENOENT) }
    #expect(file.path == path)
    #expect(unlink(path.string) == 0)
    #expect(throws: SystemError("stat", errno: ENOENT)) { try walk.status(of: file) }
  }

  @Test func `names that begin alike come in byte order`() throws {
    let names = ["12345678", "123456789", "1234567890", "12345678a", "12345678é", "1234567é"]
    for name in names.reversed() { try folder.write(name, []) }
    #expect(relatives() == names)
  }

  @Test func `an empty folder holds nothing`() { #expect(relatives() == []) }

  @Test func `a deep tree is walked to its end`() throws {
    let name = Array(repeating: "d", count: 200).joined(separator: "/") + "/file"
    try folder.write(name, [])
    #expect(relatives() == [name])
  }

  @Test func `removing a tree follows no link`() throws {
    let outside = TemporaryFolder()
    try outside.write("kept", [1])
    try folder.write("tree/a/b", [])
    #expect(symlink(outside.path.string, folder.file("tree/link").string) == 0)
    Folders.remove(folder.file("tree"))
    #expect(throws: SystemError("stat", errno: ENOENT)) { try FileStatus(of: folder.file("tree")) }
    #expect(try outside.contents() == ["kept": [1]])
  }

  private func relatives(_ root: FilePath? = nil) -> [String] { walk(root ?? folder.path) }

  private func walk(_ root: FilePath) -> [String] {
    let walk = DirectoryWalk(root: root)
    var steps: [String] = []
    while let step = walk.next() {
      switch step {
      case .file(let file): steps.append(file.relative.string)
      case .unreadable(let path, let error): steps.append("unreadable \(path.lastComponent!.string): \(error.reason)")
      }
    }
    return steps
  }
}
