import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct RecentFolderTests {
  private let folder = TemporaryFolder()
  private let recent = RecentFolder()

  private func text(_ path: FilePath) throws -> String {
    let file = try recent.reading(path)
    return String(decoding: try DescriptorIO.bytes(file.number, at: 0, count: 100), as: UTF8.self)
  }

  @Test func `files of several folders are opened, in any order`() throws {
    let names = ["a/1", "a/2", "a/3", "b/1", "b/c/1", "b/c/2", "b/2", "1", "2"]
    for name in names { try folder.write(name, Bytes(name.utf8)) }
    for name in names + names.reversed() + names.flatMap({ [$0, $0] }) { #expect(try text(folder.file(name)) == name) }
  }

  @Test func `what is missing or forbidden is told by the kernel, in an open folder too`() throws {
    try folder.write("a/1", [0x31])
    for _ in 0..<3 {
      #expect(try text(folder.file("a/1")) == "1")
      #expect(throws: SystemError("open", errno: ENOENT)) { _ = try recent.reading(folder.file("a/none")) }
      #expect(throws: SystemError("open", errno: ENOENT)) { _ = try recent.reading(folder.file("none/1")) }
      #expect(throws: SystemError("open", errno: ENOTDIR)) { _ = try recent.reading(folder.file("a/1/x")) }
      #expect(throws: SystemError("open", errno: ENOTDIR)) { _ = try recent.reading(folder.file("a/1/x")) }
    }
  }

  @Test func `names without a folder are those of the current one`() throws {
    for _ in 0..<3 {
      #expect(throws: SystemError("open", errno: ENOENT)) { _ = try recent.reading("no such name here") }
      _ = try recent.reading("/proc/self/maps")
      _ = try recent.reading("/")
    }
  }
}
