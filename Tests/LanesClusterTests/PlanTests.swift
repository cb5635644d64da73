import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// A batch that is cut into shards gives what it gives as a whole, however it is cut and whoever does it.
struct PlanTests {
  @Test(arguments: Trial.all.indices)
  func `any number of shards, in any order and under any engine, gives the result of one run`(_ index: Int) throws {
    let trial = Trial.all[index]
    let inputs = try Trial.makeInputs()
    let expected = try trial.direct(inputs.path)
    let files = try Tree(inputs.file("out"))
    var random = Repeatable(state: UInt64(index))
    let units = try trial.freeze(inputs.path, inputs.file("whole"), .number(1)).unitCount
    #expect(units > 3, "\(trial.name)")
    for (round, count) in [1, 2, 3, 7, units + 1].enumerated() {
      let job = inputs.file("job\(round)")
      let plan = try trial.freeze(inputs.path, job, .number(count))
      #expect(plan.stretches.count == min(count, units) && plan.unitCount == units, "\(trial.name)")
      Folders.remove(inputs.file("out"))
      // Every stretch has a unit, and none is left out.
      #expect(plan.stretches.allSatisfy { $0.count > 0 })
      for (place, shard) in plan.stretches.indices.shuffled(using: &random).enumerated() {
        let engines: [EngineKind] = [.serial, .threads, .eventloop, .hybrid]
        // Many shards are many starts: the rest of them is done by the quickest.
        try trial.shard(shard, plan, job, place < 4 ? engines[(place + round) % 4] : .serial)
      }
      #expect(PartSet(plan, job).missing.isEmpty)
      #expect(try trial.merge(plan, job) == expected, "\(trial.name) in \(count)")
      #expect(try Tree(inputs.file("out")) == files, "\(trial.name) in \(count)")
    }
  }

  @Test(arguments: Trial.all.indices)
  func `plans that processes make by themselves are the same, and so are parts without a folder`(_ index: Int) throws {
    let trial = Trial.all[index]
    let inputs = try Trial.makeInputs()
    let expected = try trial.direct(inputs.path)
    // More shards than some have units.
    let (plan, units) = try trial.freezeAlone(inputs.path, 7)
    #expect(plan.stretches.count == 7)
    var files: [FilePath] = []
    for shard in plan.stretches.indices.reversed() {
      let (own, units) = try trial.freezeAlone(inputs.path, 7)
      #expect(own == plan, "\(trial.name)")
      let part = try trial.part(shard, own, units, inputs.file("attempt\(shard)"))
      files.append(try inputs.write("part\(shard)", part))
    }
    let parts = PartSet(plan, files: files, unusable: [])
    #expect(parts.missing.isEmpty && parts.unusable.isEmpty)
    #expect(try trial.merge(parts, units) == expected, "\(trial.name)")
  }

  @Test func `parts of a table hold one table for each file`() throws {
    let inputs = try Trial.makeInputs()
    for trial in Trial.all where ["top", "stats by data", "histogram"].contains(trial.name) {
      let (whole, each) = (inputs.file("one \(trial.name)"), inputs.file("each \(trial.name)"))
      let one = try trial.freeze(inputs.path, whole, .number(1))
      try trial.shard(0, one, whole, .serial)
      let many = try trial.freeze(inputs.path, each, .number(1000))
      for shard in many.stretches.indices { try trial.shard(shard, many, each, .serial) }
      var (compact, plain) = (0, 0)
      func partials(_ job: FilePath, _ plan: FrozenPlan, _ sum: inout Int) {
        for path in Folders.contents(FrozenPlan.partsFolder(job)) {
          _ = Part.examine(path, plan, plan.fingerprint) {
            // What remains of a table is shorter.
            if case .done(let partial) = $0.outcome, partial.count > 100 { sum += 1 }
          }
        }
      }
      partials(whole, one, &compact)
      partials(each, many, &plain)
      // One for each file at the most, the empty one included.
      #expect(compact <= 4 && plain > 6, "\(trial.name): \(compact), \(plain) one by one")
    }
  }

  @Test func `stretches cost about the same`() throws {
    let folder = TemporaryFolder()
    let writer = try PlanWriter(folder.file("job"))
    // A long unit at the start and one at the end, and a thousand short ones between.
    let costs = [400_000] + [Int](repeating: 1000, count: 1000) + [600_000]
    for (number, cost) in costs.enumerated() {
      try writer.add(Unit(number: number, label: "u", expectedTime: cost))
    }
    let plan = try writer.finish(
      FrozenPlan(
        program: "", libraries: "", words: [], directory: FilePath("/"), workload: Trial.all[0].workload,
        outputFolder: nil, started: 0, notes: []), .number(5))
    #expect(plan.stretches.map(\.cost) == [400_000, 400_000, 400_000, 200_000, 600_000])
    #expect(plan.cost == 2_000_000)
    #expect(try FrozenPlan.read(folder.file("job")) == plan)
  }

  @Test func `a plan survives being written down, whatever its units hold`() throws {
    var destination = Destination(
      path: FilePath(rawBytes: [0x61, 0xFF]), replacesExisting: true, permissions: 0o640,
      times: FileTimes(accessed: 1, modified: -2), mirror: FolderMirror(file: FilePath("m"), depth: 3))
    destination.depth = 2
    let slice = FileSlice(
      path: FilePath("s"), offset: 3, length: 9, identity: FileIdentity(device: 0, inode: 0), access: .read)
    let units = [
      Unit(number: 0, label: "text", task: [1, 2], source: .none, sink: .files([destination, destination])),
      Unit(number: 1, path: FilePath(rawBytes: [0xFE]), source: .slice(slice), sink: .file(destination)),
      Unit(
        number: 2, label: "", source: .file(FilePath("f")), sink: .standardOutput, expectedInput: 7, expectedTime: 9),
      Unit(number: 3, label: "", sink: .fold),
    ]
    for unit in units {
      let planned = PlannedUnit(unit, failure: UnitFailure(.rejected, "why", haltsBatch: true))
      let back = try PlannedUnit(wire: planned.wire)
      #expect(back == planned)
      #expect(back.unit == unit && back.unit.labelBytes == unit.labelBytes)
    }
  }
}
