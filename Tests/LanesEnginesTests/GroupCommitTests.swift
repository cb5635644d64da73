import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@testable import LanesEngines

/// Files that reach the disk together and then get their names.
@Suite struct GroupCommitTests {
  private let folder = TemporaryFolder()
  private let told = Told()

  /// What a group has delivered.
  private final class Told: Sendable {
    let committed = Monitor<[GroupCommit<Int>.Committed]>([])

    func add(_ more: [GroupCommit<Int>.Committed]) {
      committed.withLock { $0 += more }
      committed.wakeAll()
    }

    func wait(for count: Int) { committed.wait { $0.count >= count ? () : nil } }
    var numbers: [Int] { committed.withLock { $0.map(\.tag).sorted() } }
    func failure(_ number: Int) -> UnitFailure? {
      let found = committed.withLock { $0.first { $0.tag == number } }
      if case .failure(let failure)? = found?.outcome { return failure } else { return nil }
    }
  }

  private func group(_ mostFiles: Int) -> GroupCommit<Int> {
    GroupCommit(mostFiles: mostFiles) { [told] in told.add($0) }
  }

  private func written(_ name: String, _ bytes: Bytes, replaces: Bool = false) throws -> WrittenFile {
    let target = Destination(path: folder.file(name), replacesExisting: replaces)
    return try bytes.withUnsafeBytes { bytes throws(UnitFailure) in try WrittenFile(bytes, to: target) }
  }

  @Test(arguments: [1, 3, 32]) func `every file gets its name and is told of once, whoever adds it`(_ mostFiles: Int)
    throws
  {
    let group = group(mostFiles)
    let lanes = try (0..<4).map { lane in
      try WorkerThread {
        for number in lane * 50..<(lane + 1) * 50 {
          guard let file = try? self.written("\(number)", [UInt8(number)]) else { continue }
          group.add([file], bytes: 1, number)
        }
      }
    }
    lanes.forEach { $0.join() }
    group.finish()
    #expect(told.numbers == Array(0..<200))
    let files = try folder.contents()
    #expect(files.count == 200 && files.allSatisfy { [UInt8($0.key)!] == $0.value })
  }

  @Test func `a file that waits for a full group has no name before somebody is in a hurry`() throws {
    let group = group(32)
    for number in 0..<2 {
      group.add([try written("\(number)", [1])], bytes: 1, number)
      group.hurry()
      told.wait(for: number + 1)
    }
    #expect(try folder.contents().count == 2)
    group.finish()
  }

  @Test func `what nobody hurries comes to the disk all the same`() throws {
    let group = group(32)
    for number in 0..<3 { group.add([try written("\(number)", [1])], bytes: 1, number) }
    told.wait(for: 3)
    #expect(try folder.contents().count == 3)
    group.finish()
  }

  @Test func `a file that cannot get its name fails alone`() throws {
    try folder.write("1", [9])
    let group = group(4)
    for number in 0..<4 { group.add([try written("\(number)", [1])], bytes: 1, number) }
    group.finish()
    #expect(told.numbers == [0, 1, 2, 3])
    #expect(told.failure(1)?.reason.hasSuffix("exists already") == true)
    #expect([0, 2, 3].allSatisfy { told.failure($0) == nil })
    #expect(try folder.contents() == ["0": [1], "1": [9], "2": [1], "3": [1]])
  }

  @Test func `several files of one unit are one outcome`() throws {
    try folder.write("b", [9])
    let group = group(4)
    group.add([try written("a", [1]), try written("b", [2]), try written("c", [3])], bytes: 3, 0)
    group.add([try written("d", [1]), try written("e", [2])], bytes: 2, 1)
    group.finish()
    #expect(told.numbers == [0, 1])
    #expect(told.failure(0)?.reason.hasSuffix("b exists already") == true && told.failure(1) == nil)
    #expect(try Set(folder.contents().keys).isSuperset(of: ["a", "d", "e"]))
  }

  @Test func `what is added after the end is done at once`() throws {
    let group = group(4)
    group.finish()
    group.add([try written("late", [1])], bytes: 1, 7)
    #expect(told.numbers == [7])
    #expect(try folder.contents() == ["late": [1]])
    group.finish()
  }

  @Test func `two files that replace the same one leave one of the two, whole`() throws {
    try folder.write("name", [9])
    let group = group(8)
    for number in 0..<8 {
      group.add(
        [try written("name", Bytes(repeating: UInt8(number), count: 1000), replaces: true)], bytes: 1000, number)
    }
    group.finish()
    #expect((0..<8).allSatisfy { told.failure($0) == nil })
    let files = try folder.contents()
    #expect(files.count == 1 && Set(files["name"]!).count == 1 && files["name"]!.count == 1000)
  }
}
