import DequeModule
import LanesCore
import LanesOS

/// A batch whose units are written down as they end, and of which those that a run file knows are not done again.
///
/// It stands between a command's plan and fold and the engine, which sees a plan and a fold as any other:
///
/// ```
/// plan ─▶ next ─┬─ not known ─▶ engine (numbered anew, without gaps) ─▶ absorb ─▶ number put back ─▶ fold
///               └─ known ─▶ waits for the units before it ─────────────────────▶ outcome from the file ─▶ fold
/// ```
///
/// What the fold hears, and what is printed, is thus in unit order and the same as if everything had been done in one
/// run. Belongs to the coordinating thread.
package final class JournaledBatch {
  /// A unit that has been taken from the plan and that the fold has not heard of.
  private enum Slot {
    /// The engine has it under this number; it is the plan's `number`.
    case running(Int, number: Int)
    case known(Unit, RunFileReader.Place)
  }

  package let workload: any Workload
  private let plan: any UnitPlan
  private let fold: any Fold
  private let writer: JournalWriter
  private let earlier: EarlierRun?
  private let places: UnitPlaces
  /// What messages call the run file.
  private let name: String
  /// The run file itself, which must not be an input.
  private let own: FileIdentity?
  /// Hear of units that are known as if they had just ended.
  private let watchers: [any Observer]
  private var slots: Deque<Slot> = []
  /// The plan's numbers of the units that the engine was given, in order.
  private var numbers: [Int] = []
  /// Units whose record takes the place of another one's.
  private var superseded: [Int: Int] = [:]
  /// Units of which the file says the same already.
  private var isWritten: Set<Int> = []
  /// Why the batch itself ends the run: the run file cannot be read any more, or standard output cannot be written.
  private var ownEnding: Ending?

  /// Units that were known, and how they had ended.
  package private(set) var knownDone = 0
  package private(set) var knownFailed = 0
  /// Labels of units whose sources have changed since they were done; the first few, and how many there are.
  package private(set) var changed: [String] = []
  package private(set) var changedCount = 0

  /// Labels of changed units that are kept.
  private static let mostLabels = 100

  package init(
    _ batch: Batch, writer: JournalWriter, earlier: EarlierRun?, name: String, own: FileIdentity?,
    watchers: [any Observer]
  ) {
    workload = batch.workload
    plan = batch.plan
    fold = batch.fold
    self.writer = writer
    self.earlier = earlier
    self.name = name
    self.own = own
    self.watchers = watchers
    places = UnitPlaces(batch.workload)
  }

  /// Why the run ends early, as far as the engine has not heard of it.
  package var ending: Ending? {
    if let failure = writer.failure { return .halted("\(name) cannot be written: \(failure.reason)") }
    return ownEnding ?? fold.ending
  }
}

extension JournaledBatch: UnitPlan {
  package var totalUnits: Int? { plan.totalUnits }
  package var outputFolder: OutputFolder? { plan.outputFolder }

  /// The next unit that is not known; known ones on the way are put in line or told of at once.
  package func next() -> PlanStep {
    while true {
      // Known units pass here without the engine, so nobody else would see that the run is to stop.
      if earlier != nil, StopSignals.received != nil || ending != nil { return .end }
      switch plan.next() {
      case .unit(var unit):
        // Before the unit is read: a change that comes later makes the next run do the unit again.
        unit.noteStamp()
        if let own, unit.stamp?.identity == own { return .failed(give(unit), .ownRunFile) }
        guard let earlier else { return .unit(unit) }
        do throws(RunFileError) {
          if let unit = try look(unit, earlier) { return .unit(unit) }
        } catch {
          ownEnding = .halted("\(name) \(error.reason)")
          return .end
        }
      case .failed(let unit, let failure):
        do throws(RunFileError) {
          try note(unit, failure)
        } catch {
          ownEnding = .halted("\(name) \(error.reason)")
        }
        return .failed(give(unit), failure)
      case .waiting(let descriptor): return .waiting(descriptor: descriptor)
      case .end: return .end
      }
    }
  }

  /// The unit for the engine; nil when it is known.
  private func look(_ unit: Unit, _ earlier: EarlierRun) throws(RunFileError) -> Unit? {
    switch try earlier.take(places.place(of: unit), SourceState(of: unit)) {
    case .known(let entry, let place):
      // With nothing ahead of it the fold hears of it at once, which plans that go on from results rely on.
      if slots.isEmpty { deliver(unit, entry) } else { slots.append(.known(unit, place)) }
      return nil
    case .again(let ordinal, let reason):
      superseded[unit.number] = ordinal
      // Of a pipe nobody can know whether it has changed, so that is not told.
      if case .changed = reason, SourceState(of: unit) != .unknown { noteChanged(unit) }
    case .new: break
    }
    return give(unit)
  }

  /// A unit that the plan fails is failed again by each run's plan, and written down again when that is news.
  private func note(_ unit: Unit, _ failure: UnitFailure) throws(RunFileError) {
    guard let earlier, let (old, outcome) = try earlier.takeAny(places.place(of: unit)) else { return }
    if outcome == .failed(failure) { isWritten.insert(unit.number) } else { superseded[unit.number] = old }
  }

  private func noteChanged(_ unit: Unit) {
    changedCount += 1
    if changed.count < Self.mostLabels { changed.append(unit.label) }
  }

  /// The unit as the engine is given it.
  private func give(_ unit: Unit) -> Unit {
    guard earlier != nil else { return unit }
    var given = unit
    given.number = numbers.count
    // The number in the slot is the engine's; `numbers` leads back to the plan's.
    slots.append(.running(numbers.count, number: unit.number))
    numbers.append(unit.number)
    return given
  }

}

extension JournaledBatch: Fold {
  package var printsOutput: Bool { fold.printsOutput }

  /// Takes the outcome of a unit from the engine, and those of known units whose turn has come with it.
  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    absorb(unit, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  package func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    guard earlier != nil else { return fold.absorb(unit, outcome, output: output) }
    var hasGap = false
    while let slot = slots.popFirst() {
      // Units before this one of which nothing was heard were dropped, as the run is to stop.
      guard case .running(unit.number, let number) = slot else {
        hasGap = true
        continue
      }
      var own = unit
      own.number = number
      fold.absorb(own, outcome, output: output)
      break
    }
    if !hasGap { deliverKnown() }
  }

  /// Hands on the known units whose turn it is.
  private func deliverKnown() {
    // A fold that wants no more ends the run, and known units are not told of either.
    while ending == nil, case .known(let unit, let place) = slots.first {
      _ = slots.popFirst()
      do throws(RunFileError) {
        deliver(unit, try earlier!.entry(place))
      } catch {
        ownEnding = .halted("\(name) \(error.reason)")
      }
    }
  }

  /// Tells watchers and the fold of a known unit, and prints what it printed.
  private func deliver(_ unit: Unit, _ entry: UnitEntry) {
    for watcher in watchers { watcher.unitEnded(unit, entry.unitRecord) }
    switch entry.outcome {
    case .done:
      knownDone += 1
      if unit.isPrinted { entry.printed.withUnsafeBytes { print($0) } }
    case .failed: knownFailed += 1
    }
    entry.printed.withUnsafeBytes { fold.absorb(unit, entry.outcome, output: $0) }
  }

  /// As the ledger prints what was done just now.
  private func print(_ output: UnsafeRawBufferPointer) {
    guard output.count > 0, fold.printsOutput, ownEnding == nil else { return }
    do {
      try StandardOutput.write(output)
    } catch {
      switch error {
      case .closed: ownEnding = .outputClosed
      case .stopped: break
      case .failed(let error): ownEnding = .halted("standard output: \(error.reason)")
      }
    }
  }
}

extension JournaledBatch {
  /// Writes down what ends, and passes everything on to `others` under the plan's numbers.
  package func observer(_ others: any Observer) -> any Observer { Relay(self, others) }

  private final class Relay: Observer {
    private let batch: JournaledBatch
    private let others: any Observer

    init(_ batch: JournaledBatch, _ others: any Observer) {
      self.batch = batch
      self.others = others
    }

    /// The unit under the plan's number.
    private func planned(_ unit: Unit) -> Unit {
      guard batch.earlier != nil else { return unit }
      var planned = unit
      planned.number = batch.numbers[unit.number]
      return planned
    }

    // Totals are the plan's: known units count among them.
    func batchStarted(totalUnits: Int?) { others.batchStarted(totalUnits: totalUnits) }
    func planGrew(totalUnits: Int?) { others.planGrew(totalUnits: totalUnits) }
    func workersStarted(_ processes: [Int32]) { others.workersStarted(processes) }
    func unitStarted(_ unit: Unit, lane: Int) { others.unitStarted(planned(unit), lane: lane) }
    func unitEnded(_ unit: Unit, _ record: UnitRecord) { others.unitEnded(planned(unit), record) }

    func unitSettled(_ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
      let unit = planned(unit)
      // Both lists are empty in most runs, which then pay for no look-up.
      let old = batch.superseded.isEmpty ? nil : batch.superseded.removeValue(forKey: unit.number)
      if batch.isWritten.isEmpty || batch.isWritten.remove(unit.number) == nil {
        batch.writer.settle(unit, record, outcome, printed: output, supersedes: old, places: batch.places)
      }
      others.unitSettled(unit, record, outcome, output: output)
    }
  }
}

extension RunRecord {
  /// Adds what was known to what was done, and the end that the engine could not see.
  package mutating func add(_ batch: JournaledBatch) {
    unitsDone += batch.knownDone
    unitsFailed += batch.knownFailed
    if ending == .complete, let early = batch.ending { ending = early }
    let known = batch.knownDone + batch.knownFailed
    if known > 0 { notes.append("\(known) units were taken from the run file") }
  }
}

extension UnitFailure {
  fileprivate static let ownRunFile = UnitFailure(.input, "it is the file that this run is written to")
}
