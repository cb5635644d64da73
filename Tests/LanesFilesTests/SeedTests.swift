import CKernels
import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// Hash tables whose seeds are drawn for each run.
@Suite struct SeedTests {
  /// Words of 16 letters and other bytes that had one hash before there were seeds: (low ^ high · c) · d for any high.
  private static let words: [(low: UInt64, high: UInt64)] = {
    var random = Repeatable(state: 61)
    return (0..<5000).map { _ in
      let high = (0..<8).reduce(UInt64(0)) { word, _ in word << 8 | UInt64(Int.random(in: 0x61...0x7A, using: &random))
      }
      return (0x6C6C_6C6C_6C6C_6C6C ^ (high &* 0x9E37_79B9_7F4A_7C15), high)
    }
  }()

  /// Keys of 12 bytes with the same CRC-32C, by which groups were found before: the last four undo the difference that the first
  /// eight make.
  private static let keys: [(UInt64, UInt64, UInt64)] = {
    var random = Repeatable(state: 62)
    let table = (0..<256 as Range<UInt32>).map { byte in
      (0..<8).reduce(byte) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return (0..<5000).map { _ in
      let first = random.next()
      let sum = (0..<8).reduce(UInt32(0)) { sum, byte in
        sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ UInt8(truncatingIfNeeded: first >> (8 * byte)))]
      }
      // Four bytes equal to the sum so far make it 0.
      return (first, UInt64(sum), 12 << 56)
    }
  }()

  @Test(arguments: [UInt64(0), 1, 2, .max]) func `words chosen to collide are spread over the table`(seed: UInt64) {
    var seed = ckernels_seed_of(seed)
    let hashes = Self.words.map { low, high in
      var tally = ckernels_tally(key: (low, high), count: 0, tag: 17, unused: 0)
      return ckernels_top_hash(&tally, &seed)
    }
    #expect(Set(hashes).count == Self.words.count)
    // Balls thrown into as many urns leave 37% of them empty.
    #expect(Set(hashes.map { $0 & 4095 }).count > 2600)
  }

  @Test(arguments: [UInt64(0), 1, 2, .max]) func `keys chosen to collide are spread over the index`(seed: UInt64) {
    var seed = ckernels_seed_of(seed)
    let hashes = Self.keys.map { key in
      var words = [key.0, key.1, key.2]
      return ckernels_stats_hash(&words, &seed)
    }
    #expect(Set(hashes).count > Self.keys.count - 10)
    #expect(Set(hashes.map { $0 & 4095 }).count > 2600)
  }

  @Test func `results and their order do not depend on the seed`() throws {
    var random = Repeatable(state: 63)
    let directory = TemporaryDirectory()
    let text = (0..<30_000).map { _ in
      "w\(Int.random(in: 0..<3000, using: &random)),\(Int.random(in: 0...9, using: &random))"
    }
    let path = directory.write("text", Bytes(text.joined(separator: "\n").utf8))
    var tops: Set<String> = []
    var tables: Set<String> = []
    for seed in [0, 1, 2, .max] as [UInt64] {
      let total = TopPartial()
      let rows = FileRows<TopPartial> { row in #expect(throws: Never.self) { try total.merge(row.partial) } }
      var settings = FilePlan.Settings(cut: .lines(.newline))
      settings.sliceBytes = 20_000
      settings.wholeBytes = 0
      PlanRunner.run(FilePlan([.path(FilePath(path))], settings: settings), TopWorkload(kind: .lines, seed: seed), rows)
      tops.insert(
        total.top(40_000).map { "\($0.count) \(String(decoding: $0.key, as: UTF8.self))" }.joined(separator: "\n"))
      let fold = StatsFold(.lines(delimiter: 0x3B), split: .data) { _, failure in Issue.record("\(failure)") }
      let options = StatsPlan.Options(
        format: .lines(delimiter: UInt8(ascii: ",")), column: .number(2), by: .number(1), hasHeader: false, split: .data
      )
      PlanRunner.run(
        StatsPlan(FilePlan([.path(FilePath(path))], settings: settings), options),
        StatsWorkload(.lines(delimiter: UInt8(ascii: ",")), seed: seed), fold)
      tables.insert(
        fold.summaries(isGrouped: true).map { "\(String(decoding: $0.key, as: UTF8.self)) \($0.summary.sum)" }
          .joined(separator: "\n"))
    }
    #expect(tops.count == 1 && tables.count == 1)
  }

  /// Workers are told the seed, so that what they send can be put together by its hashes.
  @Test func `a workload keeps its seed on the way to a worker`() throws {
    var writer = WireWriter()
    TopWorkload(kind: .words, seed: 0x0123_4567_89AB_CDEF).describe(to: &writer)
    var reader = WireReader(writer.bytes)
    var again = WireWriter()
    try TopWorkload(from: &reader).describe(to: &again)
    #expect(again.bytes == writer.bytes)
  }
}

/// Lists and tables whose memory may be refused.
@Suite struct RefusalTests {
  @Test func `a unit that no plan made fails, and nothing traps`() {
    var names: [String?] = []
    let rows = FileRows<CountPartial> { row in
      names.append(row.name?.string)
      #expect(row.failure?.kind == .rejected)
    }
    rows.absorb(Unit(number: 0, label: "stranger"), .done(CountPartial().wire))
    #expect(names == ["stranger"] && rows.failedRows == 1)
  }
}
