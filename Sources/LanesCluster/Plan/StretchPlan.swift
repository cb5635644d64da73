import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// The units of one stretch, as a machine that does them sees them: numbered from 0, with the identities that files have
/// there.
package final class StretchPlan: UnitPlan {
  private let plan: FrozenPlan
  private let stretch: FrozenPlan.Stretch
  private var units: RecordStream
  /// The file that was looked at last: slices of one file follow each other.
  private var last: (path: FilePath, status: FileStatus)?
  private var position = 0

  /// - Parameter source: the file of all units; `FrozenPlan.check` has found the stretch whole.
  package init(_ plan: FrozenPlan, shard: Int, in source: any RunFileSource) {
    self.plan = plan
    stretch = plan.stretches[shard]
    units = plan.units(of: shard, in: source)
  }

  package var totalUnits: Int? { stretch.count }

  package func next() -> PlanStep {
    var planned: PlannedUnit
    do throws(RunFileError) {
      guard let next = try units.nextUnit() else { return .end }
      planned = next
    } catch {
      let unit = Unit(number: position, label: "the plan")
      position = stretch.count
      return .failed(unit, UnitFailure(.input, error.reason, haltsBatch: true))
    }
    planned.number -= stretch.first
    position += 1
    if let failure = planned.failure { return .failed(planned.unit, failure) }
    allowOwnResults(&planned)
    guard isAsPlanned(&planned) else {
      return .failed(planned.unit, UnitFailure(.input, "it changed after the batch was planned"))
    }
    return .unit(planned.unit)
  }

  /// Notes which file it is here; false where its size or its time of last change is not that of the plan. A file that
  /// cannot be looked at fails when it is opened.
  private func isAsPlanned(_ planned: inout PlannedUnit) -> Bool {
    guard let path = planned.path, let stamp = planned.stamp else { return true }
    if last?.path != path {
      last = nil
      if let status = try? FileStatus(of: path), status.kind == .regular { last = (path, status) }
    }
    guard let status = last?.status else { return true }
    guard status.size == stamp.size, status.modified == stamp.modified else { return false }
    planned.stamp = status.stamp
    if case .slice(var slice) = planned.source {
      slice.identity = status.identity
      planned.source = .slice(slice)
    }
    return true
  }

  /// A result that is there now, was not there when the batch was planned, and is younger than the plan, comes from another
  /// attempt at this stretch: it is made again, and kept where it is the same.
  private func allowOwnResults(_ planned: inout PlannedUnit) {
    func allowed(_ destination: Destination) -> Destination {
      guard !destination.replacesExisting, !destination.acceptsSame,
        let status = try? FileStatus(of: destination.path, followingLinks: false), status.kind == .regular
      else { return destination }
      // Some file systems count whole seconds.
      let second: Int64 = 1_000_000_000
      let started = status.changed % second == 0 ? plan.started / second * second : plan.started
      guard status.changed >= started else { return destination }
      var destination = destination
      destination.acceptsSame = true
      return destination
    }
    switch planned.sink {
    case .none, .standardOutput, .fold: break
    case .file(let destination): planned.sink = .file(allowed(destination))
    case .files(let destinations): planned.sink = .files(destinations.map(allowed))
    }
  }
}
