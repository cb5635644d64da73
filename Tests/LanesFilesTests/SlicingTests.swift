import LanesCore
import LanesFiles
import SystemPackage
import Testing

/// Answers do not depend on how files are cut nor on how many lanes work on them: every operation on every small text with
/// one to eight lanes and slices from the longest line to five bytes more; where there are many ways to search, each has a third of these.
@Suite struct SlicingTests {
  @Test(arguments: SmallText.all) func `counts`(text: SmallText) throws {
    let columns: CountColumns = [.lines, .words, .characters, .bytes]
    let directory = TemporaryDirectory()
    let path = directory.write("text", text.bytes)
    let expected = CountRunner([path], columns: columns).rows.map(\.partial.counts)
    let characters = RealWc.output(of: "LC_ALL=C.UTF-8 wc -m < \(path)")
    #expect(expected.map(\.characters).map { "\($0)\n" } == [String(decoding: characters, as: UTF8.self)])
    try text.inEveryWay(.anywhere) { way in
      var counts: [Counts] = []
      let record = try Lanes.run(
        CountWorkload(columns: columns), FilePlan([.path(FilePath(way.path))], settings: way.settings),
        FileRows<CountPartial> { counts.append($0.partial.counts) }, lanes: way.lanes)
      #expect(counts == expected, "\(way.words)")
      let size = way.settings.sliceBytes
      #expect(record.unitsDone == max(1, (text.bytes.count + size - 1) / size))
    }
  }

  /// Words for grep, and the same as options.
  private static let searches: [(words: String, options: SearchOptions)] = [
    ("-nP e", changed("e") { $0.numbersLines = true }),
    ("-vm3 -P '[^a-f]$'", changed("[^a-f]$") { ($0.isInverted, $0.limit) = (true, 3) }),
    ("-cP '\\s|^$'", changed("\\s|^$") { $0.report = .counts }),
    ("-lF the", changed("the") { ($0.syntax, $0.report) = (.fixed, .names) }),
    ("-vnF e", changed("e") { ($0.isInverted, $0.numbersLines, $0.syntax) = (true, true, .fixed) }),
    ("-m2 -nF e", changed("e") { ($0.limit, $0.numbersLines, $0.syntax) = (2, true, .fixed) }),
    ("-inF THE", changed("THE") { ($0.ignoresCase, $0.numbersLines, $0.syntax) = (true, true, .fixed) }),
    ("-iwP '[tT]HE|e'", changed("[tT]HE|e") { ($0.ignoresCase, $0.matchesWords) = (true, true) }),
    ("-xvcE '.*e.*'", changed(".*e.*") { ($0.matchesLines, $0.isInverted, $0.report) = (true, true, .counts) }),
    ("-onP '[a-e]+'", changed("[a-e]+") { ($0.onlyMatching, $0.numbersLines) = (true, true) }),
    ("-nE -e 'th?e' -e '[x-z]$' -e '^$'", changed("th?e", "[x-z]$", "^$") { $0.numbersLines = true }),
    ("-cF -e the -e end -e e", changed("the", "end", "e") { ($0.syntax, $0.report) = (.fixed, .counts) }),
    ("-anF e", changed("e") { ($0.isText, $0.numbersLines, $0.syntax) = (true, true, .fixed) }),
  ]

  private static func changed(_ patterns: String..., change: (inout SearchOptions) -> Void) -> SearchOptions {
    var options = SearchOptions(patterns.map { Bytes($0.utf8) })
    change(&options)
    return options
  }

  @Test(arguments: SmallText.all) func `searches`(text: SmallText) throws {
    let directory = TemporaryDirectory()
    let path = directory.write("text", text.bytes)
    for (index, (words, options)) in Self.searches.enumerated() {
      let expected = RealWc.output(of: "grep \(words) \(path) 2>/dev/null")
      let program = try SearchProgram(options)
      try text.inEveryWay(.lines(options.isText ? .newline : .newlineOrZero), share: index) { way in
        let run = try SearchRunner(way.path, options, program, settings: way.settings, lanes: way.lanes)
        if options.report == .names {
          #expect(run.files.map { $0.selected > 0 } == [!expected.isEmpty], "\(words), \(way.words)")
        } else {
          #expect(run.text == expected, "\(words), \(way.words)")
        }
      }
    }
  }

  /// Flags for grep, and the same as options; patterns are given one by one.
  private static let around: [(words: String, change: @Sendable (inout SearchOptions) -> Void)] = [
    ("-n -A1", { ($0.numbersLines, $0.context) = (true, .init(before: 0, after: 1)) }),
    ("-n -B1", { ($0.numbersLines, $0.context) = (true, .init(before: 1, after: 0)) }),
    ("-n -C2", { ($0.numbersLines, $0.context) = (true, .init(before: 2, after: 2)) }),
    ("-A0", { $0.context = .init(before: 0, after: 0) }),
    ("-n -B5 -A2", { ($0.numbersLines, $0.context) = (true, .init(before: 5, after: 2)) }),
    ("-C100", { $0.context = .init(before: 100, after: 100) }),
    ("-n -v -C1", { ($0.numbersLines, $0.isInverted, $0.context) = (true, true, .init(before: 1, after: 1)) }),
    ("-n -m1 -A3", { ($0.numbersLines, $0.limit, $0.context) = (true, 1, .init(before: 0, after: 3)) }),
    ("-m2 -C1", { ($0.limit, $0.context) = (2, .init(before: 1, after: 1)) }),
    (
      "-v -m3 -n -A9",
      { ($0.isInverted, $0.limit, $0.numbersLines, $0.context) = (true, 3, true, .init(before: 0, after: 9)) }
    ),
    ("-o -n -C1", { ($0.onlyMatching, $0.numbersLines, $0.context) = (true, true, .init(before: 1, after: 1)) }),
    (
      "-o -v -n -C1",
      {
        ($0.onlyMatching, $0.isInverted, $0.numbersLines, $0.context) = (true, true, true, .init(before: 1, after: 1))
      }
    ),
    ("-o -m1 -A2", { ($0.onlyMatching, $0.limit, $0.context) = (true, 1, .init(before: 0, after: 2)) }),
    ("-a -n -C1", { ($0.isText, $0.numbersLines, $0.context) = (true, true, .init(before: 1, after: 1)) }),
  ]

  @Test(arguments: SmallText.all) func `lines around selected ones`(text: SmallText) throws {
    let directory = TemporaryDirectory()
    let path = directory.write("text", text.bytes)
    for (index, (words, change)) in Self.around.enumerated() {
      let pattern = ["the", "e$", "[0-9]"][(index + text.bytes.count) % 3]
      let expected = RealWc.output(of: "grep \(words) -P '\(pattern)' \(path) 2>/dev/null")
      let options = Self.changed(pattern, change: change)
      let program = try SearchProgram(options)
      try text.inEveryWay(.lines(options.isText ? .newline : .newlineOrZero), share: index) { way in
        let run = try SearchRunner(way.path, options, program, settings: way.settings, lanes: way.lanes)
        #expect(run.text == expected, "\(words) '\(pattern)', \(way.words)")
      }
    }
  }

  @Test(arguments: SmallText.all) func `hashes`(text: SmallText) throws {
    let directory = TemporaryDirectory()
    let path = directory.write("text", text.bytes)
    let sum = String(decoding: RealWc.output(of: "sha256sum < \(path)").prefix(64), as: UTF8.self)
    let whole = try hash(path, .xxh3, FilePlan.Settings(), 1)
    let crc = String(hexadecimal: crc32(text.bytes))
    try text.inEveryWay(.anywhere) { way in
      let sha256 = try hash(way.path, .sha256, way.settings, way.lanes)
      let crc32 = try hash(way.path, .crc32, way.settings, way.lanes)
      let xxh3 = try hash(way.path, .xxh3, way.settings, way.lanes)
      #expect(sha256 == sum && crc32 == crc && xxh3 == whole, "\(way.words)")
    }
  }

  @Test(arguments: SmallText.all, [TopKind.words, .lines]) func `most frequent`(text: SmallText, kind: TopKind) throws {
    let separators: Bytes = kind == .words ? [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20] : [0x0A]
    var parts = text.bytes.split(omittingEmptySubsequences: kind == .words) { separators.contains($0) }
    // What follows the last newline is a line only when there is something.
    if kind == .lines, parts.last?.isEmpty == true { parts.removeLast() }
    let counts = parts.reduce(into: [Bytes: UInt64]()) { $0[Bytes($1), default: 0] += 1 }
    let expected = counts.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    try text.inEveryWay(.lines(.newline)) { way in
      let total = TopPartial()
      try Lanes.run(
        TopWorkload(kind: kind), FilePlan([.path(FilePath(way.path))], settings: way.settings),
        FileRows<TopPartial> { row in #expect(throws: Never.self) { try total.merge(row.partial) } }, lanes: way.lanes)
      let top = total.top(100_000)
      #expect(top.map(\.key) == expected.map(\.key) && top.map(\.count) == expected.map(\.value), "\(way.words)")
    }
  }

  @Test(arguments: SmallText.all) func `histograms`(text: SmallText) throws {
    let expected = text.bytes.reduce(into: [UInt64](repeating: 0, count: 256)) { $0[Int($1)] += 1 }
    try text.inEveryWay(.anywhere) { way in
      var total = HistogramPartial()
      try Lanes.run(
        HistogramWorkload(), FilePlan([.path(FilePath(way.path))], settings: way.settings),
        FileRows<HistogramPartial> { total.merge($0.partial) }, lanes: way.lanes)
      #expect(total.counts == expected, "\(way.words)")
    }
  }

  /// Most texts are no tables: then the first bad line must be the same one.
  @Test(arguments: SmallText.all) func `statistics`(text: SmallText) throws {
    let directory = TemporaryDirectory()
    let path = directory.write("text", text.bytes)
    for by in [ColumnChoice.number(1), nil] {
      var runner = StatsRunner(delimiter: UInt8(ascii: ","), by: by)
      let expected = runner.run([path])
      #expect(!(expected.rows + expected.failures).isEmpty || text.bytes.allSatisfy { $0 == 0x0A })
      for (index, split) in StatsSplit.allCases.enumerated() {
        runner.split = split
        text.inEveryWay(.lines(.newline), share: index + (by == nil ? 2 : 0)) { way in
          (runner.sliceBytes, runner.access, runner.lanes) = (
            way.settings.sliceBytes, way.settings.access, way.lanes
          )
          #expect(runner.run([way.path]) == expected, "\(split), \(way.words)")
        }
      }
    }
  }

  @Test func `tables among the small texts have known statistics`() {
    let directory = TemporaryDirectory()
    func rows(_ name: String) -> [String] {
      let path = directory.write("table", SmallText.all.first { $0.name == name }!.bytes)
      return StatsRunner(delimiter: UInt8(ascii: ",")).run([path]).rows.map {
        $0.split(separator: " ", omittingEmptySubsequences: false).dropLast(2).joined(separator: " ")
      }
    }
    #expect(
      rows("quoted fields") == [
        " 1 7 7 7", "a 2 4 -2 6", "plain 1 40 40 40", "say \"e\" 1 3 3 3", "the, end 1 1.5 1.5 1.5",
      ]
    )
    #expect(rows("numbers").map { $0.prefix(6) } == ["key0 7", "key1 8", "key2 8", "key3 7"])
  }

  private func hash(_ path: String, _ algorithm: HashAlgorithm, _ settings: FilePlan.Settings, _ lanes: Int) throws
    -> String?
  {
    var files: [HashedFile] = []
    let inputs: [FileInput] = [.path(FilePath(path))]
    if algorithm.isCombinable {
      let rows = FileRows<CRCPartial> { files.append(HashedFile(name: nil, digest: $0.partial.digest)) }
      try Lanes.run(HashWorkload(algorithm), FilePlan(inputs, settings: settings), rows, lanes: lanes)
    } else {
      let plan = try SequentialHashPlan(inputs, settings: settings)
      let rows = SequentialHashRows(plan: plan, onFile: { files.append($0) })
      try Lanes.run(HashWorkload(algorithm), plan, rows, lanes: lanes)
    }
    return files.count == 1 ? files[0].hexadecimal : nil
  }

  /// A plain statement of CRC-32, bit by bit.
  private func crc32(_ bytes: Bytes) -> UInt32 {
    ~bytes.reduce(~0 as UInt32) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
  }
}

extension String {
  fileprivate init(hexadecimal number: UInt32) {
    let digits = String(number, radix: 16)
    self = String(repeating: "0", count: 8 - digits.count) + digits
  }
}
