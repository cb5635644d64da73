import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Whatever happens to plans and parts, the result is the right one or there is none.
struct DamageTests {
  /// A small batch of three shards, done.
  private final class Job {
    let folder = TemporaryFolder()
    let trial = Trial.all[0]
    let path: FilePath
    let plan: FrozenPlan
    let fingerprint: Bytes

    init(shards: Int = 3) throws {
      path = folder.file("job")
      plan = try trial.freeze(folder.path, path, .number(shards))
      fingerprint = plan.fingerprint
      for shard in plan.stretches.indices { try trial.shard(shard, plan, path, .serial) }
    }

    func part(_ shard: Int) -> FilePath { Part.path(path, shard: shard) }

    /// Puts a file among the parts.
    func write(_ name: String, _ bytes: Bytes) throws { try replace("job/parts/\(name)", bytes) }

    /// Removed first: a file that is cut off and written anew is flushed to the disk by some file systems, thousands of times.
    func replace(_ name: String, _ bytes: Bytes) throws {
      try Folders.removeFile(folder.file(name))
      try folder.write(name, bytes)
    }

    var set: PartSet { PartSet(plan, path) }
  }

  @Test func `a part that is cut off at any byte, or changed in any, is missing`() throws {
    let job = try Job()
    let whole = try contents(job.part(1))
    #expect(whole.count < 2000)
    func isComplete() -> Bool {
      if case .complete = Part.examine(job.part(1), job.plan, job.fingerprint).state { true } else { false }
    }
    for length in whole.indices {
      try job.write("00001.run", Bytes(whole[..<length]))
      #expect(!isComplete(), "cut off at \(length)")
    }
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 0x10
      try job.write("00001.run", changed)
      #expect(!isComplete(), "changed at \(place)")
    }
    #expect(job.set.missing == [1])
    try job.write("00001.run", whole)
    #expect(job.set.missing.isEmpty)
  }

  @Test func `a part without a folder that is cut off at any byte, or changed in any, is named and not used`() throws {
    let inputs = try Trial.makeInputs()
    let trial = Trial.all[0]
    let (plan, units) = try trial.freezeAlone(inputs.path, 3)
    for shard in 0..<3 {
      try inputs.write("part\(shard)", try trial.part(shard, plan, units, inputs.file("attempt\(shard)")))
    }
    func set(_ names: String...) -> PartSet { PartSet(plan, files: names.map { inputs.file($0) }, unusable: []) }
    let whole = try contents(inputs.file("part1"))
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 0x10
      for bytes in [Bytes(whole[..<place]), changed] {
        try Folders.removeFile(inputs.file("bad"))
        try inputs.write("bad", bytes)
        let parts = set("part0", "bad", "part2")
        #expect(parts.missing == [1] && parts.unusable.count == 1, "at \(place)")
      }
    }
    // The same one twice is one, and two are not three.
    #expect(set("part0", "part0", "part1", "part2").contradictions.isEmpty)
    #expect(set("part0", "part0", "part2").missing == [1])
    #expect(try trial.merge(set("part2", "part1", "part0"), units) == trial.direct(inputs.path))
  }

  @Test func `a plan or its units that are changed in any byte are refused`() throws {
    let job = try Job()
    for file in [FrozenPlan.planFile(job.path), FrozenPlan.unitsFile(job.path)] {
      let whole = try contents(file)
      let name = "job/" + file.lastComponent!.string
      func isRefused() -> Bool {
        guard let plan = try? FrozenPlan.read(job.path), let units = try? FrozenPlan.openUnits(job.path) else {
          return true
        }
        return plan.stretches.indices.contains { (try? plan.check($0, in: units, job.path)) == nil }
      }
      for place in whole.indices {
        var changed = whole
        changed[place] ^= 0x10
        try job.replace(name, changed)
        #expect(isRefused(), "\(name) changed at \(place)")
        try job.replace(name, Bytes(whole[..<place]))
        #expect(isRefused(), "\(name) cut off at \(place)")
      }
      try job.replace(name, whole)
      #expect(!isRefused())
    }
  }

  @Test func `parts are known by what they hold and not by their names`() throws {
    let job = try Job()
    let expected = try job.trial.direct(job.folder.path)
    let (one, other) = (try contents(job.part(0)), try contents(job.part(2)))
    try job.write("00000.run", other)
    try job.write("00002.run", one)
    #expect(job.set.missing.isEmpty)
    #expect(try job.trial.merge(job.plan, job.path) == expected)
    // The same part twice is one part.
    try job.write("copy.run", one)
    #expect(job.set.contradictions.isEmpty)
    #expect(try job.trial.merge(job.plan, job.path) == expected)
    try Folders.removeFile(job.part(0))
    #expect(job.set.missing == [2])
  }

  @Test func `a shard that is done twice gives the same part twice, and another result is an alarm`() throws {
    let job = try Job()
    let first = try contents(job.part(1))
    try Folders.removeFile(job.part(1))
    try job.trial.shard(1, job.plan, job.path, .threads)
    try job.write("first.run", first)
    #expect(job.set.contradictions.isEmpty && job.set.missing.isEmpty)
    // A part of another result, as a machine with bad memory may give: its checksums are right.
    var entries: [RunEntry] = []
    var reader = try RunFileReader(StoredFile(job.part(1)))
    _ = try reader.scan { entry, _ in entries.append(entry) }
    for index in entries.indices {
      guard case .unit(var unit) = entries[index], case .done(var partial) = unit.outcome else { continue }
      partial[0] ^= 1
      unit.outcome = .done(partial)
      entries[index] = .unit(unit)
    }
    let forged = entries.reduce(RunFileFormat.prologue) { $0 + RunFileFormat.group([$1]) }
    try job.write("forged.run", forged)
    #expect(job.set.contradictions.map(\.shard) == [1])
  }

  @Test func `parts of other plans are named and not used`() throws {
    let job = try Job()
    let other = try Job(shards: 4)
    try job.write("00001.run", try contents(other.part(1)))
    #expect(job.set.missing == [1])
    #expect(job.set.unusable.map(\.state) == [.foreign("is a part of another plan")])
    // Nor is the run file of a whole run, an empty file, or one of another kind.
    try job.write("00001.run", Bytes())
    #expect(job.set.missing == [1] && job.set.unusable.isEmpty)
    try job.write("00001.run", Bytes("no run file".utf8))
    #expect(job.set.missing == [1] && job.set.unusable.count == 1)
  }

  @Test func `numbers are listed as ranges`() {
    #expect(PartSet.list([]) == "")
    #expect(PartSet.list([2, 5, 6, 7]) == "2,5-7")
    #expect(PartSet.list([0, 1, 3]) == "0-1,3")
  }
}
