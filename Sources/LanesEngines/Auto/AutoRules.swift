import LanesCore

/// How a batch is run, and why.
package struct AutoChoice: Sendable, Equatable {
  package var kind: EngineKind
  package var lanes: Int
  /// A clause without a full stop.
  package var reason: String

  package init(_ kind: EngineKind, lanes: Int, because reason: String) {
    self.kind = kind
    self.lanes = lanes
    self.reason = reason
  }

  package var setup: EngineSetup { EngineSetup(kind: kind, lanes: lanes) }
}

/// What `auto` makes of what a pilot measured; pure.
///
/// | the pilot found | the batch goes on |
/// |---|---|
/// | units wait for storage for a quarter of their time or more | as hybrid, one lane for each CPU |
/// | the same where io_uring is refused or cores are busy, or for writing or other input | as threads, eight for each CPU |
/// | units shorter than handing them over | serially |
/// | anything else | as threads, one for each CPU; serially where that is one |
///
/// The event loop alone is never chosen: the hybrid engine keeps as many reads going and uses all CPUs (BENCHMARKS.md, sections
/// auto and compare). Processes are chosen where isolation is asked for, since
/// whatever they do threads do without moving bytes.
package struct AutoRules: Sendable {
  /// CPUs that may be used, or lanes that the user allowed.
  package let cpus: Int
  /// False where the user has set the number of lanes: then units that wait get no more of them.
  package let mayAddLanes: Bool

  package init(cpus: Int, mayAddLanes: Bool) {
    self.cpus = max(1, cpus)
    self.mayAddLanes = mayAddLanes
  }

  /// From this share of waiting on more lanes pay: with less the CPUs are busy, and more lanes only share their caches.
  package var muchWaiting = 0.25
  /// Reads in flight for each CPU while units wait: 16 lanes on two CPUs read cold files in 0.57 of the time of 2.
  package var lanesPerWaitingCPU = 8
  /// What the hybrid engine suits: it reads many files at once, for which threads need as many lanes.
  package var loopSuits: [UnitCosts.Wait] = [.storage]
  /// From this share of their time on that lanes had no core, other programs keep the cores busy. A loop is one thread that
  /// must get a core again and again: 16 threads then took 0.7 of its time.
  package var muchQueueing = 0.1
  /// False where io_uring is refused, without which a loop reads one file after the other.
  package var hasRing = false
  /// Nanoseconds that handing a unit to another thread and back costs (`lanes lab units`).
  package var handOver = 1_000.0
  /// The same for a worker process, and for each byte that it reads or writes through shared memory (`lanes lab payloads`).
  private static let processHandOver = 1_250.0
  private static let processByte = 0.15

  /// How to begin, before anything is known; `isOnlyUnit` when the batch has a single unit or none.
  package func start(isOnlyUnit: Bool) -> AutoChoice {
    if isOnlyUnit { return AutoChoice(.serial, lanes: 1, because: "there is one unit only") }
    if cpus == 1 {
      return AutoChoice(.serial, lanes: 1, because: "there is one CPU, and the batch ended before the pilot did")
    }
    return AutoChoice(.threads, lanes: cpus, because: "the batch ended before the pilot did")
  }

  package func choose(_ costs: UnitCosts) -> AutoChoice {
    let waiting = costs.waitingShare
    let pilot = Self.describe(costs)
    if waiting >= muchWaiting, let wait = costs.wait {
      let found = "units waited \(Self.percent(waiting)) of their time for \(wait.rawValue) (\(pilot))"
      if hasRing, loopSuits.contains(wait), Double(costs.queued) < muchQueueing * Double(max(1, costs.wall)) {
        return AutoChoice(
          .hybrid, lanes: cpus, because: found + ", so one event loop reads many at a time for all lanes")
      }
      guard mayAddLanes else {
        return AutoChoice(cpus > 1 ? .threads : .serial, lanes: cpus, because: found + ", but --cores was given")
      }
      let lanes = cpus * lanesPerWaitingCPU
      return AutoChoice(.threads, lanes: lanes, because: found + ", so \(lanes) at a time keep the CPUs busy")
    }
    if costs.processorPerUnit < handOver {
      return AutoChoice(.serial, lanes: 1, because: "units are shorter than handing them over (\(pilot))")
    }
    let found =
      waiting >= muchWaiting
      ? "units waited, though neither for storage nor for writing (\(pilot))"
      : "units compute \(Self.percent(1 - waiting)) of their time (\(pilot))"
    if cpus == 1 { return AutoChoice(.serial, lanes: 1, because: found + " and there is one CPU") }
    return AutoChoice(
      .threads, lanes: cpus, because: found + "; worker processes would add \(Self.percent(Self.processCost(costs)))")
  }

  /// What worker processes would cost a unit, as a part of its processor time.
  package static func processCost(_ costs: UnitCosts) -> Double {
    (processHandOver + Double(costs.bytesPerUnit) * processByte) / costs.processorPerUnit
  }

  private static func describe(_ costs: UnitCosts) -> String {
    "\(costs.units) units of \(bytes(costs.bytesPerUnit)) and \(time(costs.processorPerUnit)) each"
  }

  private static func percent(_ share: Double) -> String {
    share > 0 && share < 0.01 ? "less than 1%" : "\(Int((share * 100).rounded()))%"
  }

  private static func bytes(_ count: Int) -> String {
    count < 10_000 ? "\(count) B" : count < 10_000_000 ? "\(count / 1_000) kB" : "\(count / 1_000_000) MB"
  }

  private static func time(_ nanoseconds: Double) -> String {
    let microseconds = Int((nanoseconds / 1_000).rounded())
    return nanoseconds < 1_000
      ? "\(Int(nanoseconds)) ns"
      : microseconds < 10_000 ? "\(microseconds) \(Glyphs.microseconds)" : "\(microseconds / 1_000) ms"
  }
}
