import LanesCore
import LanesJournal
import LanesTesting
import SystemPackage
import Testing

/// What is read is what was written, or an error.
@Suite struct FormatTests {
  private static func unit(_ number: Int, _ outcome: Outcome) -> UnitEntry {
    UnitEntry(
      number: number, place: ShortDigest(of: Bytes("place \(number)".utf8)),
      state: .file(FileStamp(identity: FileIdentity(device: 1, inode: 2), size: 3, modified: -4)),
      label: [0xFF, 0x0A], outcome: outcome, printed: [1, 2],
      outputs: [
        StoredOutput(path: FilePath("out/\(number)"), size: 9, digest: Bytes(repeating: 7, count: 32))
      ], bytesIn: 10, bytesOut: 11, duration: 12, supersedes: number == 1 ? 0 : nil)
  }

  private static let groups: [[RunEntry]] = [
    [.header(header())],
    [
      .unit(unit(0, .done([1, 2, 3]))), .unit(unit(1, .failed(UnitFailure(.timedOut, "late", haltsBatch: true)))),
      .found(FilePath("old")),
    ],
    [.unit(unit(2, .done([]))), .void([0])],
    [.complete(RunTotals(done: 2, failed: 1))],
  ]
  private static var pieces: [Bytes] { [RunFileFormat.prologue] + groups.map { RunFileFormat.group($0) } }
  private static var file: Bytes { pieces.flatMap { $0 } }

  @Test func `what was written is read back`() throws {
    let (found, end) = try entries(Self.file)
    #expect(found == Self.groups.flatMap { $0 })
    #expect(end == RunFileReader.End(whole: Self.file.count))
  }

  @Test func `a file that is cut off anywhere holds what was whole before`() throws {
    let all = Self.groups.flatMap { $0 }
    let headerEnd = Self.pieces[0].count + Self.pieces[1].count
    for length in 0..<Self.file.count {
      let cut = Bytes(Self.file.prefix(length))
      guard length >= headerEnd else {
        #expect(throws: RunFileError.empty) { _ = try EarlierRun.read(MemorySource(bytes: cut)) }
        continue
      }
      let (found, end) = try entries(cut)
      #expect(found == Array(all.prefix(found.count)))
      #expect(end.whole + end.intact.count + end.dropped == length)
      // What was whole is not dropped: only the records behind the cut are missing.
      let rest = end.whole + 12 + end.intact.count
      #expect(end.dropped < 12 || rest <= length)
    }
  }

  @Test func `zeros behind the last group are unfinished`() throws {
    for count in [1, 11, 12, 300] {
      let (found, end) = try entries(Self.file + Bytes(repeating: 0, count: count))
      #expect(found.count == Self.groups.flatMap { $0 }.count && end.dropped == count)
    }
  }

  /// Only the last group may never have been written to its end.
  @Test(arguments: [1, 2, 3]) func `a flipped byte is found, whichever it is`(_ last: Int) throws {
    let kept = Array(Self.pieces.prefix(last + 2))
    let whole = kept.flatMap { $0 }
    let lastStart = whole.count - kept.last!.count
    let all = Self.groups.prefix(last + 1).flatMap { $0 }
    for position in whole.indices {
      var flipped = whole
      flipped[position] ^= 0x41
      do {
        let (found, end) = try entries(flipped)
        #expect(position >= lastStart && end.dropped > 0, "byte \(position)")
        #expect(found == Array(all.prefix(found.count)) && found.count < all.count)
      } catch {
        switch error {
        case .foreign: #expect(position < 8)
        case .version: #expect((8..<12).contains(position))
        case .damaged(let offset, _): #expect(offset <= position && position - offset < kept.map(\.count).max()!)
        case .empty, .system: Issue.record("byte \(position): \(error)")
        }
      }
    }
  }

  @Test func `records of an unfinished group are written again, and the file goes on behind them`() throws {
    let folder = TemporaryFolder()
    let cut = Bytes(Self.pieces.prefix(3).flatMap { $0 }.dropLast(1))
    let path = try folder.write("run", cut)
    do {
      let opened = try RunFile.open(path)
      #expect(opened.earlier?.ordinals == 2)
      let writer = try JournalWriter(opened.file, end: opened.mend())
      writer.append(.complete(RunTotals(done: 1, failed: 1)))
      try writer.close()
    }
    let (found, end) = try entries(readFile(path))
    #expect(found == Self.groups[0] + Self.groups[1].prefix(2) + [.complete(RunTotals(done: 1, failed: 1))])
    #expect(end.dropped == 0)
  }

  @Test func `a run file belongs to one process at a time`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("run")
    let opened = try RunFile.make(path) { _ in header() }
    #expect(throws: RunFile.Problem.self) { _ = try RunFile.open(path) }
    #expect(throws: RunFile.Problem.self) { _ = try RunFile.examine(path) }
    withExtendedLifetime(opened) {}
  }

  @Test func `a run file takes the place of an empty file only`() throws {
    let folder = TemporaryFolder()
    _ = try RunFile.make(folder.write("empty", Bytes())) { _ in header() }
    let full = try folder.write("full", Bytes("text".utf8))
    #expect(throws: RunFile.Problem.self) { _ = try RunFile.make(full) { _ in header() } }
    #expect(try readFile(full) == Bytes("text".utf8))
    #expect(throws: RunFile.Problem.self) { try RunFile.check(FilePath("/dev/null")) }
  }
}
