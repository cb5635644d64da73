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
  private final class Flight {
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
  private let intake: Intake
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
  private var ready = Ring<Flight>()
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
    intake = Intake(batch.plan, ledger, memory: options.memory)
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
      if isAtEnd && intake.inFlight == 0 { return }
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
      switch intake.step() {
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
    let flight = Flight(unit, input: inputs.popLast() ?? HeapStorage(), output: outputs.popLast() ?? OutputBuffer())
    flight.times.load.start = monotonicNow()
    switch unit.source {
    case .none, .bytes:
      flight.times.load.end = flight.times.load.start
      ready.append(flight)
    case .file, .slice:
      loading += 1
      files.load(unit.source, into: flight.input) { [unowned self] result in self.loaded(flight, result) }
    }
  }

  private func loaded(_ flight: Flight, _ result: Result<Int, UnitFailure>) {
    loading -= 1
    flight.times.load.end = monotonicNow()
    switch result {
    case .success(let count):
      flight.count = count
      ready.append(flight)
    case .failure(let failure):
      flight.outcome = .failed(failure)
      finish(flight)
    }
  }

  private func performNext() {
    guard let flight = ready.removeFirst() else { return }
    bytesAhead -= flight.unit.expectedInput
    guard ledger.ending == nil else { return drop(flight) }
    noteBusy(performing: flight.unit.source)
    defer { noteBusy() }
    flight.times.perform.start = monotonicNow()
    clock.begin(mapped: false, at: flight.times.perform.start)
    do throws(UnitFailure) {
      flight.outcome = .done(try perform(flight))
      notePerformed(flight)
      try store(flight)
    } catch {
      notePerformed(flight)
      flight.output.restart()
      flight.outcome = .failed(error)
      finish(flight)
    }
  }

  private func notePerformed(_ flight: Flight) {
    guard flight.times.perform.end == 0 else { return }
    flight.times.perform.end = monotonicNow()
    flight.times.queued = clock.end(at: flight.times.perform.end).queued
  }

  private func perform(_ flight: Flight) throws(UnitFailure) -> Bytes {
    let checkpoint = Checkpoint(timeout: timeout)
    if case .bytes(let bytes) = flight.unit.source {
      flight.times.bytesIn = bytes.count
      return try workload.perform(flight.unit, input: bytes.span.bytes, output: flight.output, checkpoint: checkpoint)
    }
    flight.times.bytesIn = flight.count
    let input = UnsafeRawBufferPointer(start: flight.input.base, count: flight.count)
    return try workload.perform(
      flight.unit, input: RawSpan(_unsafeBytes: input), output: flight.output, checkpoint: checkpoint)
  }

  private func store(_ flight: Flight) throws(UnitFailure) {
    if flight.unit.sink != .none { flight.times.bytesOut = flight.output.count }
    let parts = try flight.output.withBytes { (bytes) throws(UnitFailure) in
      try flight.unit.sink.parts(of: bytes, ends: flight.output.partEnds)
    }
    guard !parts.isEmpty else { return finish(flight) }
    storing.add(flight.unit.source)
    flight.times.store.start = monotonicNow()
    files.store(parts) { [unowned self] result in self.stored(flight, result) }
  }

  private func stored(_ flight: Flight, _ result: Result<Void, UnitFailure>) {
    storing.remove(flight.unit.source)
    noteBusy()
    flight.times.store.end = monotonicNow()
    if case .failure(let failure) = result { flight.outcome = .failed(failure) }
    finish(flight)
  }

  private func finish(_ flight: Flight) {
    if flight.times.perform.start == 0 { bytesAhead -= flight.unit.expectedInput }
    intake.release(flight.unit)
    flight.output.withBytes { ledger.ended(flight.unit, flight.times, flight.outcome!, output: $0) }
    recycle(flight)
  }

  private func drop(_ flight: Flight) {
    intake.release(flight.unit)
    ledger.drop(flight.unit)
    recycle(flight)
  }

  /// Keeps memory for the next units, but not that of the largest ones for ever.
  private func recycle(_ flight: Flight) {
    if flight.input.capacity <= 16 << 20 { inputs.append(flight.input) }
    flight.output.restart()
    outputs.append(flight.output)
  }
}
