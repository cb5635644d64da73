import LanesCore
import LanesOS

/// One event loop that loads and stores through io_uring, and as many threads as there are lanes that only perform.
///
///     plan ─▶ loop: load ─▶ [ queue ] ─▶ lane 1: perform ─┬─▶ [ ended ] ─▶ loop: store ─▶ recorder
///                                    └─▶ lane 2: perform ─┘
package struct HybridEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .hybrid, lanes: options.lanes) }

  /// Runs the whole batch; the calling thread is the loop.
  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let recorder = RunRecorder(batch, observer, setup)
    let admission = Admission(batch.plan, recorder, memory: options.memory)
    try HybridLoop.run(batch.workload, recorder, admission, options)
    return recorder.close()
  }
}

/// The loop of one run. All of it belongs to one thread; lanes see the pool alone.
final class HybridLoop {
  private let recorder: RunRecorder
  private let admission: Admission
  private let reactor: Reactor
  private let files: AsyncFiles
  private let pool: ThreadPool
  private let workload: any Workload
  private var pace: LoadPace
  /// Units whose inputs are being loaded.
  private var loading = 0
  /// Units that lanes have, or that wait for one.
  private var atLanes = 0
  /// Expected bytes of inputs that are loaded or being loaded, until their units were performed.
  private var bytesAhead = 0
  /// Loaded, to be handed to the lanes together.
  private var ready: [LaneUnit] = []
  /// Whether the unit that was taken last is loaded by the loop.
  private var lastNeededLoad = true
  /// Performed units whose outputs are being stored.
  private var storing = BusyUnits()
  /// Memory of earlier inputs, to be used again: fresh memory costs a page fault for every 4 KiB.
  private var spareInputs: [HeapStorage] = []
  private var spareBytes = 0
  /// Waits for the descriptor that the plan waits for.
  private var inputWatch: Reactor.Watch?
  private var stopWatch: Reactor.Watch?
  /// True when the plan has no more units, or a stop was asked for.
  private var isAtEnd = false

  private static let largestSpare = 64 << 20
  /// Milliseconds that results of short units wait for others at most.
  private static let longestWait: Int32 = 5

  /// Runs what `admission` lets in to its end.
  static func run(
    _ workload: any Workload, _ recorder: RunRecorder, _ admission: Admission, _ options: EngineOptions
  ) throws(EngineError) {
    let pool = try ThreadPool.started(lanes: options.lanes, workload, options, stores: false)
    defer { pool.shutDown() }
    do {
      let loop = try HybridLoop(pool, workload, recorder, admission, options)
      try loop.run()
      recorder.record.ring = loop.files.traffic
    } catch {
      throw .system("the event loop failed: \(error.call): \(error.reason)")
    }
    pool.shutDown(telling: recorder)
  }

  private init(
    _ pool: ThreadPool, _ workload: any Workload, _ recorder: RunRecorder, _ admission: Admission,
    _ options: EngineOptions
  ) throws(SystemError) {
    self.pool = pool
    self.workload = workload
    self.recorder = recorder
    self.admission = admission
    let depth = options.affordableQueueDepth
    pace = LoadPace(lanes: pool.lanes, depth: depth)
    reactor = try Reactor()
    // Twice: loads and stores.
    files = try AsyncFiles(reactor: reactor, depth: depth * 2, usesRing: options.usesRing, budget: options.memory)
    let reading = files.refusal.map { "\($0): epoll, readahead and plain reads instead" } ?? "io_uring"
    recorder.record.notes.append("files are read by \(reading); up to \(depth) loads at a time")
    _ = try reactor.watch(pool.finishedDescriptor) { _ in pool.resetFinished() }
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.stop() }
  }

  private func run() throws(SystemError) {
    while true {
      settle(pool.takeFinished())
      // Nobody wants what is queued any more.
      if recorder.ending != nil { pool.halt() }
      try takeUnits()
      if isAtEnd && admission.inFlight == 0 { return }
      let isNews = try files.advance()
      handOver()
      if loading == 0, atLanes == 0 { files.hurry() }
      // Half of them keep the lanes busy while the loop wakes up.
      let isIdle = pool.beginWatching(wanted: max(1, atLanes / 2))
      try reactor.turn(waiting: isIdle && !isNews, atMost: atLanes > 0 ? Self.longestWait : nil)
      pool.endWatching()
      handOver()
    }
  }

  /// Starts nothing more; what waits for a lane is dropped, what is performed or stored is waited for.
  private func stop() {
    isAtEnd = true
    // The descriptor stays readable, and would wake the reactor at every turn.
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  // MARK: Taking and loading

  private func takeUnits() throws(SystemError) {
    // Also while an input is waited for: it may never come.
    if recorder.ending != nil { isAtEnd = true }
    while !isAtEnd, inputWatch == nil, hasRoom {
      switch admission.step() {
      case .start(let unit): start(unit)
      case .full: return
      case .end: isAtEnd = true
      case .waiting(let descriptor): try watchInput(descriptor)
      }
    }
  }

  private var hasRoom: Bool {
    // A disk that is slow to write must not leave thousands of results behind for a stop to wait for.
    guard files.hasRoom else { return false }
    let underWay = loading + atLanes + ready.count
    guard lastNeededLoad else { return underWay < pace.mostQueued }
    return loading < pace.depth && underWay < pace.mostUnderWay
      && (bytesAhead < LoadPace.farthestAhead || underWay <= pool.lanes)
  }

  /// Asks the plan again once `descriptor` is readable; until then only units that are under way go on.
  private func watchInput(_ descriptor: Int32) throws(SystemError) {
    inputWatch = try reactor.watch(descriptor) { [unowned self] _ in
      if let watch = self.inputWatch { self.reactor.forget(watch) }
      self.inputWatch = nil
    }
  }

  /// Begins loading a unit; one without a file, or with a slice that lanes read or map themselves, is ready at once.
  private func start(_ unit: Unit) {
    bytesAhead += unit.expectedInput
    switch unit.source {
    case .none, .bytes:
      lastNeededLoad = false
      ready.append(LaneUnit(unit: unit))
    case .slice(let slice) where slice.access == .mapped || takesPieces(unit):
      lastNeededLoad = true
      // By the time the lane comes to it the pages are there or on their way, and no memory holds all of it.
      if let file = try? Descriptor.reading(slice.path) { file.readAhead(from: slice.offset, length: slice.length) }
      ready.append(LaneUnit(unit: unit))
    case .file, .head, .files, .slice:
      lastNeededLoad = true
      load(unit)
    }
  }

  /// True where a lane reads a slice piece by piece. One that cannot tell is told why when it performs the unit.
  private func takesPieces(_ unit: Unit) -> Bool { (try? workload.pieces(of: unit)) != nil }

  private func load(_ unit: Unit) {
    loading += 1
    let input = takeSpare()
    let start = monotonicNow()
    files.load(unit.source, into: input, expecting: unit.expectedInput) { [unowned self] result in
      self.loaded(unit, input, UnitRecord.Stage(start: start, end: monotonicNow()), result)
    }
  }

  private func loaded(
    _ unit: Unit, _ input: HeapStorage, _ time: UnitRecord.Stage, _ result: Result<Int, UnitFailure>
  ) {
    loading -= 1
    pace.loaded(in: time.nanoseconds)
    switch result {
    case .success(let count):
      ready.append(LaneUnit(unit: unit, input: LoadedInput(input, count: count, time: time)))
    case .failure(let failure):
      var times = UnitRecord(lane: 0)
      times.load = time
      bytesAhead -= unit.expectedInput
      recorder.started(unit, lane: 0)
      keep(input)
      finish(unit, times, .failed(failure), nil)
    }
  }

  /// Gives the lanes all that is loaded, unless the run ends.
  private func handOver() {
    guard !ready.isEmpty else { return }
    let units = ready
    ready = []
    guard recorder.ending == nil else { return units.forEach(drop) }
    atLanes += units.count
    pool.submit(units)
  }

  // MARK: What lanes have done

  private func settle(_ shares: consuming [[ThreadPool.Event]]) {
    pool.settle(
      shares, recorder, ended: performed,
      dropped: { work in
        atLanes -= 1
        drop(work)
      })
  }

  private func performed(_ ended: ThreadPool.Ended) {
    atLanes -= 1
    pace.performed(in: ended.times.perform.nanoseconds)
    if let input = ended.input { keep(input.storage) }
    bytesAhead -= ended.unit.expectedInput
    do throws(UnitFailure) {
      try store(ended)
    } catch {
      finish(ended.unit, ended.times, .failed(error), ended.output)
    }
  }

  /// Starts storing an output, or ends the unit where there is nothing to store.
  private func store(_ ended: ThreadPool.Ended) throws(UnitFailure) {
    var parts: [OutputPart] = []
    if case .done = ended.outcome, let output = ended.output {
      parts = try output.withBytes { (bytes) throws(UnitFailure) in
        try ended.unit.sink.parts(of: bytes, ends: output.partEnds)
      }
    }
    guard !parts.isEmpty else { return finish(ended.unit, ended.times, ended.outcome, ended.output) }
    note { $0.add(ended.unit.source) }
    let start = monotonicNow()
    let released = { [pool] in if let output = ended.output { pool.recycle(output) } }
    files.store(parts, released: released) { [unowned self] result in
      self.note { $0.remove(ended.unit.source) }
      var times = ended.times
      times.store = UnitRecord.Stage(start: start, end: monotonicNow())
      var outcome = ended.outcome
      if case .failure(let failure) = result { outcome = .failed(failure) }
      self.finish(ended.unit, times, outcome, nil)
    }
  }

  /// Keeps up to date what the handler of a stop signal tells of outputs that are going to be stored; the lanes tell the rest.
  private func note(_ change: (inout BusyUnits) -> Void) {
    change(&storing)
    StopSignals.lane(pool.lanes, isBusyWith: storing)
  }

  // MARK: Endings

  /// Ends a unit: its place in the budget is free, and its result goes on in unit order.
  private func finish(_ unit: Unit, _ times: UnitRecord, _ outcome: Outcome, _ output: OutputBuffer?) {
    admission.release(unit)
    guard let output else {
      return recorder.ended(unit, times, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    output.withBytes { recorder.ended(unit, times, outcome, output: $0) }
    pool.recycle(output)
  }

  /// Leaves out a unit that was not performed, since the run ends.
  private func drop(_ work: LaneUnit) {
    bytesAhead -= work.unit.expectedInput
    if let input = work.input { keep(input.storage) }
    admission.release(work.unit)
    recorder.drop(work.unit)
  }

  private func takeSpare() -> HeapStorage {
    guard let spare = spareInputs.popLast() else { return HeapStorage() }
    spareBytes -= spare.capacity
    return spare
  }

  /// Keeps the memory of an input for a later one, as long as not too much is kept.
  private func keep(_ input: HeapStorage) {
    guard spareBytes + input.capacity <= Self.largestSpare else { return }
    spareInputs.append(input)
    spareBytes += input.capacity
  }
}
