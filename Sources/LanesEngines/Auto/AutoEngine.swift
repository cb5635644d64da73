import LanesCore
import LanesOS

/// Chooses engine and lanes by what the first units cost, and says why in the record's notes.
///
/// The pilot is the batch itself: its first units run on the lanes that suit computing, each measured inside. No unit
/// is run twice, and results stay in order, since whatever comes next goes on with the same plan and the same recorder.
/// Later measurements may add lanes, or go over to the hybrid engine; they never take any lanes away, because lanes too many
/// cost little.
package struct AutoEngine: Engine {
  /// How to run units where a crash of one must not harm the others.
  package struct Isolation: Sendable {
    package let channel: ChannelKind
    package let worker: WorkerCommand
    /// Why the batch is isolated, such as "isolation was asked for".
    package let reason: String

    package init(channel: ChannelKind, worker: WorkerCommand, reason: String = "isolation was asked for") {
      self.channel = channel
      self.worker = worker
      self.reason = reason
    }
  }

  private let options: EngineOptions
  private let rules: AutoRules
  private let isolation: Isolation?

  /// - Parameters:
  ///   - mayAddLanes: whether units that wait may get more lanes than `options` say.
  ///   - isolation: not nil runs the batch in worker processes, whatever its units cost.
  package init(_ options: EngineOptions, mayAddLanes: Bool, isolation: Isolation? = nil) {
    self.init(options, AutoRules(cpus: options.lanes, mayAddLanes: mayAddLanes), isolation)
  }

  /// The engine with rules of the caller's own.
  package init(_ options: EngineOptions, _ rules: AutoRules, _ isolation: Isolation? = nil) {
    self.options = options
    self.rules = rules
    self.isolation = isolation
  }

  /// How a batch begins; the record tells how it ended.
  package var setup: EngineSetup {
    isolation.map { EngineSetup(kind: .processes, lanes: options.lanes, channel: $0.channel) }
      ?? rules.start(isOnlyUnit: false).setup
  }

  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    if let isolation {
      let engine = ProcessesEngine(options, channel: isolation.channel, worker: isolation.worker)
      var record = try engine.run(batch, observer: observer)
      record.notes.insert("auto chose \(record.setup.title): \(isolation.reason)", at: 0)
      return record
    }
    let recorder = RunRecorder(batch, observer, setup)
    let run = AutoRun(batch, recorder, options, rules)
    try run.run()
    recorder.record.notes.insert("auto chose \(run.choice.setup.title): \(run.choice.reason)", at: 0)
    return recorder.close()
  }
}

/// The state of one run.
private final class AutoRun {
  private let workload: any Workload
  private let recorder: RunRecorder
  private let admission: Admission
  private let options: EngineOptions
  private let rules: AutoRules
  private var pilot = Pilot(now: monotonicNow())
  /// What the process had used when the measurement began.
  private var before = ProcessUsage.current(withPeak: false)
  private var isDecided = false
  private(set) var choice: AutoChoice
  private lazy var hasRing = options.usesRing && RingLibrary.isAllowed

  init(_ batch: Batch, _ recorder: RunRecorder, _ options: EngineOptions, _ rules: AutoRules) {
    workload = batch.workload
    self.recorder = recorder
    self.options = options
    self.rules = rules
    admission = Admission(batch.plan, recorder, memory: options.memory)
    choice = rules.start(isOnlyUnit: admission.holdsAtMostOne())
    recorder.change(choice.setup)
  }

  func run() throws(EngineError) {
    var isAtEnd = false
    while !isAtEnd {
      switch choice.kind {
      case .serial: isAtEnd = try runSerially()
      case .hybrid: isAtEnd = try runHybrid()
      default: isAtEnd = try runThreads()
      }
    }
  }

  /// True at the end of the plan, false when the choice has changed.
  private func runSerially() throws(EngineError) -> Bool {
    let lane = SerialLane(workload, recorder, admission, options)
    defer { lane.close() }
    lane.measures = pilot.isMeasuring
    while try lane.step() {
      take(lane.takeCosts())
      lane.measures = pilot.isMeasuring
      guard choice.kind != .serial else { continue }
      lane.waitForNames()
      return false
    }
    return true
  }

  private func runThreads() throws(EngineError) -> Bool {
    let pool = try ThreadPool.started(lanes: choice.lanes, workload, options)
    defer { pool.shutDown() }
    pool.measures = pilot.isMeasuring
    let feeder = ThreadFeeder(pool: pool, recorder: recorder, admission: admission) { [unowned self] feeder in
      self.take(pool.takeCosts())
      pool.measures = self.pilot.isMeasuring
      if self.choice.kind == .threads { self.grow(pool) } else { feeder.stop() }
    }
    try feeder.run()
    pool.shutDown(telling: recorder)
    return !feeder.isToStop
  }

  /// To the end: no measurement is taken any more, since lanes no longer wait.
  private func runHybrid() throws(EngineError) -> Bool {
    var options = options
    options.lanes = choice.lanes
    try HybridLoop.run(workload, recorder, admission, options)
    return true
  }

  /// Gives the pool the lanes that were chosen; fewer where threads run out, which is no reason to fail.
  private func grow(_ pool: ThreadPool) {
    do {
      try pool.grow(to: choice.lanes)
    } catch {
      choice.lanes = pool.lanes
      recorder.change(choice.setup)
    }
  }

  /// Takes what was measured and follows what it says; a later measurement only adds lanes.
  private func take(_ costs: UnitCosts) {
    let wasMeasuring = pilot.isMeasuring
    let complete = pilot.look(now: monotonicNow(), costs)
    if pilot.isMeasuring, !wasMeasuring { before = ProcessUsage.current(withPeak: false) }
    guard var complete else { return }
    let used = ProcessUsage.current(withPeak: false).since(before)
    complete.fetched = used.storageRead ?? 0
    complete.majorFaults = used.majorFaults
    var rules = rules
    // Asked only where it matters: the answer takes a ring.
    if !rules.hasRing, complete.waitingShare >= rules.muchWaiting { rules.hasRing = hasRing }
    let next = rules.choose(complete)
    guard !isDecided || next.lanes > choice.lanes || next.kind == .hybrid else { return }
    isDecided = true
    choice = next
    recorder.change(next.setup)
  }
}
