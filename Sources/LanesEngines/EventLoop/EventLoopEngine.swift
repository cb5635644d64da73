import LanesCore
import LanesOS

/// One thread and one reactor: loads and stores run in the kernel while the thread computes, and between two units it
/// looks after everything that has become ready.
package struct EventLoopEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .eventloop, lanes: 1) }

  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let ledger = Ledger(batch, observer, setup)
    do {
      let loop = try EventLoop(batch, ledger, options)
      try loop.run()
      return ledger.close()
    } catch {
      throw .system("the event loop failed: \(error.call): \(error.reason)")
    }
  }
}

/// The state of one run.
private final class EventLoop {
  /// A unit on its way, with the memory that it occupies.
  private final class InFlightUnit {
    let unit: Unit
    var times = UnitRecord(lane: 0)
    let input: HeapStorage
    var count = 0
    let output: OutputBuffer
    var outcome: Outcome?

    init(_ unit: Unit, input: HeapStorage, output: OutputBuffer) {
      self.unit = unit
      self.input = input
      self.output = output
    }
  }

  private let workload: any Workload
  private let ledger: Ledger
  private let admission: Admission
  private let reactor: Reactor
  private let files: AsyncFiles
  private let timeout: Duration?
  /// Units between their start and the end of their load.
  private var loading = 0
  /// Expected bytes of what is being loaded or waits to be performed.
  private var bytesAhead = 0
  /// Bytes to load ahead, beside one unit: enough to keep a disk busy while a unit is performed; more would only leave
  /// the processor's cache before it is used.
  private static let farthestAhead = 32 << 20
  private static let nanosecondsBetweenLooks: Int64 = 100_000
  /// Performed units whose outputs are being stored.
  private var storing = BusyUnits()
  private var ready = Ring<InFlightUnit>()
  private let depth: Int
  private var inputs: [HeapStorage] = []
  private var outputs: [OutputBuffer] = []
  private var inputWatch: Reactor.Watch?
  private var stopWatch: Reactor.Watch?
  private var isAtEnd = false
  private var clock = LaneClock()

  init(_ batch: Batch, _ ledger: Ledger, _ options: EngineOptions) throws(SystemError) {
    workload = batch.workload
    self.ledger = ledger
    admission = Admission(batch.plan, ledger, memory: options.memory)
    timeout = options.timeout
    depth = options.affordableQueueDepth
    reactor = try Reactor()
    files = try AsyncFiles(reactor: reactor, depth: depth * 2, usesRing: options.usesRing, budget: options.memory)
    let reading = files.refusal.map { "\($0): epoll, readahead and plain reads instead" } ?? "io_uring"
    ledger.record.notes.append("files are read by \(reading); up to \(depth) loads at a time")
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.stop() }
  }

  func run() throws(SystemError) {
    while true {
      takeUnits()
      if isAtEnd && admission.inFlight == 0 { return }
      let isNews = try files.advance()
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
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  /// Starts loads as long as there is room for them.
  private func takeUnits() {
    while !isAtEnd, inputWatch == nil, loading + ready.count < depth, bytesAhead < Self.farthestAhead {
      switch admission.step() {
      case .start(let unit): start(unit)
      case .full: return
      case .end: isAtEnd = true
      case .waiting(let descriptor): watchInput(descriptor)
      }
    }
  }

  private func watchInput(_ descriptor: Int32) {
    inputWatch = try? reactor.watch(descriptor) { [unowned self] _ in
      if let watch = self.inputWatch { self.reactor.forget(watch) }
      self.inputWatch = nil
    }
  }

  private func start(_ unit: Unit) {
    ledger.started(unit, lane: 0)
    bytesAhead += unit.expectedInput
    let inFlight = InFlightUnit(
      unit, input: inputs.popLast() ?? HeapStorage(), output: outputs.popLast() ?? OutputBuffer())
    inFlight.times.load.start = monotonicNow()
    switch unit.source {
    case .none, .bytes:
      inFlight.times.load.end = inFlight.times.load.start
      ready.append(inFlight)
    case .file, .slice:
      loading += 1
      files.load(unit.source, into: inFlight.input) { [unowned self] result in self.loaded(inFlight, result) }
    }
  }

  private func loaded(_ inFlight: InFlightUnit, _ result: Result<Int, UnitFailure>) {
    loading -= 1
    inFlight.times.load.end = monotonicNow()
    switch result {
    case .success(let count):
      inFlight.count = count
      ready.append(inFlight)
    case .failure(let failure):
      inFlight.outcome = .failed(failure)
      finish(inFlight)
    }
  }

  private func performNext() {
    guard let inFlight = ready.removeFirst() else { return }
    bytesAhead -= inFlight.unit.expectedInput
    guard ledger.ending == nil else { return drop(inFlight) }
    noteBusy(performing: inFlight.unit.source)
    defer { noteBusy() }
    inFlight.times.perform.start = monotonicNow()
    clock.begin(mapped: false, at: inFlight.times.perform.start)
    do throws(UnitFailure) {
      inFlight.outcome = .done(try perform(inFlight))
      notePerformed(inFlight)
      try store(inFlight)
    } catch {
      notePerformed(inFlight)
      inFlight.output.restart()
      inFlight.outcome = .failed(error)
      finish(inFlight)
    }
  }

  private func notePerformed(_ inFlight: InFlightUnit) {
    guard inFlight.times.perform.end == 0 else { return }
    inFlight.times.perform.end = monotonicNow()
    inFlight.times.queued = clock.end(at: inFlight.times.perform.end).queued
  }

  private func perform(_ inFlight: InFlightUnit) throws(UnitFailure) -> Bytes {
    let deadline = Deadline(timeout: timeout)
    if case .bytes(let bytes) = inFlight.unit.source {
      inFlight.times.bytesIn = bytes.count
      return try workload.perform(inFlight.unit, input: bytes.span.bytes, output: inFlight.output, deadline: deadline)
    }
    inFlight.times.bytesIn = inFlight.count
    let input = UnsafeRawBufferPointer(start: inFlight.input.base, count: inFlight.count)
    return try workload.perform(
      inFlight.unit, input: RawSpan(_unsafeBytes: input), output: inFlight.output, deadline: deadline)
  }

  private func store(_ inFlight: InFlightUnit) throws(UnitFailure) {
    if inFlight.unit.sink != .none { inFlight.times.bytesOut = inFlight.output.count }
    let parts = try inFlight.output.withBytes { (bytes) throws(UnitFailure) in
      try inFlight.unit.sink.parts(of: bytes, ends: inFlight.output.partEnds)
    }
    guard !parts.isEmpty else { return finish(inFlight) }
    storing.add(inFlight.unit.source)
    inFlight.times.store.start = monotonicNow()
    files.store(parts) { [unowned self] result in self.stored(inFlight, result) }
  }

  private func stored(_ inFlight: InFlightUnit, _ result: Result<Void, UnitFailure>) {
    storing.remove(inFlight.unit.source)
    noteBusy()
    inFlight.times.store.end = monotonicNow()
    if case .failure(let failure) = result { inFlight.outcome = .failed(failure) }
    finish(inFlight)
  }

  private func finish(_ inFlight: InFlightUnit) {
    if inFlight.times.perform.start == 0 { bytesAhead -= inFlight.unit.expectedInput }
    admission.release(inFlight.unit)
    inFlight.output.withBytes { ledger.ended(inFlight.unit, inFlight.times, inFlight.outcome!, output: $0) }
    recycle(inFlight)
  }

  private func drop(_ inFlight: InFlightUnit) {
    admission.release(inFlight.unit)
    ledger.drop(inFlight.unit)
    recycle(inFlight)
  }

  /// Keeps memory for the next units, but not that of the largest ones for ever.
  private func recycle(_ inFlight: InFlightUnit) {
    if inFlight.input.capacity <= 16 << 20 { inputs.append(inFlight.input) }
    inFlight.output.restart()
    outputs.append(inFlight.output)
  }
}
