import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct LoaderTests {
  private let folder = TemporaryFolder()
  private let loader = BlockingLoader()

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 1_000_000]) func `a file is loaded whole`(_ size: Int) throws {
    let bytes = Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) })
    try loader.load(.file(folder.write("file", bytes)))
    #expect(loader.count == size)
    #expect(loaded == bytes)
    loader.release()
    #expect(loader.count == 0 && loaded == [])
  }

  @Test func `several files of a unit are loaded one behind the other, and their sum is held to the budget`() throws {
    let contents = [0, 65_536, 1, 100_000].map { count in Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 5) })
    }
    let paths = try contents.enumerated().map { try folder.write("\($0)", $1) }
    try loader.load(.files(paths))
    let joined = loaded
    let ranges = try #require(joined.withUnsafeBytes { JoinedFiles.ranges(in: $0, count: 4) })
    #expect(ranges.map { Bytes(joined[$0]) } == contents)
    let missing = folder.file("missing")
    #expect(throws: UnitFailure(.input, "\(missing.string): no such file or directory")) {
      try loader.load(.files([paths[1], missing]))
    }
    #expect(loader.count == 0 && loaded == [])
    let small = BlockingLoader(budget: 150_000)
    #expect(throws: UnitFailure.self) { try small.load(.files(paths)) }
    try small.load(.files([paths[3]]))
    #expect(small.count == 100_008)
  }

  @Test(arguments: [1, 999, 1000, 1001, 65_535, 65_536, 1_000_000])
  func `a file that is not of the expected size is loaded whole all the same`(_ expected: Int) throws {
    for size in [0, 1000, 65_535, 65_536, 65_537] {
      let bytes = Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) })
      try loader.load(.file(folder.write("file", bytes)), expecting: expected)
      #expect(loaded == bytes)
    }
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 131_072])
  func `of a file of unknown size no more is loaded than tells that it is too large`(_ limit: Int) throws {
    for size in [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 400_000] {
      let bytes = Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) })
      try loader.load(.head(folder.write("file", bytes), limit: limit))
      #expect(loaded == Bytes(bytes.prefix(limit + 1)))
    }
    // It comes in small pieces, and says that it is empty.
    try loader.load(.head("/proc/self/mountinfo", limit: 1 << 20))
    let loaded = loaded
    try loader.load(.file("/proc/self/mountinfo"))
    #expect(loaded == self.loaded)
    #expect(throws: UnitFailure(.input, "is a directory")) { try loader.load(.head(folder.path, limit: 10)) }
  }

  @Test func `a file over the budget is refused before there is memory for it`() throws {
    let loader = BlockingLoader(budget: 1000)
    let large = try folder.sparse("large")
    let size = try FileStatus(of: large).size
    #expect(throws: UnitFailure.tooLarge(size, budget: 1000)) { try loader.load(.file(large)) }
    #expect(throws: UnitFailure.tooLarge(size, budget: 1000)) { try loader.load(.file(large), expecting: size) }
    try loader.load(.file(folder.write("exact", Bytes(repeating: 1, count: 1000))))
    #expect(loader.count == 1000)
    #expect(throws: UnitFailure.self) { try loader.load(.file(folder.write("over", Bytes(repeating: 1, count: 1001)))) }
    #expect(throws: UnitFailure.self, "what does not say its size is stopped on the way") {
      try loader.load(.file("/dev/zero"))
    }
  }

  @Test func `a directory where a file was expected is refused`() throws {
    #expect(throws: UnitFailure(.input, "is a directory")) {
      try loader.load(.file(folder.path), expecting: 10)
    }
  }

  @Test func `memory is used again without mixing files up`() throws {
    try loader.load(.file(folder.write("long", Bytes(repeating: 1, count: 300_000))))
    try loader.load(.file(folder.write("short", [2, 3])))
    #expect(loaded == [2, 3])
    try loader.load(.bytes([4]))
    #expect(loaded == [4])
    try loader.load(.none)
    #expect(loaded == [])
  }

  @Test(arguments: [(0, 10), (4095, 2), (4096, 4096), (99_999, 1), (1, 99_999)]) func `a slice is mapped where it lies`(
    _ offset: Int, _ length: Int
  ) throws {
    let bytes = Bytes((0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
    let source = Source.slice(try slice(folder.write("file", bytes), offset, length))
    try loader.load(source)
    #expect(loaded == Bytes(bytes[offset..<offset + length]))
    try loader.verify(source)
  }

  @Test func `a file of proc is read to its end although it claims to be empty`() throws {
    #expect(try FileStatus(of: FilePath("/proc/filesystems")).size == 0)
    try loader.load(.file("/proc/filesystems"))
    #expect(String(decoding: loaded, as: UTF8.self).contains("proc\n"))
  }

  @Test(arguments: [("", "is a directory"), ("missing/file", "no such file or directory")])
  func `what cannot be read is refused with the kernel's reason`(_ name: String, _ reason: String) throws {
    let folder = TemporaryFolder()
    try loader.load(.bytes([1]))
    #expect(throws: UnitFailure(.input, reason)) { try loader.load(.file(folder.path.appending(name))) }
    #expect(loader.count == 0 && loaded == [])
  }

  @Test func `a slice that another file has taken the place of is refused`() throws {
    let path = try folder.write("file", Bytes(repeating: 1, count: 1000))
    let planned = try slice(path, 0, 1000)
    try folder.write("other", Bytes(repeating: 2, count: 1000))
    #expect(rename(folder.file("other").string, path.string) == 0)
    #expect(throws: UnitFailure(.input, "another file took its place while it was read")) {
      try loader.load(.slice(planned))
    }
  }

  @Test func `a slice behind the end of a file cut short is refused`() throws {
    let path = try folder.write("file", Bytes(repeating: 1, count: 1000))
    let planned = try slice(path, 500, 500)
    truncate(path.string, 700)
    #expect(throws: UnitFailure.cutShort(at: 700)) { try loader.load(.slice(planned)) }
  }

  @Test func `a file cut short under its mapping reads as zeros and is told`() throws {
    let path = try folder.write("file", Bytes(repeating: 1, count: 100_000))
    let source = Source.slice(try slice(path, 20_000, 80_000))
    try loader.load(source)
    #expect(loaded == Bytes(repeating: 1, count: 80_000))
    truncate(path.string, 50_000)
    let bytes = loaded
    // The page that the file now ends in stays, zeroed behind the end; what lies on later pages is lost.
    #expect(bytes[..<30_000].allSatisfy { $0 == 1 })
    #expect(bytes[30_000...].allSatisfy { $0 == 0 })
    #expect(throws: UnitFailure.cutShort(at: 50_000)) { try loader.verify(source) }
    try loader.load(.file(path))
    #expect(loaded.count == 50_000)
    try loader.verify(.file(path))
  }

  @Test func `bytes lost on the page that a file ends in are told although no page is lost`() throws {
    let path = try folder.write("file", Bytes(repeating: 1, count: 100_000))
    let source = Source.slice(try slice(path, 0, 100_000))
    try loader.load(source)
    truncate(path.string, 99_999)
    #expect(loaded.last == 0)
    #expect(throws: UnitFailure.cutShort(at: 99_999)) { try loader.verify(source) }
  }

  @Test func `pages lost are told although the file has grown again`() throws {
    let path = try folder.write("file", Bytes(repeating: 1, count: 100_000))
    let source = Source.slice(try slice(path, 0, 100_000))
    try loader.load(source)
    truncate(path.string, 50_000)
    #expect(loaded.last == 0)
    truncate(path.string, 100_000)
    #expect(throws: UnitFailure.cutShort(at: 53_248)) { try loader.verify(source) }
  }

  @Test func `two mappings cut short do not disturb each other`() throws {
    let (one, other) = (BlockingLoader(), BlockingLoader())
    let path = try folder.write("one", Bytes(repeating: 1, count: 20_000))
    let kept = try folder.write("other", Bytes(repeating: 2, count: 20_000))
    let (cut, whole) = (Source.slice(try slice(path, 0, 20_000)), Source.slice(try slice(kept, 0, 20_000)))
    try one.load(cut)
    try other.load(whole)
    truncate(path.string, 0)
    let sums = [one, other].map { loader in
      loader.withInput { input in input.withUnsafeBytes { $0.reduce(0) { $0 + Int($1) } } }
    }
    #expect(sums == [0, 40_000])
    #expect(throws: UnitFailure.cutShort(at: 0)) { try one.verify(cut) }
    try other.verify(whole)
  }

  private var loaded: Bytes { loader.withInput { input in input.withUnsafeBytes { Bytes($0) } } }

  private func slice(_ path: FilePath, _ offset: Int, _ length: Int) throws -> FileSlice {
    FileSlice(path: path, offset: offset, length: length, identity: try FileStatus(of: path).identity, access: .mapped)
  }
}
