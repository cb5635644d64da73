import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// What is counted is compared with the real `sort | uniq -c`.
@Suite struct TopTests {
  private func top(_ paths: [String], _ kind: TopKind, _ k: Int, sliceBytes: Int? = nil, level: UInt32? = nil)
    -> [String]
  {
    let total = TopPartial()
    let fold = FileRows<TopPartial> { row in #expect(throws: Never.self) { try total.merge(row.partial) } }
    var settings = FilePlan.Settings(cut: .lines(.newline))
    if let sliceBytes {
      settings.sliceBytes = sliceBytes
      settings.wholeBytes = 0
    }
    let plan = FilePlan(paths.map { .path(FilePath($0)) }, settings: settings)
    let limit = level.map { KernelLimit($0) }
    defer { limit?.lift() }
    PlanRunner.run(plan, TopWorkload(kind: kind), fold)
    return total.top(k).map { "\($0.count) \(String(decoding: $0.key, as: UTF8.self))" }
  }

  private func expected(_ path: String, _ kind: TopKind, _ k: Int) -> [String] {
    let lines = kind == .words ? "tr -s '\\t\\n\\v\\f\\r ' '\\n' | grep -a -v '^$'" : "cat"
    let command =
      "cat \(RealWc.quoted(path)) | \(lines) | sort | uniq -c | sort -k1,1nr -s | head -n \(k) | sed 's/^ *//'"
    // Split as bytes: to a string, the end of a line on Windows is one character.
    return RealWc.output(of: command).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
  }

  private func expectSame(_ path: String, slices: [Int?]) {
    for kind in [TopKind.words, .lines] {
      for k in [1, 10, 100_000] {
        let expected = expected(path, kind, k)
        for level in KernelTests.levels {
          for size in slices {
            #expect(top([path], kind, k, sliceBytes: size, level: level) == expected, "\(path) \(kind)")
          }
        }
      }
    }
  }

  @Test(arguments: Fixture.names.filter { $0 != "bytes.bin" && $0 != "control.txt" })
  func `fixtures are counted as sort and uniq do, wherever slices end`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    let longest = try #require(contents(of: path)).split(separator: 0x0A).map(\.count).max() ?? 0
    expectSame(path, slices: [nil, 1, 7] + (longest...longest + 5).map { $0 + 1 })
  }

  @Test func `many words, long ones and those over the end of a window are counted`() {
    let directory = TemporaryDirectory()
    var random = Repeatable(state: 31)
    var text = Bytes()
    for _ in 0..<60_000 {
      let length = Int.random(in: 1...30, using: &random)
      let word = Int.random(in: 0..<20_000, using: &random)
      text += Bytes("\(word)\(String(repeating: "x", count: length % 3 == 0 ? length : 0))".utf8)
      text.append(Bytes(" \n\t  \r".utf8).randomElement(using: &random)!)
    }
    text += Bytes(repeating: 0x79, count: 30_000) + [0x20] + Bytes(repeating: 0x79, count: 30_000)
    expectSame(directory.write("words", text), slices: [nil, 10_000, 300_000])
  }

  @Test func `bytes that are no text are words too`() {
    let directory = TemporaryDirectory()
    let path = directory.write("binary", [0, 0x20, 0, 0, 0x20, 0xFF, 0x0B, 0, 0x20, 0xFF])
    #expect(top([path], .words, 5).map { $0.utf8.count } == [3, 5, 4])
  }

  @Test func `files are counted together`() {
    let directory = TemporaryDirectory()
    let first = directory.write("first", Bytes("a b\na".utf8))
    let second = directory.write("second", Bytes("b c\nb\n".utf8))
    #expect(top([first, second], .words, 10) == ["3 b", "2 a", "1 c"])
    #expect(top([first, second], .lines, 2) == ["1 a", "1 a b"])
  }
}

@Suite struct HistogramTests {
  private func histogram(_ path: String, sliceBytes: Int? = nil) -> HistogramPartial {
    var total = HistogramPartial()
    let fold = FileRows<HistogramPartial> { total.merge($0.partial) }
    var settings = FilePlan.Settings()
    if let sliceBytes {
      settings.sliceBytes = sliceBytes
      settings.wholeBytes = 0
    }
    PlanRunner.run(FilePlan([.path(FilePath(path))], settings: settings), HistogramWorkload(), fold)
    return total
  }

  private func reference(_ bytes: Bytes) -> [UInt64] {
    bytes.reduce(into: [UInt64](repeating: 0, count: 256)) { $0[Int($1)] += 1 }
  }

  @Test(arguments: Fixture.names) func `every byte is counted, wherever slices end`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    let bytes = try #require(contents(of: path))
    for size in [nil, 1, 2, 7, 8, 9, 64, 1000] {
      let counted = histogram(path, sliceBytes: size)
      #expect(counted.counts == reference(bytes))
      #expect(counted.total == UInt64(bytes.count))
    }
  }

  @Test func `few and many different bytes are counted in stretches of either kind`() {
    let directory = TemporaryDirectory()
    var random = Repeatable(state: 41)
    var bytes = Bytes()
    for part in 0..<8 { bytes += random.bytes(70_001, flavour: part) }
    #expect(histogram(directory.write("mixed", bytes)).counts == reference(bytes))
  }

  @Test func `entropy is that of the shares`() {
    let directory = TemporaryDirectory()
    func entropy(_ bytes: Bytes) -> Double { histogram(directory.write("bytes", bytes)).entropy }
    #expect(entropy([]) == 0)
    #expect(entropy([7, 7, 7]) == 0)
    #expect(entropy([1, 2, 2, 1]) == 1)
    #expect(entropy([1, 2, 3, 3]) == 1.5)
    #expect(entropy(Bytes(0...255) + Bytes(0...255)) == 8)
  }
}
