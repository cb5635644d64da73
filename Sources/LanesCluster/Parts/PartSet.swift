import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// All parts of a plan that are there, each read to its end and checked.
package struct PartSet {
  package let plan: FrozenPlan
  /// By shard: a part that is whole, if there is one.
  package private(set) var complete: [Part?]
  /// By shard: units that unfinished attempts have written down, of the attempt that came farthest.
  package private(set) var underWay: [Int]
  /// Files that cannot be used: damaged ones, and parts of other plans.
  package private(set) var unusable: [Part] = []
  /// Shards of which two whole parts tell different outcomes.
  package private(set) var contradictions: [(shard: Int, one: FilePath, other: FilePath)] = []

  /// Reads the folder of parts.
  package init(_ plan: FrozenPlan, _ folder: FilePath) {
    self.init(plan)
    let fingerprint = plan.fingerprint
    for path in Folders.contents(FrozenPlan.partsFolder(folder)) where Part.isNamedAsPart(path) {
      take(Part.examine(path, plan, fingerprint), fingerprint)
    }
  }

  /// Reads these files, each of which should be a part.
  ///
  /// - Parameter unusable: others, of which that is known already.
  package init(_ plan: FrozenPlan, files: [FilePath], unusable: [Part]) {
    self.init(plan)
    self.unusable = unusable
    let fingerprint = plan.fingerprint
    for path in files {
      let part = Part.examine(path, plan, fingerprint)
      if case .unfinished = part.state {
        let reason = "ends too early: it was cut off, or its shard has not ended"
        self.unusable.append(Part(path: path, shard: part.shard, state: .damaged(reason)))
      } else {
        take(part, fingerprint)
      }
    }
  }

  private init(_ plan: FrozenPlan) {
    self.plan = plan
    complete = Array(repeating: nil, count: plan.stretches.count)
    underWay = Array(repeating: 0, count: plan.stretches.count)
  }

  private mutating func take(_ part: Part, _ fingerprint: Bytes) {
    switch part.state {
    case .complete:
      // A part that is whole tells its shard.
      let shard = part.shard!
      guard let earlier = complete[shard] else {
        complete[shard] = part
        return
      }
      if digest(earlier, fingerprint) != digest(part, fingerprint) {
        contradictions.append((shard, earlier.path, part.path))
      }
    case .unfinished(let units):
      if let shard = part.shard { underWay[shard] = max(underWay[shard], units) }
    case .damaged, .foreign: unusable.append(part)
    }
  }

  /// Of all that reaches the fold, standard output and results: what two runs of one stretch must agree on.
  private func digest(_ part: Part, _ fingerprint: Bytes) -> Bytes {
    var digests = Bytes()
    _ = Part.examine(part.path, plan, fingerprint) { entry in
      var writer = WireWriter(appendingTo: digests)
      writer.write(entry.outcome)
      writer.write(entry.printed)
      for output in entry.outputs { writer.write(output.digest) }
      // Folded at once: memory must not grow with the part.
      digests = writer.bytes.withUnsafeBytes { SHA256.digest($0) }
    }
    return digests
  }

  /// Shards without a whole part.
  package var missing: [Int] { complete.indices.filter { complete[$0] == nil } }

  /// Units of the parts that are whole.
  package var totals: RunTotals {
    complete.reduce(into: RunTotals(done: 0, failed: 0)) { sum, part in
      guard case .complete(let totals) = part?.state else { return }
      sum.done += totals.done
      sum.failed += totals.failed
    }
  }

  /// Numbers as people list them, such as `2,5-7`.
  package static func list(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ",")
  }
}

extension PartSet {
  /// Gives all units and how they ended to `body`, in the order of the plan, until that wants no more. One part is open at a time,
  /// and one record of it in memory.
  ///
  /// - Parameter missing: hears of units whose shards are not there; with a failure, where the unit is a slice of a file of which
  ///   other slices are there, so that the file's result would be wrong.
  /// - Returns: the time from the first part's beginning to the last one's end, in nanoseconds, as file systems tell.
  package func replay(
    units source: any RunFileSource, missing: (Unit, UnitFailure?) -> Void = { _, _ in },
    _ body: (Unit, UnitEntry) -> Bool
  ) throws(ClusterError) -> Int64 {
    var began = Int64.max
    var ended = Int64.min
    /// The file of the last unit that was there.
    var last: FilePath?
    for shard in plan.stretches.indices {
      guard let path = complete[shard]?.path else {
        try skip(shard, units: source, behind: last, missing)
        continue
      }
      var wantsMore = true
      do throws(RunFileError) {
        var stream = plan.units(of: shard, in: source)
        let file: StoredFile
        do { file = try StoredFile(path) } catch { throw .system(error) }
        ended = max(ended, (try? FileStatus(of: path).modified) ?? ended)
        var reader = try RunFileReader(file)
        _ = try reader.scan { (entry, place) throws(RunFileError) in
          switch entry {
          case .header(let header): began = min(began, header.started)
          case .unit(let unit):
            guard wantsMore else { return }
            guard let planned = try stream.nextUnit(), planned.number == plan.stretches[shard].first + unit.number
            else {
              throw .damaged(offset: place.offset, "it tells of a unit that is not there")
            }
            last = planned.path
            wantsMore = body(planned.unit, unit)
          case .found, .void, .complete: break
          }
        }
      } catch {
        throw ClusterError(.system, "\(path.forDisplay) \(error.reason)")
      }
      if !wantsMore { break }
    }
    return began < ended ? ended - began : 0
  }

  /// Tells of the units of a shard that is not there.
  private func skip(
    _ shard: Int, units source: any RunFileSource, behind last: FilePath?, _ missing: (Unit, UnitFailure?) -> Void
  ) throws(ClusterError) {
    do throws(RunFileError) {
      let next = plan.stretches.indices.first { $0 > shard && complete[$0] != nil && plan.stretches[$0].count > 0 }
      var following = next.map { plan.units(of: $0, in: source) }
      let after = try following?.nextUnit()?.path
      var stream = plan.units(of: shard, in: source)
      while let unit = try stream.nextUnit() {
        guard case .slice(let slice) = unit.source, slice.path == last || slice.path == after else {
          missing(unit.unit, nil)
          continue
        }
        missing(unit.unit, UnitFailure(.input, "shard \(shard), which has a part of it, is missing"))
      }
    } catch {
      throw ClusterError(.system, "the plan's units cannot be read: it \(error.reason)")
    }
  }
}
