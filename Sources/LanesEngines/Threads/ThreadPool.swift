import LanesCore
import LanesOS
import Synchronization

/// A fixed number of threads that perform units from a queue; a feeder fills it and takes what ended.
///
/// Lane threads touch only the two monitors and the pool of buffers. After `shutDown` no thread is left.
final class ThreadPool: Sendable {
  enum Event: Sendable {
    case started(Unit, lane: Int)
    case ended(Unit, UnitRecord, Outcome, OutputBuffer)
    /// Not begun, because a stop was asked for.
    case dropped(Unit)
  }

  private struct Queue {
    var units: [Unit] = []
    var head = 0
    var idleLanes = 0
    var isClosed = false

    mutating func pop() -> Unit? {
      guard head < units.count else { return nil }
      defer {
        head += 1
        if head > 1024, head * 2 > units.count {
          units.removeFirst(head)
          head = 0
        }
      }
      return units[head]
    }
  }

  private struct Finished {
    var events: [Event] = []
    /// A unit ended or was dropped, which the feeder must act on; a start alone need not wake it.
    var matters = false
  }

  let lanes: Int
  private let queue = Monitor(Queue())
  private let finished = Monitor(Finished())
  // Monitors, not `Synchronization.Mutex`: the thread sanitizer understands POSIX mutexes only.
  private let buffers = Monitor<[OutputBuffer]>([])
  private let threads = Monitor<[WorkerThread]>([])
  private let finishedSignal: Descriptor
  private let wakes = Atomic<Bool>(false)

  init(lanes: Int, workload: any Workload, timeout: Duration?) throws(SystemError) {
    self.lanes = lanes
    finishedSignal = try Descriptor.event()
    for lane in 0..<lanes {
      do {
        let thread = try WorkerThread { self.serve(lane, Performer(workload, timeout: timeout)) }
        threads.withLock { $0.append(thread) }
      } catch {
        shutDown()
        throw error
      }
    }
  }

  func submit(_ units: [Unit]) {
    guard !units.isEmpty else { return }
    let idle = queue.withLock { queue in
      queue.units.append(contentsOf: units)
      return queue.idleLanes
    }
    if units.count == 1 || idle == 1 { queue.wakeOne() } else if idle > 0 { queue.wakeAll() }
  }

  /// Events since the last call; with `waiting` at least one end.
  func takeFinished(waiting: Bool) -> [Event] {
    finished.wait { finished in
      guard finished.matters || !waiting else { return nil }
      defer { finished = Finished() }
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

  private func serve(_ lane: Int, _ performer: Performer) {
    while let unit = nextUnit() {
      guard StopSignals.received == nil else {
        post(.dropped(unit), matters: true)
        continue
      }
      post(.started(unit, lane: lane), matters: false)
      let output = buffers.withLock { $0.popLast() } ?? OutputBuffer()
      let (times, outcome) = performer.run(unit, lane: lane, output: output)
      post(.ended(unit, times, outcome, output), matters: true)
    }
  }

  private func nextUnit() -> Unit? {
    var isIdle = false
    return queue.wait { queue -> Unit?? in
      if let unit = queue.pop() {
        if isIdle { queue.idleLanes -= 1 }
        return .some(unit)
      }
      if queue.isClosed { return .some(nil) }
      if !isIdle { queue.idleLanes += 1 }
      isIdle = true
      return nil
    }
  }

  private func post(_ event: Event, matters: Bool) {
    let isNews = finished.withLock { finished in
      finished.events.append(event)
      defer { finished.matters = finished.matters || matters }
      return matters && !finished.matters
    }
    if isNews { finished.wakeOne() }
    if matters, wakesDescriptor { finishedSignal.raiseEvent() }
  }
}
