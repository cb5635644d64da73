import CKernels
import CSIMD
import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// Workloads that take a slice piece by piece.
@Suite struct PieceTakerTests {
  private static let columns: [CountColumns] = [.all, .lines, .bytes, [.lines, .words, .bytes, .characters]]

  private static let searches: [SearchOptions] = {
    var all: [SearchOptions] = []
    for pattern in ["the", "e", "[0-9]+", "zzz", "^$"] {
      for variant in 0..<8 {
        var options = SearchOptions([Bytes(pattern.utf8)])
        switch variant {
        case 0: break
        case 1: options.isInverted = true
        case 2: options.numbersLines = true
        case 3: options.report = .counts
        case 4: options.report = .names
        case 5: (options.limit, options.separatesLines) = (2, true)
        case 6: (options.onlyMatching, options.numbersLines) = (true, true)
        default: options.isText = true
        }
        all.append(options)
      }
    }
    return all
  }()

  /// A unit of all of `text`, cut as the operation wants it.
  private func unit(_ text: SmallText, _ directory: TemporaryDirectory, _ cut: FileCut) throws -> Unit {
    var settings = FilePlan.Settings(cut: cut)
    settings.wholeBytes = 0
    let plan = FilePlan([.path(FilePath(directory.write("text", text.bytes)))], settings: settings)
    guard case .unit(let unit) = plan.next() else { throw WireError("no unit") }
    return unit
  }

  /// What a workload makes of `bytes` when they come `size` at a time, together with what it left.
  private func inPieces(_ workload: some Workload, _ unit: Unit, _ bytes: Bytes, of size: Int) throws -> Bytes {
    let taker = try #require(try workload.pieces(of: unit))
    var (start, end) = (0, 0)
    repeat {
      end = min(end + size, bytes.count)
      start += try taker.take(bytes.span.bytes.extracting(start..<end), isLast: end == bytes.count, .never)
    } while end < bytes.count
    #expect(start == bytes.count)
    return try taker.finish()
  }

  private func compare(_ workload: some Workload, _ text: SmallText, _ cut: FileCut) throws {
    let directory = TemporaryDirectory()
    try compare(workload, try unit(text, directory, cut), text)
  }

  private func compare(_ workload: some Workload, _ unit: Unit, _ text: SmallText) throws {
    let whole = try workload.perform(unit, input: text.bytes.span.bytes, output: OutputBuffer(), deadline: .never)
    for size in [1, 2, 3, 7, 64, 1000, text.bytes.count + 1] {
      #expect(try inPieces(workload, unit, text.bytes, of: size) == whole, "pieces of \(size)")
    }
  }

  @Test(arguments: SmallText.all) func `pieces of any size give what the whole slice gives`(_ text: SmallText) throws {
    for columns in Self.columns { try compare(CountWorkload(columns: columns), text, .anywhere) }
    for algorithm in HashAlgorithm.allCases { try compare(HashWorkload(algorithm), text, .anywhere) }
    try compare(HistogramWorkload(), text, .anywhere)
  }

  @Test(arguments: SmallText.all) func `a search by pieces finds the same lines`(_ text: SmallText) throws {
    for options in Self.searches {
      try compare(SearchWorkload(try SearchProgram(options)), text, .lines(options.ends))
    }
  }

  private static let tables: [SmallText] = {
    var random = Repeatable(state: 7)
    let names = (0..<40).map { number in String(repeating: "a long name ", count: number % 5) + "of \(number)" }
    let lines = (0..<600).map { _ in
      let (whole, tenth) = (Int.random(in: -9999...9999, using: &random), Int.random(in: 0...9, using: &random))
      return "\(names.randomElement(using: &random)!),\(whole).\(tenth)\n"
    }
    return [
      SmallText(name: "long keys", bytes: Bytes(lines.joined().utf8)),
      SmallText(
        name: "a mark, a header and returns",
        bytes: [0xEF, 0xBB, 0xBF] + Bytes("key,number\r\n\r\na,1\r\nb,2.25\r\na,".utf8)),
    ]
  }()

  @Test(arguments: SmallText.all + Self.tables, [false, true])
  func `statistics of pieces are those of the slice`(_ text: SmallText, _ hasHeader: Bool) throws {
    let directory = TemporaryDirectory()
    let path = FilePath(directory.write("text", text.bytes))
    var settings = FilePlan.Settings(cut: .lines(.newline))
    settings.wholeBytes = 0
    for (column, by) in [(1, nil), (2, 1), (1, 2)] as [(Int, Int?)] {
      let options = StatsPlan.Options(
        format: .lines(delimiter: 0x2C), column: .number(column), by: by.map { .number($0) }, hasHeader: hasHeader,
        split: .data)
      guard case .unit(let unit) = StatsPlan(FilePlan([.path(path)], settings: settings), options).next() else {
        continue
      }
      try compare(StatsWorkload(.lines(delimiter: 0x2C), seed: 1), unit, text)
    }
  }

  @Test func `a search for lines with their neighbors takes no pieces`() throws {
    var options = SearchOptions([Bytes("the".utf8)])
    options.context = .init(before: 1, after: 0)
    let directory = TemporaryDirectory()
    let unit = try unit(SmallText.all[0], directory, .lines(.newline))
    #expect(try SearchWorkload(try SearchProgram(options)).pieces(of: unit) == nil)
  }

  @Test(arguments: 0...3) func `histograms agree at every level of instructions`(_ flavour: Int) {
    var random = Repeatable(state: UInt64(flavour + 1))
    for size in [0, 1, 7, 4095, 16_383, 16_384, 20_480, 20_487, 70_001] {
      let bytes = random.bytes(size, flavour: flavour)
      var expected = [UInt64](repeating: 0, count: 256)
      for byte in bytes { expected[Int(byte)] += 1 }
      expectHistogram(of: bytes, expected)
    }
  }

  /// A kernel that looks for those bytes alone which it has met must notice others, few or many of them.
  @Test(arguments: [1, 2, 15, 16, 17, 64, 300, 4096]) func `bytes that come late are counted`(_ strangers: Int) {
    var random = Repeatable(state: 5)
    var bytes = random.bytes(60_007, flavour: 1)
    for stretch in 0..<7 {
      // In the first block, across two of them and in the middle, of one kind or of many.
      let start = [0, 4096 - strangers / 2, 9000, 16_384, 30_000, 40_000, 60_007 - strangers][stretch]
      for at in max(0, start)..<min(bytes.count, start + strangers) {
        bytes[at] = stretch % 2 == 0 ? UInt8(truncatingIfNeeded: 37 * at) : 0xC3
      }
    }
    expectHistogram(of: bytes, bytes.reduce(into: [UInt64](repeating: 0, count: 256)) { $0[Int($1)] += 1 })
  }

  private func expectHistogram(of bytes: Bytes, _ expected: [UInt64]) {
    for level in 0...csimd_best().rawValue {
      let limit = KernelLimit(level)
      defer { limit.lift() }
      var pairs = [UInt32](repeating: 0, count: Int(ckernels_pairs))
      var counts = [UInt64](repeating: 0, count: 256)
      ckernels_histogram(bytes, bytes.count, &pairs, &counts)
      ckernels_histogram_close(&pairs, &counts)
      #expect(counts == expected, "\(bytes.count) bytes, level \(level)")
      counts = [UInt64](repeating: 0, count: 256)
      ckernels_histogram(bytes, bytes.count, nil, &counts)
      #expect(counts == expected, "\(bytes.count) bytes without pairs, level \(level)")
    }
  }
}
