import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@testable import LanesEngines

/// Files that one request opens, reads and closes.
@Suite struct WholeLoadTests {
  private let folder = TemporaryFolder()

  /// Loads files that are taken not to be in the page cache, at most 15 of them so that none is looked for there.
  private func load(
    _ orders: [(path: FilePath, expected: Int)], depth: Int = 8, budget: Int = .max,
    submit: @escaping (() -> Int32) -> Int32 = { $0() }
  ) throws -> (results: [Result<Bytes, UnitFailure>], traffic: RingTraffic) {
    let reactor = try Reactor()
    let files = try AsyncFiles(reactor: reactor, depth: depth, budget: budget, isCold: true, submit: submit)
    var results: [Result<Bytes, UnitFailure>?] = Array(repeating: nil, count: orders.count)
    for (index, order) in orders.enumerated() {
      let storage = HeapStorage()
      files.load(.file(order.path), into: storage, expecting: order.expected) { result in
        #expect(results[index] == nil, "completed once")
        results[index] = result.map { Bytes(UnsafeRawBufferPointer(start: storage.base, count: $0)) }
      }
    }
    while files.pending > 0 {
      if try files.advance() { continue }
      try reactor.turn(waiting: files.pending > 0)
    }
    return (try results.map { try #require($0) }, files.traffic)
  }

  private func bytes(_ count: Int) -> Bytes { Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }) }

  @Test(arguments: [1, 3, 64]) func `files of any length come whole, by one answer each`(_ depth: Int) throws {
    let sizes = [1, 2, 511, 4095, 4096, 4097, 65536, 70_000, 262_143, 262_144, 1_000_003]
    let paths = try sizes.map { try folder.write("f\($0)", bytes($0)) }
    let (results, traffic) = try load(zip(paths, sizes).map { ($0, $1) }, depth: depth)
    #expect(try results.map { try $0.get() } == sizes.map(bytes))
    guard let completed = traffic.completed, try canLoad() else { return }
    #expect(completed == sizes.count)
    #expect(traffic.submitted == 3 * sizes.count)
  }

  @Test func `files that are not as long as they were come whole all the same`() throws {
    let lengths = [0, 1, 999, 1000, 1001, 5000, 400_000]
    let paths = try lengths.map { try folder.write("f\($0)", bytes($0)) }
    let (results, _) = try load(paths.map { ($0, 1000) })
    #expect(try results.map { try $0.get() } == lengths.map(bytes))
  }

  @Test func `what cannot be read fails alone and with the kernel's reason`() throws {
    let good = try folder.write("good", bytes(300))
    let large = try folder.write("large", bytes(3000))
    let (results, _) = try load(
      [
        (folder.file("missing"), 300), (good, 300), (folder.path, 4096), (large, 3000), (large, 300), (good, 300),
        (good.appending("below"), 20),
      ], budget: 2000)
    let failures = results.map { if case .failure(let failure) = $0 { failure } else { UnitFailure?.none } }
    #expect(failures[0] == UnitFailure(.input, "no such file or directory"))
    #expect(failures[2] == UnitFailure(.input, "is a directory"))
    #expect(failures[3] == .tooLarge(3000, budget: 2000) && failures[4] == failures[3])
    #expect(failures[6] == UnitFailure(.input, "not a directory"))
    for index in [1, 5] { #expect(try results[index].get() == bytes(300)) }
  }

  /// Nobody answers for what follows an open that failed, and its place among the ring's files is taken again.
  @Test func `places come round, also behind failures`() throws {
    let sizes = Array(1...7)
    let paths = try sizes.map { try folder.write("f\($0)", bytes($0)) }
    var orders = zip(paths, sizes).map { ($0, $1) }
    for index in [1, 3, 5] { orders.insert((folder.file("missing"), 10), at: index) }
    for _ in 0..<5 {
      let results = try load(orders, depth: 1).results
      let loaded = results.compactMap { try? $0.get() }
      #expect(loaded == sizes.map(bytes))
    }
  }

  @Test func `a kernel that takes requests late changes nothing`() throws {
    let sizes = Array(1...14)
    let paths = try sizes.map { try folder.write("f\($0)", bytes($0 * 1000)) }
    var calls = 0
    let (results, _) = try load(zip(paths, sizes).map { ($0, $1 * 1000) }, depth: 2) { submit in
      calls += 1
      return calls % 3 == 0 ? submit() : -EAGAIN
    }
    #expect(try results.map { try $0.get() } == sizes.map { bytes($0 * 1000) })
  }

  private func canLoad() throws -> Bool {
    do throws(SystemError) { return try CompletionRing(depth: 1, submit: { $0() }).canLoad } catch { return false }
  }
}
