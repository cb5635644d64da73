import DequeModule
import LanesCore
import LanesOS
import Synchronization

/// A unit on its way to a lane, with what was loaded for it.
struct LaneUnit: Sendable {
  let unit: Unit
  /// Nil leaves the loading to the lane.
  var input: LoadedInput?
}

/// A growing number of threads that perform units from a queue; a feeder fills it and takes what ended.
///
///     running ──a failure halts the batch──▶ halted ──shutDown──▶ closed
///        └───────────────────shutDown──────────────────────────────▲
///
/// Lane threads touch only the two monitors and the pool of buffers. Short units are taken and handed back several at a
/// time, since every taking of a lock and every waking of a thread costs as much as a unit of a microsecond. After
/// `shutDown` no thread is left.
final class ThreadPool: Sendable {
  private enum Phase: UInt8, AtomicRepresentable {
    /// Units are performed.
    case running
    /// Another unit would fail as well: units that were not begun are dropped.
    case halted
    /// Lanes end.
    case closed
  }

  private struct Queue {
    var units: Deque<LaneUnit> = []
    var lanes = 0
    /// Lanes that wait for units.
    var idle: Set<Int> = []

    /// Units for one lane, and no more than leaves the other lanes their part; nil when there are none.
    mutating func share(atMost limit: Int) -> [LaneUnit]? {
      guard !units.isEmpty else { return nil }
      let size = max(1, min(limit, units.count / (2 * lanes)))
      var share: [LaneUnit] = []
      share.reserveCapacity(size)
      while share.count < size, let unit = units.popFirst() { share.append(unit) }
      return share
    }
  }

  /// What a lane does next.
  private enum Turn {
    case perform([LaneUnit])
    case leave
  }

  /// Whether the feeder has something to do. Starts alone are not told of: they need not wake it.
  private enum News {
    case none
    /// So many units ended or were dropped; more may be waited for.
    case ended(Int)
    /// As above, and one must not wait: it took its time, or a lane has nothing else to do.
    case urgent(Int)

    var count: Int {
      switch self {
      case .none: 0
      case .ended(let count), .urgent(let count): count
      }
    }

    mutating func add(_ more: Int, isUrgent: Bool) {
      let sum = count + more
      if case .urgent = self { self = .urgent(sum) } else { self = isUrgent ? .urgent(sum) : .ended(sum) }
    }

    /// What has ended must not wait any longer.
    mutating func hurry() { if case .ended(let count) = self { self = .urgent(count) } }
  }

  private struct Finished {
    /// The events of shares, in the order in which these ended.
    var shares: [[Event]] = []
    var news = News.none
    /// Minimum number of finished units that wakes the feeder.
    var wanted = 1
    /// What the units cost that ended while `measures` was set.
    var costs = UnitCosts()
    /// Empty lists with memory.
    var spare: [[Event]] = []

    var isDue: Bool {
      switch news {
      case .none: false
      case .ended(let count): count >= wanted
      case .urgent: true
      }
    }

    mutating func take() -> [[Event]] {
      defer {
        shares = []
        news = .none
      }
      return shares
    }
  }

  private let queue = Monitor(Queue())
  private let finished = Monitor(Finished())
  // Monitors, not `Synchronization.Mutex`: the thread sanitizer understands POSIX mutexes only.
  private let buffers = Monitor<[OutputBuffer]>([])
  private let threads = Monitor<[WorkerThread]>([])
  /// Numbers of the threads that have begun, by lane.
  private let tasks = Monitor<[Int: Int32]>([:])
  private let finishedSignal: Descriptor
  /// Relaxed: a lane that learns of it late performs a unit more. It closes while the queue's lock is held, so that no lane
  /// misses the waking.
  private let phase = Atomic<Phase>(.running)
  private let wakes = Atomic<Bool>(false)
  private let isMeasuring = Atomic<Bool>(false)
  /// Brings to the disk what lanes have written; made for the first file.
  private let commits = Monitor<GroupCommit<Event>?>(nil)
  private let workload: any Workload
  private let options: EngineOptions
  /// False leaves every output to the coordinator.
  private let stores: Bool

  /// Units at most in one share.
  private static let mostShared = 32
  /// Results of short units wait no longer than this for others to be handed over with, even behind a long unit.
  private static let longestWait: Int64 = 5_000_000

  init(lanes: Int, workload: any Workload, _ options: EngineOptions, stores: Bool = true) throws(SystemError) {
    self.workload = workload
    self.options = options
    self.stores = stores
    finishedSignal = try Descriptor.event()
    do {
      try grow(to: lanes)
    } catch {
      shutDown()
      throw error
    }
  }

  /// Starts threads until there are `lanes`; those that could be started stay when one cannot.
  func grow(to lanes: Int) throws(SystemError) {
    while lanes > self.lanes {
      let lane = self.lanes
      let thread = try WorkerThread {
        self.serve(lane, BlockingExecutor(self.workload, self.options, stores: self.stores))
      }
      threads.withLock { $0.append(thread) }
      queue.withLock { $0.lanes += 1 }
    }
  }

  var lanes: Int { threads.withLock { $0.count } }

  func submit(_ units: [LaneUnit]) {
    guard !units.isEmpty else { return }
    let idle = queue.withLock { queue in
      for unit in units { queue.units.append(unit) }
      return queue.idle.count
    }
    if units.count == 1 || idle == 1 { queue.wakeOne() } else if idle > 0 { queue.wakeAll() }
  }

  /// Takes what no lane has begun out of the queue.
  func takeQueued() -> [LaneUnit] {
    queue.withLock { queue in
      defer { queue.units = [] }
      return Array(queue.units)
    }
  }

  /// Events since the last call, share by share; may be none.
  func takeFinished() -> [[Event]] { finished.withLock { $0.take() } }

  /// Waits until a unit ended and gives the events since the last call, share by share.
  ///
  /// Waking the feeder costs as much as some short units: while units are short it sleeps until `wanted` of them ended,
  /// or a lane has nothing to do.
  func waitForFinished(wanted: Int) -> [[Event]] {
    if wanted > 1 {
      let burst = finished.wait(atMost: Self.longestWait) { finished in
        finished.wanted = wanted
        return finished.isDue ? finished.take() : nil
      }
      if let burst { return burst }
    }
    return finished.wait { finished in
      finished.wanted = 1
      return finished.isDue ? finished.take() : nil
    }
  }

  /// Takes back lists that the feeder has emptied, whose memory lanes use again.
  func recycle(_ emptied: [[Event]]) {
    finished.withLock { finished in
      if finished.spare.count < Self.mostShared { finished.spare += emptied }
    }
  }

  /// Readable after `beginWatching` once that is due, until `resetFinished`.
  var finishedDescriptor: Int32 { finishedSignal.number }

  /// From now on `finishedDescriptor` tells when `wanted` units have ended, or one that must not wait; false when that is so
  /// already. For a feeder that waits for descriptors rather than in `waitForFinished`.
  func beginWatching(wanted: Int) -> Bool {
    // Before the lock is taken: a lane that adds its event after this look sees it.
    wakes.store(true, ordering: .relaxed)
    return finished.withLock { finished in
      finished.wanted = wanted
      return !finished.isDue
    }
  }

  func endWatching() { wakes.store(false, ordering: .relaxed) }

  /// Makes `finishedDescriptor` unreadable again.
  func resetFinished() { finishedSignal.drainEvent() }

  /// Set while lanes find out what their units cost. Relaxed: a unit more or less does not matter.
  var measures: Bool {
    get { isMeasuring.load(ordering: .relaxed) }
    set { isMeasuring.store(newValue, ordering: .relaxed) }
  }

  /// What was measured since the last call.
  func takeCosts() -> UnitCosts {
    finished.withLock { finished in
      defer { finished.costs = UnitCosts() }
      return finished.costs
    }
  }

  func recycle(_ buffer: OutputBuffer) { buffers.withLock { $0.append(buffer) } }

  /// Lets lanes end what they run and joins them; units still queued are forgotten. May be called again.
  func shutDown() {
    queue.withLock { _ in phase.store(.closed, ordering: .relaxed) }
    queue.wakeAll()
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
    commits.withLock { $0 }?.finish()
  }

  /// As `shutDown`, and tells `recorder` which threads the lanes were.
  func shutDown(telling recorder: RunRecorder) {
    shutDown()
    for (lane, task) in tasks.withLock({ $0 }) { recorder.serves(lane, task: task) }
  }

  // MARK: On the lanes

  private func serve(_ lane: Int, _ executor: BlockingExecutor) {
    tasks.withLock { $0[lane] = WorkerProcess.currentThreadID }
    var report = LaneReport(lane: lane)
    var limit = 1
    while case .perform(let share) = nextTurn(atMost: limit, lane) {
      report.expect(share.count)
      let isAlone = share.count == 1
      for (position, unit) in share.enumerated() {
        perform(unit, executor, &report, tellsStart: isAlone && limit == 1)
        // A unit that takes its time must not keep those behind it from other lanes.
        if !isAlone, report.lastUnit > LaneReport.shareNanoseconds, position + 1 < share.count {
          giveBack(share[(position + 1)...])
          break
        }
      }
      post(&report)
      limit = max(1, min(Self.mostShared, Int(LaneReport.shareNanoseconds / max(1, report.lastUnit))))
    }
  }

  private func perform(
    _ work: LaneUnit, _ executor: BlockingExecutor, _ report: inout LaneReport, tellsStart: Bool
  ) {
    let unit = work.unit
    guard phase.load(ordering: .relaxed) == .running, StopSignals.received == nil else {
      report.add(.dropped(work), isUrgent: true)
      return
    }
    // Nobody waits long for the news of a short unit.
    if tellsStart { finished.withLock { $0.shares.append([.started(unit, lane: report.lane)]) } }
    let leavesOutput = unit.isDelivered || !stores && unit.hasSink
    let output = leavesOutput ? buffers.withLock { $0.popLast() } ?? OutputBuffer() : report.scratch
    let before = measures ? ThreadUsage.current() : nil
    let done = executor.run(unit, loaded: work.input, lane: report.lane, output: output)
    report.took(work.input == nil ? done.times.duration : done.times.perform.nanoseconds)
    if done.outcome.haltsBatch { halt() }
    let ended = Ended(
      unit: unit, times: done.times, outcome: done.outcome, output: leavesOutput ? output : nil, input: work.input)
    let event = tellsStart ? Event.ended(ended) : .startedAndEnded(ended)
    var times = done.times
    if done.files.isEmpty {
      report.add(event, isUrgent: done.outcome.haltsBatch || report.isSlow)
    } else {
      times.store.end += group.add(done.files, bytes: times.bytesOut, event)
    }
    if let before { report.costs.add(times, from: before, to: ThreadUsage.current()) }
  }

  private var group: GroupCommit<Event> {
    commits.withLock { commits in
      if let commits { return commits }
      // Unowned: its threads have ended when the pool is shut down.
      let made = GroupCommit<Event>(mostFiles: GroupCommit<Event>.affordableFiles, stopLane: StopSignals.lastLane) {
        [unowned self] in self.post($0)
      }
      commits = made
      return made
    }
  }

  /// Tells of units whose files have their names, or never get them. On any thread.
  private func post(_ committed: [GroupCommit<Event>.Committed]) {
    let events = committed.map { $0.tag.committed($0) }
    if committed.contains(where: \.haltsBatch) { halt() }
    _ = post(events, isUrgent: true)
  }

  /// Lets no lane begin another unit.
  func halt() { _ = phase.compareExchange(expected: .running, desired: .halted, ordering: .relaxed) }

  /// Up to `limit` units, and no more than leaves the other lanes their part; waits while there are none.
  private func nextTurn(atMost limit: Int, _ lane: Int) -> Turn {
    if let turn = queue.withLock({ turn(&$0, atMost: limit) }) { return turn }
    // What this lane waits for may depend on what the feeder does not know yet.
    hurry()
    return queue.wait { queue in
      let turn = self.turn(&queue, atMost: limit)
      if turn == nil { queue.idle.insert(lane) } else { queue.idle.remove(lane) }
      return turn
    }
  }

  /// Nil while there is nothing to do.
  private func turn(_ queue: inout Queue, atMost limit: Int) -> Turn? {
    if phase.load(ordering: .relaxed) == .closed { return .leave }
    return queue.share(atMost: limit).map(Turn.perform)
  }

  private func giveBack(_ units: ArraySlice<LaneUnit>) {
    let idle = queue.withLock { queue in
      for unit in units.reversed() { queue.units.prepend(unit) }
      return queue.idle.count
    }
    if idle > 0 { queue.wakeAll() }
  }

  /// Tells the feeder at once of what ended.
  private func hurry() {
    commits.withLock { $0 }?.hurry()
    let isNews = finished.withLock { finished in
      let wasDue = finished.isDue
      finished.news.hurry()
      return finished.isDue && !wasDue
    }
    if isNews { wakeFeeder() }
  }

  private func wakeFeeder() {
    finished.wakeOne()
    if wakes.load(ordering: .relaxed) { finishedSignal.raiseEvent() }
  }

  private func post(_ report: inout LaneReport) {
    report.clear(for: post(report.events, isUrgent: report.isUrgent, report.costs))
  }

  /// Gives an empty list for the next events.
  private func post(_ events: [Event], isUrgent: Bool, _ costs: UnitCosts = UnitCosts()) -> [Event] {
    let (isNews, spare) = finished.withLock { finished in
      let wasDue = finished.isDue
      finished.costs.add(costs)
      guard !events.isEmpty else { return (false, events) }
      finished.shares.append(events)
      finished.news.add(events.count, isUrgent: isUrgent)
      return (finished.isDue && !wasDue, finished.spare.popLast() ?? [])
    }
    if isNews { wakeFeeder() }
    return spare
  }
}
