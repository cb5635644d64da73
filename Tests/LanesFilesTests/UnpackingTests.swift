import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// What is found in compressed files is what is found in what they hold.
@Suite struct UnpackingTests {
  /// How files become units.
  enum Way: String, CaseIterable {
    /// By themselves: a thread unpacks, and chunks are units.
    case stream
    /// Small parts of what can be divided, one unit otherwise.
    case parts
    /// One unit each.
    case whole
  }

  /// Everything that the workloads make of a file.
  struct Found: Equatable {
    var counts: [Counts] = []
    var histogram: [UInt64] = []
    var digests: [String] = []
    var words: [String] = []
    var lines: [String] = []
    var failures: [String] = []
  }

  private static let text = PackedFiles.text(150_000)

  private func settings(_ way: Way?, _ cut: FileCut) -> FilePlan.Settings {
    var settings = FilePlan.Settings(cut: cut)
    settings.wholeBytes = 100
    settings.chunkBytes = 5000
    // An eighth of it are a part's compressed bytes.
    settings.sliceBytes = 16_000
    guard let way else { return settings }
    settings.unpacking = UnpackingSettings(memory: 64 << 20)
    settings.unpacking?.divides = way == .parts
    settings.unpacking?.isInUnits = way != .stream
    settings.unpacking?.smallBytes = 0
    return settings
  }

  /// Runs a workload over a file, on the calling thread.
  private func run(
    _ workload: some FileWorkload, _ path: FilePath, _ settings: FilePlan.Settings, _ fold: (FilePlan) -> any Fold
  ) throws {
    let plan = FilePlan([.path(path)], settings: settings)
    let fold = fold(plan)
    guard let limits = settings.unpackingLimits else {
      try Lanes.run(workload, plan, AnyFold(fold), lanes: 3)
      return
    }
    let unpacking = Unpacking(workload, limits)
    try Lanes.run(unpacking, plan, UnpackedFold(unpacking, fold), lanes: 3)
  }

  private final class AnyFold: Fold {
    let fold: any Fold
    init(_ fold: any Fold) { self.fold = fold }
    func absorb(_ unit: Unit, _ outcome: Outcome) { fold.absorb(unit, outcome) }
    var ending: Ending? { fold.ending }
  }

  private func find(in path: FilePath, _ way: Way?) throws -> Found {
    var found = Found()
    try run(CountWorkload(columns: [.all, .characters]), path, settings(way, .anywhere)) { _ in
      FileRows<CountPartial> { row in
        found.counts.append(row.partial.counts)
        if let failure = row.failure { found.failures.append(failure.reason) }
      }
    }
    try run(HistogramWorkload(), path, settings(way, .anywhere)) { _ in
      FileRows<HistogramPartial> { found.histogram += $0.partial.counts }
    }
    try run(HashWorkload(.crc32), path, settings(way, .anywhere)) { _ in
      FileRows<CRCPartial> { found.digests.append("\($0.partial.digest)") }
    }
    for kind in [TopKind.words, .lines] {
      try run(TopWorkload(kind: kind), path, settings(way, .lines(.newline))) { _ in
        FileRows<TopPartial> { row in
          found.words += row.partial.top(50).map { "\(String(decoding: $0.key, as: UTF8.self)) \($0.count)" }
        }
      }
    }
    for context in [nil, SearchOptions.Context(before: 2, after: 3)] {
      for pattern in ["w499 ", "^$", "last|x{300}"] {
        var options = SearchOptions([Bytes(pattern.utf8)])
        options.numbersLines = true
        options.separatesLines = true
        options.context = context
        try run(try SearchWorkload(SearchProgram(options)), path, settings(way, .lines(options.ends))) { plan in
          SearchResults(options, plan: plan) { _, lines, before in
            for index in lines.ends.indices {
              let start = index == 0 ? 0 : Int(lines.ends[index - 1])
              let line = String(decoding: lines.text[start..<Int(lines.ends[index])], as: UTF8.self)
              found.lines.append("\(before + UInt64(lines.numbers[index])) \(line)")
            }
          } onFile: { file in
            found.lines.append("\(file.selected) \(file.hidesLines)")
          }
        }
      }
    }
    return found
  }

  private func stats(of path: FilePath, _ way: Way?, hasHeader: Bool) throws -> [String] {
    var failures: [String] = []
    let fold = StatsFold(.lines(delimiter: 0x3B), split: .data) { failures.append($1.reason) }
    let options = StatsPlan.Options(
      format: .lines(delimiter: 0x3B), column: hasHeader ? .named("wide") : .number(2), by: .number(1),
      hasHeader: hasHeader,
      split: .data)
    let settings = settings(way, .lines(.newline))
    let plan = StatsPlan(FilePlan([.path(path)], settings: settings), options)
    let workload = StatsWorkload(options.format)
    if let limits = settings.unpackingLimits {
      let unpacking = Unpacking(workload, limits)
      try Lanes.run(unpacking, plan, UnpackedFold(unpacking, fold), lanes: 3)
    } else {
      try Lanes.run(workload, plan, fold, lanes: 3)
    }
    return fold.summaries(isGrouped: true, decimals: nil).map { "\($0) \($1.count) \($1.sum)" } + failures
  }

  @Test(arguments: PackedFiles.packers.filter(\.isThere))
  func `all that is found in a compressed file is what is found in its text`(_ packer: PackedFiles.Packer) throws {
    let folder = TemporaryFolder()
    let expected = try find(in: folder.write("text", Self.text), nil)
    #expect(expected.failures == [] && expected.lines.count > 50)
    let packed = try folder.write("packed", PackedFiles.pack(Self.text, packer))
    for way in Way.allCases { #expect(try find(in: packed, way) == expected, "\(way)") }
  }

  @Test(arguments: PackedFiles.packers.filter(\.isThere))
  func `statistics and their bad lines are those of the text`(_ packer: PackedFiles.Packer) throws {
    let folder = TemporaryFolder()
    let lines = (0..<9000).map { "\($0 % 7);\($0 * 7919 % 1000)" }.joined(separator: "\n")
    for (text, hasHeader) in [(lines, false), ("name;wide\n" + lines, true), (lines + "\nbad;line\n4;4", false)] {
      let path = try folder.write("text", Bytes(text.utf8))
      let expected = try stats(of: path, nil, hasHeader: hasHeader)
      let packed = try folder.write("packed", PackedFiles.pack(Bytes(text.utf8), packer))
      for way in Way.allCases {
        #expect(try stats(of: packed, way, hasHeader: hasHeader) == expected, "\(way)")
      }
    }
  }

  @Test func `blocks, frames and blocks of xz become several units, and one stream becomes none`() throws {
    let folder = TemporaryFolder()
    for packer in PackedFiles.packers where packer.isThere {
      let path = try folder.write("packed", PackedFiles.pack(Self.text, packer))
      let settings = settings(.parts, .anywhere)
      let unpacking = Unpacking(CountWorkload(columns: .all), settings.unpackingLimits!)
      var rows = 0
      let units = PlanRunner.run(
        FilePlan([.path(path)], settings: settings), unpacking,
        UnpackedFold(unpacking, FileRows<CountPartial> { _ in rows += 1 }))
      let isDivided = ["BGZF", "zstd frames", "xz blocks", "xz streams"].contains(packer.testDescription)
      #expect(isDivided ? units.count > 5 : units.count == 1, "\(packer): \(units.count)")
      #expect(rows == 1)
    }
  }

  @Test func `members of different formats, zeros and frames to be skipped are one text`() throws {
    let folder = TemporaryFolder()
    let parts = PackedFiles.packers.filter { $0.memberBytes == nil && $0.isThere }
    var packed = Bytes()
    var text = Bytes()
    for (index, packer) in parts.enumerated() {
      let part = PackedFiles.text(5000, seed: UInt64(index))
      packed += try PackedFiles.pack(part, packer) + Bytes(repeating: 0, count: index * 4)
      packed += try PackedFiles.pack([], packer)
      if packer.testDescription == "zstd" { packed += [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3] }
      text += part
    }
    let expected = try find(in: folder.write("text", text), nil)
    let path = try folder.write("packed", packed)
    for way in Way.allCases { #expect(try find(in: path, way) == expected, "\(way)") }
  }

  @Test func `a file that is not compressed, or empty, is taken as it is`() throws {
    let folder = TemporaryFolder()
    for text in [Self.text, [], Bytes("\u{1F}".utf8), Bytes("BZh9 is no header".utf8)] {
      let path = try folder.write("text", text)
      let expected = try find(in: path, nil)
      for way in Way.allCases { #expect(try find(in: path, way) == expected, "\(way)") }
    }
  }
}
