import LanesCore
import LanesOS
import Synchronization

/// A growing number of threads that perform units from a queue; a feeder fills it and takes what ended.
///
/// Lane threads touch only the two monitors and the pool of buffers. Short units are taken and handed back several at a
/// time, since every taking of a lock and every waking of a thread costs as much as a unit of a microsecond. After
/// `shutDown` no thread is left.
final class ThreadPool: Sendable {
  enum Event: Sendable {
    case started(Unit, lane: Int)
    /// `output` is there only where the coordinator serves the unit's sink.
    case ended(Unit, UnitRecord, Outcome, output: OutputBuffer?)
    /// Not begun, because a stop was asked for.
    case dropped(Unit)
  }

  private struct Queue {
    var units = UnitQueue()
    var lanes = 0
    var idleLanes = 0
    var isClosed = false
  }

  private struct Finished {
    var events: [Event] = []
    /// A unit ended or was dropped, which the feeder must act on; a start alone need not wake it.
    var matters = false
    /// What the units cost that ended while `measures` was set.
    var costs = UnitCosts()
  }

  private let queue = Monitor(Queue())
  private let finished = Monitor(Finished())
  // Monitors, not `Synchronization.Mutex`: the thread sanitizer understands POSIX mutexes only.
  private let buffers = Monitor<[OutputBuffer]>([])
  private let threads = Monitor<[WorkerThread]>([])
  private let finishedSignal: Descriptor
  private let wakes = Atomic<Bool>(false)
  private let isMeasuring = Atomic<Bool>(false)
  private let workload: any Workload
  private let timeout: Duration?

  /// Units of one lane that are performed before their results are handed over together take about this long: long
  /// beside a waking (5 to 50 µs), short beside what a person or a stop request notices.
  private static let shareNanoseconds: Int64 = 100_000
  /// Units at most in one share.
  private static let mostShared = 32

  init(lanes: Int, workload: any Workload, timeout: Duration?) throws(SystemError) {
    self.workload = workload
    self.timeout = timeout
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
      let thread = try WorkerThread { self.serve(lane, Performer(self.workload, timeout: self.timeout)) }
      threads.withLock { $0.append(thread) }
      queue.withLock { $0.lanes += 1 }
    }
  }

  var lanes: Int { threads.withLock { $0.count } }

  func submit(_ units: [Unit]) {
    guard !units.isEmpty else { return }
    let idle = queue.withLock { queue in
      queue.units.append(units)
      return queue.idleLanes
    }
    if units.count == 1 || idle == 1 { queue.wakeOne() } else if idle > 0 { queue.wakeAll() }
  }

  /// Events since the last call; with `waiting` at least one end.
  func takeFinished(waiting: Bool) -> [Event] {
    finished.wait { finished in
      guard finished.matters || !waiting else { return nil }
      defer {
        finished.events = []
        finished.matters = false
      }
      return finished.events
    }
  }

  var hasFinished: Bool { finished.withLock { $0.matters } }

  /// Readable after a unit ended while `wakesDescriptor` was set.
  var finishedDescriptor: Int32 { finishedSignal.number }

  /// Set while the feeder waits for descriptors rather than for `takeFinished`.
  /// Sequential consistency: the feeder looks once more after setting it, a lane looks at it after adding its event.
  var wakesDescriptor: Bool {
    get { wakes.load(ordering: .sequentiallyConsistent) }
    set {
      wakes.store(newValue, ordering: .sequentiallyConsistent)
      if !newValue { finishedSignal.drainEvent() }
    }
  }

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
    queue.withLock { $0.isClosed = true }
    queue.wakeAll()
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
  }

  // MARK: On the lanes

  private func serve(_ lane: Int, _ performer: Performer) {
    var report = LaneReport(lane: lane)
    var limit = 1
    while let share = nextShare(atMost: limit) {
      let isAlone = share.count == 1
      for (position, unit) in share.enumerated() {
        perform(unit, performer, &report, isAlone: isAlone)
        // A unit that takes its time must not keep those behind it from other lanes.
        if !isAlone, report.lastUnit > Self.shareNanoseconds, position + 1 < share.count {
          giveBack(share[(position + 1)...])
          break
        }
      }
      post(&report)
      limit = max(1, min(Self.mostShared, Int(Self.shareNanoseconds / max(1, report.lastUnit))))
    }
  }

  private func perform(_ unit: Unit, _ performer: Performer, _ report: inout LaneReport, isAlone: Bool) {
    guard StopSignals.received == nil else {
      report.events.append(.dropped(unit))
      return
    }
    report.events.append(.started(unit, lane: report.lane))
    // Nobody waits long for the news of a short unit.
    if isAlone { postStart(&report) }
    let leavesOutput = unit.sink == .standardOutput
    let output = leavesOutput ? buffers.withLock { $0.popLast() } ?? OutputBuffer() : report.scratch
    let before = measures ? ThreadUsage.current() : nil
    let (times, outcome) = performer.run(unit, lane: report.lane, output: output)
    report.lastUnit = times.duration
    if let before { report.costs.add(times, from: before, to: ThreadUsage.current()) }
    report.events.append(.ended(unit, times, outcome, output: leavesOutput ? output : nil))
  }

  /// Up to `limit` units, and no more than leaves the other lanes their part; nil when there will be none.
  private func nextShare(atMost limit: Int) -> [Unit]? {
    var isIdle = false
    return queue.wait { queue -> [Unit]?? in
      if !queue.units.isEmpty {
        if isIdle { queue.idleLanes -= 1 }
        return .some(queue.units.take(atMost: max(1, min(limit, queue.units.count / (2 * queue.lanes)))))
      }
      if queue.isClosed { return .some(nil) }
      if !isIdle { queue.idleLanes += 1 }
      isIdle = true
      return nil
    }
  }

  private func giveBack(_ units: ArraySlice<Unit>) {
    let idle = queue.withLock { queue in
      queue.units.putBack(units)
      return queue.idleLanes
    }
    if idle > 0 { queue.wakeAll() }
  }

  private func postStart(_ report: inout LaneReport) {
    finished.withLock { $0.events.append(contentsOf: report.events) }
    report.events.removeAll(keepingCapacity: true)
  }

  private func post(_ report: inout LaneReport) {
    let isNews = finished.withLock { finished in
      finished.events.append(contentsOf: report.events)
      finished.costs.add(report.costs)
      defer { finished.matters = true }
      return !finished.matters
    }
    report.events.removeAll(keepingCapacity: true)
    report.costs = UnitCosts()
    if isNews { finished.wakeOne() }
    if wakesDescriptor { finishedSignal.raiseEvent() }
  }
}

/// What a lane has to tell and has not told yet.
private struct LaneReport {
  let lane: Int
  var events: [ThreadPool.Event] = []
  var costs = UnitCosts()
  /// Nanoseconds that the last unit took.
  var lastUnit: Int64 = 0
  /// For outputs that are stored by the lane itself.
  let scratch = OutputBuffer()
}

/// Units first in, first out.
private struct UnitQueue {
  private var units: [Unit] = []
  private var head = 0

  var count: Int { units.count - head }
  var isEmpty: Bool { head == units.count }

  mutating func append(_ more: [Unit]) { units.append(contentsOf: more) }

  mutating func take(atMost limit: Int) -> [Unit] {
    let end = min(head + limit, units.count)
    let taken = Array(units[head..<end])
    // Bytes of a pipe are let go of with their unit: with an input that never runs dry the queue is never empty.
    for place in head..<end { units[place].source = .none }
    head = end
    if head == units.count {
      units.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 1024, head * 2 > units.count {
      units.removeFirst(head)
      head = 0
    }
    return taken
  }

  mutating func putBack(_ earlier: ArraySlice<Unit>) {
    units.replaceSubrange(..<head, with: earlier)
    head = 0
  }
}
