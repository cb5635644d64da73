import LanesCore
import LanesFiles
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Files of gzip and bzip2 that are divided where members seem to begin.
@Suite struct GuessedMembersTests {
  /// What came of a file, and in how many units.
  private struct Run: Equatable {
    var lines: [String] = []
    var counts: [Counts] = []
    var failures: [String] = []
    var units = 0
  }

  private func settings(_ cut: FileCut, isInUnits: Bool, partBytes: Int) -> FilePlan.Settings {
    var settings = FilePlan.Settings(cut: cut)
    settings.wholeBytes = 100
    settings.chunkBytes = 5000
    settings.sliceBytes = partBytes * 8
    settings.unpacking = UnpackingSettings(memory: 64 << 20)
    settings.unpacking?.isInUnits = isInUnits
    settings.unpacking?.smallBytes = 0
    return settings
  }

  /// Counts, and lines with their numbers, of a file that is divided by guess, or that is not.
  private func run(_ path: FilePath, guesses: Bool, isInUnits: Bool = false, partBytes: Int = 2000) throws -> Run {
    var run = Run()
    let counting = settings(.anywhere, isInUnits: isInUnits, partBytes: partBytes)
    let plan = FilePlan([.path(path)], settings: counting)
    let counts = Unpacking(CountWorkload(columns: [.all, .characters]), counting.unpackingLimits!)
    let rows = UnpackedFold(
      counts,
      FileRows<CountPartial> { row in
        run.counts.append(row.partial.counts)
        if let failure = row.failure { run.failures.append(failure.reason) }
      })
    if guesses { try rows.follow(plan) }
    let units = PlanRunner.run(plan, counts, rows)
    // Chunks of a stream are bytes.
    run.units = units.count { $0.source.isSlice }
    var options = SearchOptions([Bytes("w499 |^$|last|x{300}".utf8)])
    options.numbersLines = true
    options.separatesLines = true
    let searching = settings(.lines(options.ends), isInUnits: isInUnits, partBytes: partBytes)
    let lines = FilePlan([.path(path)], settings: searching)
    let search = Unpacking(try SearchWorkload(SearchProgram(options)), searching.unpackingLimits!)
    let results = UnpackedFold(
      search,
      SearchResults(options, plan: lines) { _, lines, before in
        for index in lines.ends.indices {
          let start = index == 0 ? 0 : Int(lines.ends[index - 1])
          let line = String(decoding: lines.text[start..<Int(lines.ends[index])], as: UTF8.self)
          run.lines.append("\(before + UInt64(lines.numbers[index])) \(line)")
        }
      } onFile: { file in
        run.lines.append("\(file.selected)")
        if let failure = file.failure { run.failures.append(failure.reason) }
      })
    if guesses { try results.follow(lines) }
    // Many units are under way when the fold hears of the first: what was guessed behind a wrong part is dropped.
    try Lanes.run(search, lines, results, lanes: 3)
    return run
  }

  private func expectSame(_ packed: Bytes, divided: ClosedRange<Int>, _ comment: Comment) throws {
    let folder = TemporaryFolder()
    let path = try folder.write("packed", packed)
    for isInUnits in [false, true] {
      var expected = try run(path, guesses: false, isInUnits: isInUnits)
      let found = try run(path, guesses: true, isInUnits: isInUnits)
      #expect(divided.contains(found.units), "\(comment): \(found.units) units")
      expected.units = found.units
      // A unit that fails has no lines, and parts ahead of the damage have theirs.
      if isInUnits, !expected.failures.isEmpty { expected.lines = found.lines }
      #expect(found == expected, comment)
    }
  }

  private static let gzip = PackedFiles.Packer("gzip members", "gzip -n", memberBytes: 9001)
  private static let text = PackedFiles.text(150_000)

  @Test func `members are units, and what is found is what their text holds`() throws {
    let packed = try PackedFiles.pack(Self.text, Self.gzip)
    try expectSame(packed, divided: 6...40, "gzip")
    let small = try PackedFiles.pack(PackedFiles.text(9000), PackedFiles.Packer("", "gzip -n", memberBytes: 99))
    try expectSame(Bytes((0..<20).map { _ in small }.joined()), divided: 20...100, "thousands of members")
    let streams = PackedFiles.Packer("bzip2 members", "bzip2 -1", memberBytes: 90001)
    guard streams.isThere else { return }
    let many = try PackedFiles.pack(PackedFiles.text(900_000), streams)
    try expectSame(many, divided: 6...12, "bzip2")
  }

  /// What gzip makes of bytes that do not become smaller: they are there as they were (RFC 1951, 3.2.4).
  private func stored(_ bytes: Bytes) -> Bytes {
    var packed: Bytes = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    func append(_ number: Int, _ count: Int) {
      for byte in 0..<count { packed.append(UInt8(number >> (byte * 8) & 255)) }
    }
    for start in stride(from: 0, to: bytes.count, by: 65535) {
      let block = bytes[start...].prefix(65535)
      packed.append(start + block.count == bytes.count ? 1 : 0)
      append(block.count, 2)
      append(~block.count & 0xFFFF, 2)
      packed += block
    }
    let check = bytes.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    append(Int(~check), 4)
    append(bytes.count, 4)
    return packed
  }

  @Test func `a file within a file is no member`() throws {
    let inner = try PackedFiles.pack(PackedFiles.text(400_000), Self.gzip)
    let outer = stored(Bytes("ahead\n".utf8) + inner + Bytes("behind\n".utf8))
    try expectSame(outer, divided: 1...2, "a file within a file")
    try expectSame(inner + outer + inner, divided: 6...80, "a file within a file between files")
    try expectSame(stored(outer) + inner, divided: 1...2, "a file within a file within a file")
  }

  @Test func `damage, an end too early and what follows are told as without division`() throws {
    let packed = try PackedFiles.pack(Self.text, Self.gzip)
    for at in [packed.count / 2, packed.count - 2, 15] {
      var damaged = packed
      damaged[at] ^= 0x11
      try expectSame(damaged, divided: 0...40, "changed at \(at)")
      try expectSame(Bytes(packed[..<at]), divided: 0...40, "cut off at \(at)")
      try expectSame(packed + Bytes(repeating: 0, count: at) + packed, divided: 0...80, "zeros")
    }
    try expectSame(packed + Bytes("garbage".utf8) + packed, divided: 0...80, "garbage")
    // Half of a head, which looks like a member for as long as nobody unpacks it.
    try expectSame(packed + packed[..<12] + packed, divided: 0...80, "a head")
  }

  @Test func `other formats among members, and long members, end the guessing`() throws {
    let packed = try PackedFiles.pack(Self.text, Self.gzip)
    let long = try PackedFiles.pack(PackedFiles.text(400_000), PackedFiles.Packer("", "gzip -n"))
    try expectSame(packed + long + packed, divided: 6...80, "a long member")
    try expectSame(long, divided: 0...1, "one member")
    let bzip2 = PackedFiles.Packer("bzip2", "bzip2 -1")
    guard bzip2.isThere else { return }
    try expectSame(packed + PackedFiles.pack(Self.text, bzip2) + packed, divided: 0...80, "another format")
  }
}
