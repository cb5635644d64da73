import LanesCore
import LanesOS

/// Moves units from the plan into the pool and outcomes from the pool into the recorder.
///
/// Belongs to the coordinating thread.
final class ThreadFeeder {
  private let pool: ThreadPool
  private let recorder: RunRecorder
  private let admission: Admission
  private let lookAround: (ThreadFeeder) -> Void
  private var inFlight = 0
  private var waitsFor: Int32?
  /// Set by `lookAround`: nothing more is taken from the plan, and `run` returns when the pool is empty.
  private(set) var isToStop = false

  /// How many units each lane gets ahead.
  private var pace = FeedPace()

  /// - Parameter lookAround: called between two rounds of feeding, on the calling thread.
  init(
    pool: ThreadPool, recorder: RunRecorder, admission: Admission,
    lookAround: @escaping (ThreadFeeder) -> Void = { _ in }
  ) {
    self.pool = pool
    self.recorder = recorder
    self.admission = admission
    self.lookAround = lookAround
  }

  func run() throws(EngineError) {
    while true {
      let isAtEnd = isToStop || feed()
      // Nobody wants what is queued any more.
      if recorder.ending != nil { pool.halt() }
      if inFlight == 0 {
        if let descriptor = waitsFor, !isAtEnd { try waitForInput(descriptor) } else if isAtEnd { return }
      } else if let descriptor = waitsFor, !isAtEnd {
        if pool.beginWatching(wanted: 1) { try waitForInput(descriptor, also: pool.finishedDescriptor) }
        pool.endWatching()
        pool.resetFinished()
        settle(pool.takeFinished())
      } else {
        // Half of them keep the lanes busy while the feeder wakes up.
        settle(pool.waitForFinished(wanted: max(1, inFlight / 2)))
      }
      lookAround(self)
    }
  }

  /// Begins nothing more, and gives back what no lane has begun; `run` returns when the lanes are done.
  func stop() {
    guard !isToStop else { return }
    isToStop = true
    let queued = pool.takeQueued().map(\.unit)
    inFlight -= queued.count
    admission.takeBack(queued)
  }

  /// Fills the queue; true when the plan has nothing more.
  private func feed() -> Bool {
    var units: [LaneUnit] = []
    defer { pool.submit(units) }
    waitsFor = nil
    let capacity = pool.lanes * pace.unitsPerLane
    while inFlight < capacity {
      switch admission.step() {
      case .start(let unit):
        inFlight += 1
        units.append(LaneUnit(unit: unit))
        // Lanes without work must not wait for a plan that takes its time, such as one that walks a tree.
        if units.count == 32 {
          pool.submit(units)
          units.removeAll(keepingCapacity: true)
        }
      case .waiting(let descriptor):
        waitsFor = descriptor
        return false
      case .full: return false
      case .end: return true
      }
    }
    return false
  }

  private func settle(_ shares: consuming [[ThreadPool.Event]]) {
    pool.settle(
      shares, recorder, ended: settle,
      dropped: { work in
        inFlight -= 1
        admission.release(work.unit)
        recorder.drop(work.unit)
      })
  }

  private func settle(_ ended: ThreadPool.Ended) {
    inFlight -= 1
    pace.performed(in: ended.times.duration, holdingBytes: ended.unit.holdsBytes)
    admission.release(ended.unit)
    guard let output = ended.output else {
      return recorder.ended(
        ended.unit, ended.times, ended.outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    output.withBytes { recorder.ended(ended.unit, ended.times, ended.outcome, output: $0) }
    pool.recycle(output)
  }
}

/// How many units are queued or running at most for each lane: enough that no lane runs dry while the feeder wakes up, few enough
/// that memory and the time to stop stay small.
struct FeedPace {
  /// Moving average of nanoseconds; nil before the first unit.
  private var unit: Int64?

  /// What a lane is to have in hand, in nanoseconds. Where all cores are busy a thread that wakes up may have to wait for one for
  /// a millisecond, and half of this must last as long. On two EPYC cores a search of 20,000 files of 34 kB took four fifths of its time with 64
  /// units for each lane, with 256 as with 1024, of which no processor's cache holds all that the kernel knows.
  private static let ahead: Int64 = 2_000_000
  /// 64 hide a wake-up by an idle core (some 50 µs) behind units of 1 µs.
  private static let fewest = 64
  private static let most = 256

  /// A unit took so many nanoseconds on its lane.
  ///
  /// - Parameter holdingBytes: units like it take memory as long as they wait, and so few are to wait.
  mutating func performed(in nanoseconds: Int64, holdingBytes: Bool = false) {
    let nanoseconds = holdingBytes ? Self.ahead : nanoseconds
    unit = unit.map { $0 + (nanoseconds - $0) / 16 } ?? nanoseconds
  }

  var unitsPerLane: Int {
    guard let unit else { return Self.fewest }
    return min(max(Int(Self.ahead / max(unit, 1)), Self.fewest), Self.most)
  }
}
