import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct OutputFileTests {
  private let folder = TemporaryFolder()

  @Test(arguments: [true, false]) func `nothing is to be seen before the commit`(_ replaces: Bool) throws {
    var file = try OutputFile(Destination(path: folder.file("new"), replacesExisting: replaces))
    try write([1, 2, 3], to: file)
    #expect(try Tree(folder.path).names == [])
    try file.commit()
    #expect(try folder.contents() == ["new": [1, 2, 3]])
  }

  @Test(arguments: [true, false]) func `nothing is left of a file that was given up`(_ replaces: Bool) throws {
    try folder.write("old", [9])
    do {
      let file = try OutputFile(Destination(path: folder.file("old"), replacesExisting: replaces))
      try write([1, 2, 3], to: file)
    }
    #expect(try folder.contents() == ["old": [9]])
  }

  @Test func `an existing file is replaced in one step`() throws {
    let old = try Descriptor.reading(try folder.write("name", [9]))
    var file = try OutputFile(Destination(path: folder.file("name"), replacesExisting: true))
    try write([1, 2], to: file)
    try file.commit()
    #expect(try folder.contents() == ["name": [1, 2]])
    var byte: [UInt8] = [0]
    #expect(try byte.withUnsafeMutableBytes { try DescriptorIO.read(old.number, into: $0) } == 1)
    #expect(byte == [9], "whoever reads the old file keeps it")
  }

  @Test(arguments: [true, false]) func `a link that takes a folder's place while a file is made is not followed`(
    _ replaces: Bool
  ) throws {
    try folder.write("out/sub/name", [9])
    try folder.write("elsewhere/kept", [9])
    var target = Destination(path: folder.file(replaces ? "out/sub/name" : "out/sub/new"), replacesExisting: replaces)
    target.depth = 1
    var file = try OutputFile(target)
    try write([1], to: file)
    #expect(rename(folder.file("out/sub").string, folder.file("out/moved").string) == 0)
    #expect(symlink("../elsewhere", folder.file("out/sub").string) == 0)
    try file.commit()
    #expect(try folder.contents(of: "elsewhere") == ["kept": [9]])
    #expect(try readFile(folder.file(replaces ? "out/moved/name" : "out/moved/new")) == [1])
    #expect(throws: SystemError("open", errno: ELOOP)) { _ = try OutputFile(target) }
  }

  @Test func `missing folders below the destination are made`() throws {
    var target = Destination(path: folder.file("out/a/b/name"), replacesExisting: false)
    target.depth = 2
    var file = try OutputFile(target)
    try write([1], to: file)
    try file.commit()
    #expect(try folder.contents() == ["out/a/b/name": [1]])
  }

  /// A process that was killed while it replaced a file left a name beside it; one that is at it has locked its own.
  @Test(arguments: [false, true]) func `what a killed process left is removed by the next, and what lives stays`(
    _ lives: Bool
  ) throws {
    try folder.write("name", [9])
    let left = UnfinishedName.replacing(folder.file("name"))
    try folder.write(left.lastComponent!.string, [7])
    let owner = try Descriptor.reading(left)
    if lives { #expect(UnfinishedName.lock(owner.number)) }
    var file = try OutputFile(Destination(path: folder.file("name"), replacesExisting: true))
    try write([1, 2], to: file)
    try file.commit()
    let contents = try folder.contents()
    #expect(contents["name"] == [1, 2])
    #expect(contents.count == (lives ? 2 : 1))
  }

  @Test func `an existing file that may not be replaced stays`() throws {
    try folder.write("name", [9])
    #expect(throws: SystemError("linkat", errno: EEXIST)) {
      var file = try OutputFile(Destination(path: folder.file("name"), replacesExisting: false))
      try write([1], to: file)
      try file.commit()
    }
    #expect(try folder.contents() == ["name": [9]])
  }

  @Test func `a folder in the place of the file stays`() throws {
    try folder.write("name/inner", [9])
    #expect(throws: SystemError.self) {
      var file = try OutputFile(Destination(path: folder.file("name"), replacesExisting: true))
      try file.commit()
    }
    #expect(try folder.contents() == ["name/inner": [9]])
  }

  @Test func `new folders have the permissions of those that they mirror`() throws {
    for (name, mode) in [("in", mode_t(0o750)), ("in/sub", 0o500)] {
      try Folders.make(folder.file(name))
      chmod(folder.file(name).string, mode)
    }
    let target = Destination(
      path: folder.file("top/out/sub/a"), replacesExisting: false,
      mirror: FolderMirror(file: folder.file("in/sub/a"), depth: 2))
    var file = try OutputFile(target)
    try file.commit()
    let mask = umask(0)
    umask(mask)
    for (name, mode) in [("top", UInt16(0o777)), ("top/out", 0o750), ("top/out/sub", 0o700)] {
      #expect(try FileStatus(of: folder.file(name)).permissions == mode & ~UInt16(mask), "\(name)")
    }
  }

  @Test func `folders on the way are made`() throws {
    var file = try OutputFile(Destination(path: folder.file("a/b/c"), replacesExisting: false))
    try file.commit()
    #expect(try folder.contents() == ["a/b/c": []])
  }

  @Test func `permissions are those that the user's mask leaves`() throws {
    var file = try OutputFile(Destination(path: folder.file("new"), replacesExisting: false))
    try file.commit()
    let mask = umask(0)
    umask(mask)
    var status = stat()
    #expect(stat(folder.file("new").string, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o666 & ~mask)
  }

  @Test(arguments: [0o644, 0o600, 0o755, 0o444, 0o666]) func `a new file has the permissions that are asked for`(
    _ wanted: UInt16
  ) throws {
    var file = try OutputFile(
      Destination(path: folder.file("new"), replacesExisting: false, permissions: wanted | 0o6000))
    try write([1], to: file)
    try file.commit()
    let mask = umask(0)
    umask(mask)
    var status = stat()
    #expect(stat(folder.file("new").string, &status) == 0)
    #expect(status.st_mode & 0o7777 == mode_t(wanted) & ~mask)
  }

  @Test(arguments: [0o600, 0o640, 0o444, 0o777, 0o4755]) func `a file that is replaced leaves its permissions behind`(
    _ kept: mode_t
  ) throws {
    let path = try folder.write("name", [9])
    chmod(path.string, kept)
    var file = try OutputFile(Destination(path: path, replacesExisting: true, permissions: 0o666))
    try write([1], to: file)
    try file.commit()
    var status = stat()
    #expect(stat(path.string, &status) == 0)
    #expect(status.st_mode & 0o7777 == kept & 0o777)
    #expect(try readFile(path) == [1])
  }

  @Test(arguments: [0, 1_600_000_000_123_456_789, -1_500_000_000]) func `a file has the times that are asked for`(
    _ time: Int64
  ) throws {
    for replaces in [false, true] {
      let times = FileTimes(accessed: time + 5, modified: time)
      var file = try OutputFile(Destination(path: folder.file("new"), replacesExisting: replaces, times: times))
      try write([1], to: file)
      try file.commit()
      #expect(try FileStatus(of: folder.file("new")).times == times)
    }
  }

  @Test func `a link is replaced, not what it points to`() throws {
    let target = try folder.write("target", [9])
    #expect(symlink(target.string, folder.file("link").string) == 0)
    var file = try OutputFile(Destination(path: folder.file("link"), replacesExisting: true))
    try write([1], to: file)
    try file.commit()
    #expect(try readFile(target) == [9])
    #expect(try FileStatus(of: folder.file("link"), followingLinks: false).kind == .regular)
  }

  private func write(_ bytes: Bytes, to file: borrowing OutputFile) throws {
    let number = file.number
    try bytes.withUnsafeBytes { try DescriptorIO.writeAll(number, $0) }
  }
}
