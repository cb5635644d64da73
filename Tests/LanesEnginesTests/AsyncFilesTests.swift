import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Loads and stores without waiting; with io_uring where the kernel grants it, and always without.
@Suite struct AsyncFilesTests {
  private let folder = TemporaryFolder()

  @Test(arguments: [true, false], [1, 3, 64]) func `many files are loaded whole`(_ usesRing: Bool, _ depth: Int) throws
  {
    let expected = (0..<100).map { number in Bytes((0..<number * 997).map { UInt8(truncatingIfNeeded: $0 &+ number) }) }
    let sources = try expected.enumerated().map { Source.file(try folder.write("\($0)", $1)) }
    #expect(try load(sources, usesRing, depth).map { try $0.get() } == expected)
  }

  @Test(arguments: [true, false]) func `files that are in the page cache by halves or not at all are loaded whole`(
    _ usesRing: Bool
  ) throws {
    let expected = (0..<60).map { number in Bytes((0..<number * 9973).map { UInt8(truncatingIfNeeded: $0 &+ number) }) }
    let sources = try expected.enumerated().map { number, bytes in
      let path = try folder.write("\(number)", bytes)
      let file = open(path.string, O_RDWR)
      fsync(file)
      if number % 3 != 0 { posix_fadvise(file, 0, number % 3 == 1 ? 0 : off_t(bytes.count / 2), POSIX_FADV_DONTNEED) }
      close(file)
      return Source.file(path)
    }
    #expect(try load(sources, usesRing, 8).map { try $0.get() } == expected)
  }

  @Test(arguments: [true, false]) func `several files of a unit lie one behind the other, with their lengths`(
    _ usesRing: Bool
  ) throws {
    let contents = [0, 1, 70_000, 300_000, 0].map { count in
      Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    }
    let paths = try contents.enumerated().map { try folder.write("\($0)", $1) }
    let missing = folder.file("missing")
    let results = try load(
      [.files(paths), .files([paths[1]]), .files([paths[1], missing]), .files([missing, paths[1]]), .file(paths[2])],
      usesRing, 2)
    let joined = try results[0].get()
    let ranges = try #require(joined.withUnsafeBytes { JoinedFiles.ranges(in: $0, count: 5) })
    #expect(ranges.map { Bytes(joined[$0]) } == contents)
    #expect(try results[1].get() == contents[1] + [1, 0, 0, 0, 0, 0, 0, 0])
    #expect(failure(results[2])?.reason == "\(missing.string): no such file or directory")
    #expect(failure(results[3])?.reason == "no such file or directory")
    #expect(try results[4].get() == contents[2])
  }

  @Test(arguments: [true, false]) func `slices are what they say`(_ usesRing: Bool) throws {
    let bytes = Bytes((0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 3) })
    let path = try folder.write("file", bytes)
    let cuts = [(0, 1), (4095, 4098), (100_000, 100_000), (199_999, 1), (0, 200_000)]
    let sources = try cuts.map { Source.slice(try slice(path, $0.0, $0.1)) }
    let loaded = try load(sources, usesRing).map { try $0.get() }
    #expect(loaded == cuts.map { Bytes(bytes[$0.0..<$0.0 + $0.1]) })
  }

  @Test(arguments: [true, false]) func `files that do not say their size are read to their end`(_ usesRing: Bool) throws
  {
    let results = try load([.file("/proc/filesystems"), .file("/proc/self/maps"), .file("/dev/null")], usesRing)
    #expect(try results[0].get() == readFile("/proc/filesystems"))
    #expect(try results[1].get().last == 0x0A)
    #expect(try results[2].get() == [])
  }

  @Test(arguments: [true, false]) func `what cannot be read fails alone and with the kernel's reason`(_ usesRing: Bool)
    throws
  {
    let good = try folder.write("good", [1, 2])
    let short = try folder.write("short", Bytes(repeating: 1, count: 1000))
    let planned = try slice(short, 500, 500)
    truncate(short.string, 600)
    let replaced = try slice(good, 0, 2)
    let other = FileSlice(path: short, offset: 0, length: 2, identity: replaced.identity)
    let results = try load(
      [.file(folder.file("missing")), .file(folder.path), .slice(planned), .slice(other), .file(good)], usesRing)
    #expect(failure(results[0]) == UnitFailure(.input, "no such file or directory"))
    #expect(failure(results[1]) == UnitFailure(.input, "is a directory"))
    #expect(failure(results[2]) == .cutShort(at: 600))
    #expect(failure(results[3])?.reason == "another file took its place while it was read")
    #expect(try results[4].get() == [1, 2])
  }

  @Test(arguments: [true, false]) func `memory that holds something already is filled anew`(_ usesRing: Bool) throws {
    let path = try folder.write("file", [7])
    let storage = HeapStorage()
    try storage.grow(to: 100_000, keeping: 0)
    storage.base!.initializeMemory(as: UInt8.self, repeating: 9, count: 100_000)
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: 4, usesRing: usesRing)
    var count = -1
    files.load(.file(path), into: storage) { count = (try? $0.get()) ?? -2 }
    try finish(files, reactor)
    #expect(count == 1)
    #expect(storage.base!.load(as: UInt8.self) == 7)
  }

  @Test(arguments: [true, false]) func `files are stored whole, and folders made for them`(_ usesRing: Bool) throws {
    let contents = (0..<50).map { Bytes(repeating: UInt8($0), count: $0 * 5000) }
    let targets = contents.indices.map { Destination(path: folder.file("a/\($0 % 3)/\($0)"), replacesExisting: false) }
    let results = try store(Array(zip(contents, targets)), usesRing)
    #expect(results.allSatisfy { $0 == nil })
    for (bytes, target) in zip(contents, targets) { #expect(try readFile(target.path) == bytes) }
    #expect(try Tree(folder.path).files.count == 50)
  }

  @Test(arguments: [true, false]) func `an existing file is kept unless it may be replaced`(_ usesRing: Bool) throws {
    let kept = try folder.write("kept", [1])
    let replaced = try folder.write("replaced", [1])
    let results = try store(
      [
        ([2], Destination(path: kept, replacesExisting: false)),
        ([3], Destination(path: replaced, replacesExisting: true)),
        ([4], Destination(path: "/proc/lanes/file", replacesExisting: true)),
      ], usesRing)
    #expect(results[0] == UnitFailure(.output, "\(kept) exists already"))
    #expect(results[1] == nil)
    #expect(results[2]?.kind == .output)
    #expect(try folder.contents() == ["kept": [1], "replaced": [3]])
  }

  @Test(arguments: [true, false]) func `no more operations run than were allowed, and all are counted`(_ usesRing: Bool)
    throws
  {
    let path = try folder.write("file", [1])
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: 2, usesRing: usesRing)
    #expect((files.refusal != nil) || usesRing)
    var room: [Bool] = []
    for _ in 0..<5 {
      room.append(files.hasRoom)
      files.load(.file(path), into: HeapStorage()) { _ in }
    }
    #expect(room == [true, true, false, false, false])
    #expect(files.pending == 5)
    try finish(files, reactor)
    #expect(files.pending == 0 && files.hasRoom)
  }

  @Test(arguments: [true, false]) func `a file over the budget is refused before there is memory for it`(
    _ usesRing: Bool
  ) throws {
    let large = try folder.sparse("large")
    let size = try FileStatus(of: large).size
    let exact = try folder.write("exact", Bytes(repeating: 1, count: 1000))
    let over = try folder.write("over", Bytes(repeating: 1, count: 1001))
    let results = try load([.file(large), .file(exact), .file(over), .file("/dev/zero")], usesRing, budget: 1000)
    #expect(failure(results[0]) == .tooLarge(size, budget: 1000))
    #expect(try results[1].get().count == 1000)
    #expect(failure(results[2]) == .tooLarge(1001, budget: 1000))
    #expect(failure(results[3])?.kind == .resources, "what does not say its size is stopped on the way")
  }

  @Test(arguments: [EAGAIN, EBUSY]) func `requests that the kernel does not take now are handed over again`(
    _ code: Int32
  ) throws {
    let expected = (0..<100).map { number in Bytes(repeating: UInt8(number), count: number * 997) }
    let sources = try expected.enumerated().map { Source.file(try folder.write("\($0)", $1)) }
    var calls = 0
    let results = try load(sources, true, 64) { submit in
      calls += 1
      return calls % 3 == 0 ? submit() : -code
    }
    #expect(try results.map { try $0.get() } == expected)
    let refusal = try AsyncFiles(reactor: Reactor(), depth: 1).refusal
    #expect(calls > 2 || refusal != nil)
  }

  @Test func `a ring that refuses for good ends the run and not the process`() throws {
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: 4) { _ in -EBADF }
    guard files.refusal == nil else { return }
    let path = try folder.write("file", [1])
    files.load(.file(path), into: HeapStorage()) { _ in Issue.record("it was never asked for") }
    #expect(throws: SystemError("io_uring_enter", errno: EBADF)) { try files.advance() }
  }

  private func load(
    _ sources: [Source], _ usesRing: Bool, _ depth: Int = 8, budget: Int = .max,
    submit: @escaping (() -> Int32) -> Int32 = { $0() }
  ) throws -> [Result<Bytes, UnitFailure>] {
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: depth, usesRing: usesRing, budget: budget, submit: submit)
    var results: [Result<Bytes, UnitFailure>?] = Array(repeating: nil, count: sources.count)
    for (index, source) in sources.enumerated() {
      let storage = HeapStorage()
      files.load(source, into: storage) { result in
        #expect(results[index] == nil, "completed once")
        results[index] = result.map { Bytes(UnsafeRawBufferPointer(start: storage.base, count: $0)) }
      }
    }
    try finish(files, reactor)
    return try results.map { try #require($0) }
  }

  /// The failures of stores, nil for those that succeeded.
  private func store(_ orders: [(Bytes, Destination)], _ usesRing: Bool) throws -> [UnitFailure?] {
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: 8, usesRing: usesRing)
    var results: [Result<Void, UnitFailure>?] = Array(repeating: nil, count: orders.count)
    let buffers = orders.map { bytes, _ in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      buffer.copyBytes(from: bytes)
      return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    for (index, order) in orders.enumerated() {
      files.store(UnsafeRawBufferPointer(buffers[index]), to: order.1) { results[index] = $0 }
    }
    try finish(files, reactor)
    return try results.map { result in
      if case .failure(let failure) = try #require(result) { failure } else { nil }
    }
  }

  private func finish(_ files: AsyncFiles, _ reactor: Reactor) throws {
    while files.pending > 0 {
      if try files.advance() { continue }
      try reactor.turn(waiting: files.pending > 0)
    }
  }

  private func failure(_ result: Result<Bytes, UnitFailure>) -> UnitFailure? {
    if case .failure(let failure) = result { failure } else { nil }
  }

  private func slice(_ path: FilePath, _ offset: Int, _ length: Int) throws -> FileSlice {
    FileSlice(path: path, offset: offset, length: length, identity: try FileStatus(of: path).identity)
  }
}
