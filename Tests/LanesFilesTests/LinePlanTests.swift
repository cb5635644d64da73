import Glibc
import LanesCore
import LanesFiles
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct LinePlanTests {
  /// The bytes of every unit.
  private func pieces(_ path: String, _ settings: FilePlan.Settings) -> [Bytes] {
    let units = PlanRunner.run(
      FilePlan([.path(FilePath(path))], settings: settings), CountWorkload(columns: .bytes),
      FileRows<CountPartial> { _ in })
    return units.compactMap { PlanRunner.load($0.source) }
  }

  /// Where lines of `bytes` start.
  private func lineStarts(_ bytes: Bytes, _ ends: LineEnds) -> Set<Int> {
    var starts: Set<Int> = [0]
    for (index, byte) in bytes.enumerated() where byte == 0x0A || byte == 0 && ends == .newlineOrZero {
      starts.insert(index + 1)
    }
    return starts
  }

  @Test(arguments: Fixture.names, [LineEnds.newline, .newlineOrZero])
  func `slices of every size own the lines that start in them`(name: String, ends: LineEnds) throws {
    let path = "\(Fixture.folder)/\(name)"
    let bytes = try #require(contents(of: path))
    let starts = lineStarts(bytes, ends)
    for size in 1...max(min(bytes.count + 5, 400), 1) {
      var settings = FilePlan.Settings(cut: .lines(ends))
      settings.sliceBytes = size
      settings.wholeBytes = 0
      let pieces = pieces(path, settings)
      #expect(Bytes(pieces.joined()) == bytes)
      var at = 0
      for piece in pieces {
        #expect(starts.contains(at))
        let boundary = (at / size + 1) * size
        // No line but the last one that is looked at starts behind the boundary.
        let owned = starts.filter { $0 >= at && $0 < min(boundary, bytes.count) }.count
        let held = starts.filter { $0 >= at && $0 < at + piece.count }.count
        #expect(owned == held || piece.isEmpty)
        at += piece.count
      }
    }
  }

  @Test func `a pipe is cut behind lines, however long they are`() {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/pipe"
    var text = Repeatable.text(50_000)
    text += Bytes(repeating: 0x61, count: 100_000) + Repeatable.text(50_000)
    let large = directory.write("large", text)
    mkfifo(path, 0o600)
    _ = RealWc.output(of: "{ cat \(large) > \(path); } >/dev/null 2>&1 &")
    var settings = FilePlan.Settings(cut: .lines(.newline))
    settings.chunkBytes = 7_000
    let pieces = pieces(path, settings)
    #expect(Bytes(pieces.joined()) == text)
    #expect(pieces.dropLast().allSatisfy { $0.last == 0x0A })
    #expect(pieces.count > 5)
  }

  @Test func `a line that is too long fails its file and no other`() {
    let directory = TemporaryDirectory()
    let long = directory.write("long", Bytes("a\n".utf8) + Bytes(repeating: 0x61, count: 200_000))
    let short = directory.write("short", Bytes("a\nb\n".utf8))
    let path = "\(directory.path)/pipe"
    mkfifo(path, 0o600)
    _ = RealWc.output(of: "{ cat \(long) > \(path); } >/dev/null 2>&1 &")
    var settings = FilePlan.Settings(cut: .lines(.newline))
    settings.sliceBytes = 1000
    settings.wholeBytes = 0
    settings.chunkBytes = 1000
    settings.longestLine = 150_000
    var rows: [FileRow<CountPartial>] = []
    let inputs = FileInput.inputs(from: [long, path, short])
    PlanRunner.run(
      FilePlan(inputs, settings: settings), CountWorkload(columns: .all), FileRows<CountPartial> { rows.append($0) })
    #expect(rows.map { $0.failure?.kind } == [.rejected, .rejected, nil])
    #expect(rows.last?.partial.counts.lines == 2)
    settings.longestLine = 300_000
    rows = []
    PlanRunner.run(
      FilePlan([.path(FilePath(long))], settings: settings), CountWorkload(columns: .all),
      FileRows<CountPartial> { rows.append($0) })
    #expect(rows.map(\.partial.counts.bytes) == [200_002])
  }

  @Test func `slices come to the lanes as is wanted`() {
    let directory = TemporaryDirectory()
    let path = directory.write("large", Repeatable.text(300_000))
    for access in [SliceAccess.measured, .mapped, .read] {
      let units = CountRunner([path], settings: FilePlan.Settings(access: access)).units
      let slices = units.compactMap { if case .slice(let slice) = $0.source { slice.access } else { nil } }
      #expect(slices == [access])
    }
  }
}
