import LanesCore
import LanesEngines
import LanesJournal
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// A fold hears the same of a run that is gone on with as of one that was never interrupted.
@Suite struct ResumeTests {
  private static let tasks: [Bytes] = (0..<12).map { [UInt8($0 % 5 == 4 ? 0xFF : 1), UInt8($0)] }

  /// A run file at `path` that holds of a whole run the records of some units only, as after a kill.
  private func interrupted(_ path: FilePath, _ tasks: [Bytes], keeping kept: (UnitEntry) -> UnitEntry?) throws {
    let whole = TemporaryFolder()
    _ = try run(units(tasks), .serial, whole.file("run"))
    let found = try entries(readFile(whole.file("run"))).entries
    let some = found.compactMap { entry -> RunEntry? in
      guard case .unit(let unit) = entry else { return nil }
      return kept(unit).map { .unit($0) }
    }
    let bytes = RunFileFormat.prologue + RunFileFormat.group([found[0]]) + RunFileFormat.group(some)
    try bytes.span.bytes.withUnsafeBytes { bytes in
      try LockedFile(path, makes: true).write(bytes, at: 0)
    }
  }

  @Test(
    arguments: [EngineKind.serial, .threads, .eventloop, .hybrid],
    [
      Set(0..<5), Set(7..<12), Set([0, 3, 4, 8, 11]), Set(4..<8), Set(0..<12), Set<Int>(),
    ]) func `known units are handed over at their place, and not done again`(
      _ kind: EngineKind, _ known: Set<Int>
    ) throws
  {
    let folder = TemporaryFolder()
    let whole = try run(units(Self.tasks), kind, folder.file("whole"))
    try interrupted(folder.file("run"), Self.tasks) { known.contains($0.number) ? $0 : nil }
    let trial = try run(units(Self.tasks), kind, folder.file("run"))
    #expect(trial.lines == whole.lines)
    #expect(Set(trial.performed) == Set((0..<12).filter { !known.contains($0) }.map { "u\($0)" }))
    #expect(trial.performed.count == 12 - known.count)
    #expect(trial.record.unitsDone == whole.record.unitsDone && trial.record.unitsFailed == whole.record.unitsFailed)
    // Afterwards everything is known.
    let again = try run(units(Self.tasks), kind, folder.file("run"))
    #expect(again.lines == whole.lines && again.performed == [])
  }

  @Test func `what failed for a reason that may pass is tried again`() throws {
    let kinds = UnitFailure.Kind.allCases
    let folder = TemporaryFolder()
    try interrupted(folder.file("run"), kinds.map { [1, $0.rawValue] }) { entry in
      var entry = entry
      entry.outcome = .failed(UnitFailure(kinds[entry.number], "then", haltsBatch: true))
      return entry
    }
    let trial = try run(units(kinds.map { [1, $0.rawValue] }), .serial, folder.file("run"))
    let rejected = kinds.firstIndex(of: .rejected)!
    #expect(trial.performed == kinds.indices.filter { $0 != rejected }.map { "u\($0)" })
    #expect(trial.lines[rejected] == "\(rejected) u\(rejected) rejected: then")
    #expect(trial.record.unitsFailed == 1)
    // The records of the second time take the place of the first ones.
    let opened = try RunFile.open(folder.file("run"))
    #expect(opened.earlier?.count == kinds.count)
  }

  @Test func `a unit that a batch has twice is known as often as it was done`() throws {
    let folder = TemporaryFolder()
    let tasks: [Bytes] = [[1, 7], [1, 7], [1, 7]]
    try interrupted(folder.file("run"), tasks) { $0.number < 2 ? $0 : nil }
    let trial = try run(units(tasks), .serial, folder.file("run"))
    #expect(trial.performed.count == 1 && trial.lines.count == 3)
  }

  @Test func `units keep what is known of them when others come before them`() throws {
    let folder = TemporaryFolder()
    _ = try run(units([[1, 1], [1, 2]]), .serial, folder.file("run"))
    let more = units([[1, 9], [1, 1], [1, 8], [1, 2]])
    let trial = try run(more, .threads, folder.file("run"))
    #expect(Set(trial.performed) == ["u0", "u2"])
    #expect(trial.lines.map { $0.prefix(1) } == ["0", "1", "2", "3"])
  }

  @Test(arguments: [2, 5, 9]) func `a fold that has had enough ends the run, known units or not`(_ limit: Int) throws {
    let folder = TemporaryFolder()
    try interrupted(folder.file("run"), Self.tasks) { $0.number < 7 ? $0 : nil }
    let whole = try run(units(Self.tasks), .serial, folder.file("whole"), limit: limit)
    let trial = try run(units(Self.tasks), .serial, folder.file("run"), limit: limit)
    #expect(trial.lines == whole.lines && trial.record.ending == .satisfied)
    #expect(trial.record.unitsDone == whole.record.unitsDone)
  }

  @Test func `a changed file is done anew and told, an unchanged one is not`() throws {
    let folder = TemporaryFolder()
    let (one, other) = (try folder.write("one", Bytes("1".utf8)), try folder.write("other", Bytes("2".utf8)))
    let made = { [one, other].enumerated().map { Unit(number: $0, path: $1, task: [1], source: .file($1)) } }
    _ = try run(made(), .serial, folder.file("run"))
    try folder.write("other", Bytes("22".utf8))
    let trial = try run(made(), .serial, folder.file("run"))
    #expect(trial.performed == [other.forDisplay] && trial.changed == [other.forDisplay])
    let again = try run(made(), .serial, folder.file("run"))
    #expect(again.performed == [] && again.changed == [])
  }

  @Test func `files that claim to be empty, pipes and devices are always looked at again`() throws {
    let folder = TemporaryFolder()
    let made = {
      [FilePath("/proc/version"), FilePath("/dev/null")].enumerated().map {
        Unit(number: $0, path: $1, task: [1], source: .file($1))
      }
    }
    _ = try run(made(), .serial, folder.file("run"))
    let trial = try run(made(), .serial, folder.file("run"))
    #expect(trial.performed.count == 2 && trial.changed == [])
  }

  @Test func `a unit without its output is done anew`() throws {
    let folder = TemporaryFolder()
    let sinks = ["a", "b"].map { Sink.file(Destination(path: folder.file("out/\($0)"), replacesExisting: false)) }
    let made = { sinks.enumerated().map { Unit(number: $0, label: "u\($0)", task: [1], sink: $1) } }
    _ = try run(made(), .serial, folder.file("run"))
    _ = try Program.shell("rm \"$1\"", [folder.file("out/b").string])
    let trial = try run(made(), .serial, folder.file("run"))
    #expect(trial.performed == ["u1"])
    #expect(try Tree(folder.file("out")).names == ["a", "b"])
  }

  @Test func `a run file that cannot be written ends the run`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("run")
    _ = try run(units([[1, 1]]), .serial, path)
    let file = try LockedFile(reading: path)
    let writer = try JournalWriter(file, end: 0)
    let batch = JournaledBatch(
      Batch(workload: EchoWorkload(), plan: ListPlan(units(Self.tasks)), fold: Story()), writer: writer, earlier: nil,
      name: "run", own: nil, watchers: [])
    writer.append(.void([]))
    #expect(throws: SystemError.self) { try writer.flush() }
    #expect(batch.ending == .halted("run cannot be written: bad file descriptor"))
    #expect(throws: SystemError.self) { try writer.close() }
  }
}
