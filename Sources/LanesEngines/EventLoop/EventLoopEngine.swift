import DequeModule
import LanesCore
import LanesOS

/// One thread and one reactor: loads and stores run in the kernel while the thread computes, and between two units it
/// looks after everything that has become ready.
package struct EventLoopEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .eventloop, lanes: 1) }

  /// Runs the whole batch on the calling thread.
  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let recorder = RunRecorder(batch, observer, setup)
    do {
      let loop = try EventLoop(batch, recorder, options)
      recorder.serves(0, task: WorkerProcess.currentThreadID)
      try loop.run()
      recorder.record.ring = loop.files.traffic
      return recorder.close()
    } catch {
      throw .system("the event loop failed: \(error.call): \(error.reason)")
    }
  }
}

/// The state of one run.
///
/// A unit is loading, then ready, then performed, then perhaps stored. All of it belongs to one thread, so nothing is
/// locked.
private final class EventLoop {
  private let workload: any Workload
  private let recorder: RunRecorder
  private let admission: Admission
  private let reactor: Reactor
  let files: AsyncFiles
  /// The time that performing one unit may take; nil for any.
  private let timeout: Duration?
  /// Units between their start and the end of their load.
  private var loading = 0
  /// Expected bytes of what is being loaded or waits to be performed.
  private var bytesAhead = 0
  /// Bytes to load ahead, beside one unit: enough to keep a disk busy while a unit is performed; more would only leave
  /// the processor's cache before it is used.
  private static let farthestAhead = 32 << 20
  /// Time between two looks at what is ready, unless one unit takes longer.
  private static let nanosecondsBetweenLooks: Int64 = 100_000
  /// Performed units whose outputs are being stored.
  private var storing = BusyUnits()
  /// Loaded units, or such as need no load, in the order in which they became ready.
  private var ready: Deque<InFlightUnit> = []
  /// Units that may be loading or ready at a time.
  private let depth: Int
  /// Memory of earlier units, to be used again.
  private var inputs: [HeapStorage] = []
  /// Buffers of earlier units, to be used again.
  private var outputs: [OutputBuffer] = []
  /// Waits for the descriptor that the plan waits for.
  private var inputWatch: Reactor.Watch?
  private var stopWatch: Reactor.Watch?
  /// True when the plan has no more units, or a stop was asked for.
  private var isAtEnd = false
  private var clock = LaneClock()

  init(_ batch: Batch, _ recorder: RunRecorder, _ options: EngineOptions) throws(SystemError) {
    workload = batch.workload
    self.recorder = recorder
    admission = Admission(batch.plan, recorder, memory: options.memory)
    timeout = options.timeout
    depth = options.affordableQueueDepth
    reactor = try Reactor()
    files = try AsyncFiles(reactor: reactor, depth: depth * 2, usesRing: options.usesRing, budget: options.memory)
    let reading = files.refusal.map { "\($0): epoll, readahead and plain reads instead" } ?? "io_uring"
    recorder.record.notes.append("files are read by \(reading); up to \(depth) loads at a time")
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.stop() }
  }

  func run() throws(SystemError) {
    while true {
      try takeUnits()
      if isAtEnd && admission.inFlight == 0 { return }
      let isNews = try files.advance()
      if loading == 0, ready.isEmpty { files.hurry() }
      // Sleeps only when there is nothing to perform and no operation has ended.
      try reactor.turn(waiting: !isNews && ready.isEmpty)
      performReady()
    }
  }

  /// Performs what is loaded, until nothing is or the time of one look around is over. A look costs three calls of the
  /// kernel, as much as a small unit; a unit that takes longer is alone between two.
  private func performReady() {
    let end = monotonicNow() + Self.nanosecondsBetweenLooks
    repeat { performNext() } while !ready.isEmpty && monotonicNow() < end
  }

  /// What is going to be finished whatever happens: what is being stored, and what is being performed.
  private func noteBusy(performing source: Source? = nil) {
    var busy = storing
    if let source { busy.add(source) }
    StopSignals.lane(0, isBusyWith: busy)
  }

  /// Starts nothing more; what is loaded is dropped, what is being stored is waited for.
  private func stop() {
    isAtEnd = true
    // The descriptor stays readable, and would wake the reactor at every turn.
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  /// Starts loads as long as there is room for them, and for the stores of what was performed: a disk that is slow to write must
  /// not leave thousands of results behind for a stop to wait for.
  private func takeUnits() throws(SystemError) {
    // Also while an input is waited for: it may never come.
    if recorder.ending != nil { isAtEnd = true }
    while !isAtEnd, inputWatch == nil, files.hasRoom, loading + ready.count < depth, bytesAhead < Self.farthestAhead {
      switch admission.step() {
      case .start(let unit): start(unit)
      case .full: return
      case .end: isAtEnd = true
      case .waiting(let descriptor): try watchInput(descriptor)
      }
    }
  }

  /// Asks the plan again once `descriptor` is readable; until then only units that are under way go on.
  private func watchInput(_ descriptor: Int32) throws(SystemError) {
    inputWatch = try reactor.watch(descriptor) { [unowned self] _ in
      if let watch = self.inputWatch { self.reactor.forget(watch) }
      self.inputWatch = nil
    }
  }

  /// Begins loading a unit; one without a file is ready at once.
  private func start(_ unit: Unit) {
    recorder.started(unit, lane: 0)
    bytesAhead += unit.expectedInput
    let inFlight = InFlightUnit(unit)
    inFlight.times.load.start = monotonicNow()
    switch unit.source {
    case .none, .bytes:
      inFlight.times.load.end = inFlight.times.load.start
      ready.append(inFlight)
    case .file, .head, .files, .slice:
      loading += 1
      let input = inputs.popLast() ?? HeapStorage()
      inFlight.input = input
      files.load(unit.source, into: input, expecting: unit.expectedInput) { [unowned self] result in
        self.loaded(inFlight, result)
      }
    }
  }

  private func loaded(_ inFlight: InFlightUnit, _ result: Result<Int, UnitFailure>) {
    loading -= 1
    inFlight.times.load.end = monotonicNow()
    switch result {
    case .success(let count):
      inFlight.inputCount = count
      ready.append(inFlight)
    case .failure(let failure): finish(inFlight, .failed(failure))
    }
  }

  private func performNext() {
    guard let inFlight = ready.popFirst() else { return }
    bytesAhead -= inFlight.unit.expectedInput
    // A stop drops what is loaded and not yet performed.
    guard recorder.ending == nil else { return drop(inFlight) }
    noteBusy(performing: inFlight.unit.source)
    defer { noteBusy() }
    inFlight.times.perform.start = monotonicNow()
    // Files are always read here, so a unit never waits for mapped pages.
    clock.begin(mapped: false, at: inFlight.times.perform.start)
    let output = outputs.popLast() ?? OutputBuffer()
    inFlight.output = output
    do throws(UnitFailure) {
      let partial = try perform(inFlight, output)
      notePerformed(inFlight)
      try store(inFlight, output, .done(partial))
    } catch {
      notePerformed(inFlight)
      output.restart()
      finish(inFlight, .failed(error))
    }
  }

  /// Ends the measuring of a unit, once: a store that cannot begin comes here a second time.
  private func notePerformed(_ inFlight: InFlightUnit) {
    guard inFlight.times.perform.end == 0 else { return }
    inFlight.times.perform.end = monotonicNow()
    inFlight.times.queued = clock.end(at: inFlight.times.perform.end).queued
  }

  /// Performs a unit on the bytes it carries or on those that were loaded.
  private func perform(_ inFlight: InFlightUnit, _ output: OutputBuffer) throws(UnitFailure) -> Bytes {
    let deadline = Deadline(timeout: timeout)
    inFlight.unit.withLabelBytes(CrashReports.begin)
    defer { CrashReports.end() }
    if case .bytes(let bytes) = inFlight.unit.source {
      inFlight.times.bytesIn = bytes.count
      return try workload.perform(inFlight.unit, input: bytes.span.bytes, output: output, deadline: deadline)
    }
    inFlight.times.bytesIn = inFlight.inputCount
    if inFlight.unit.isOutgrown(by: inFlight.inputCount) { return [] }
    let input = UnsafeRawBufferPointer(start: inFlight.input?.base, count: inFlight.inputCount)
    return try workload.perform(inFlight.unit, input: input.bytes, output: output, deadline: deadline)
  }

  /// Starts storing an output, or ends the unit where there is nothing to store. The buffer stays the unit's until it
  /// has ended.
  private func store(_ inFlight: InFlightUnit, _ output: OutputBuffer, _ outcome: Outcome) throws(UnitFailure) {
    let sink = inFlight.unit.sink
    if inFlight.unit.hasSink { inFlight.times.noteOutput(output.count, ends: output.partEnds) }
    let parts = try output.withBytes { (bytes) throws(UnitFailure) in try sink.parts(of: bytes, ends: output.partEnds) }
    guard !parts.isEmpty else { return finish(inFlight, outcome) }
    // A stop waits for what is being stored, so its size is told to the signal's handler.
    storing.add(inFlight.unit.source)
    inFlight.times.store.start = monotonicNow()
    let released = { [unowned self] in self.recycleOutput(inFlight) }
    files.store(parts, released: released) { [unowned self] result in self.stored(inFlight, outcome, result) }
  }

  private func stored(_ inFlight: InFlightUnit, _ outcome: Outcome, _ result: Result<Void, UnitFailure>) {
    storing.remove(inFlight.unit.source)
    noteBusy()
    inFlight.times.store.end = monotonicNow()
    if case .failure(let failure) = result { finish(inFlight, .failed(failure)) } else { finish(inFlight, outcome) }
  }

  /// Ends a unit: its place in the budget is free, and its result goes on in unit order.
  private func finish(_ inFlight: InFlightUnit, _ outcome: Outcome) {
    // Units that are performed were taken out of the count before; this one failed while it was loaded.
    if inFlight.times.perform.start == 0 { bytesAhead -= inFlight.unit.expectedInput }
    admission.release(inFlight.unit)
    if let output = inFlight.output {
      output.withBytes { recorder.ended(inFlight.unit, inFlight.times, outcome, output: $0) }
    } else {
      recorder.ended(inFlight.unit, inFlight.times, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    recycle(inFlight)
  }

  /// Leaves out a unit that was not performed, since the run ends.
  private func drop(_ inFlight: InFlightUnit) {
    admission.release(inFlight.unit)
    recorder.drop(inFlight.unit)
    recycle(inFlight)
  }

  /// Keeps memory for the next units, but not that of the largest ones for ever.
  private func recycle(_ inFlight: InFlightUnit) {
    if let input = inFlight.input, input.capacity <= 16 << 20 { inputs.append(input) }
    recycleOutput(inFlight)
  }

  private func recycleOutput(_ inFlight: InFlightUnit) {
    guard let output = inFlight.output else { return }
    output.restart()
    outputs.append(output)
    inFlight.output = nil
  }
}
