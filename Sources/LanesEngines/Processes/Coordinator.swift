import DequeModule
import LanesCore
import LanesOS

/// The state of one run over worker processes; itself an event loop that never waits for a disk or a worker.
///
///     plan ─▶ backlog ─▶ slot: load ─▶ frame ─▶ worker ─▶ reply ─▶ store ─▶ recorder
///                 ▲                                │ dies
///                 └──────── units it held ─────────┘
///
/// A worker holds two slots (credits). A free slot is filled at once, a reply frees it when its outputs are stored.
final class Coordinator {
  let reactor: Reactor
  let files: AsyncFiles
  let recorder: RunRecorder
  let admission: Admission
  let options: EngineOptions
  let channel: ChannelKind
  private let command: WorkerCommand
  /// The greeting, alike for all workers: the workload is described once.
  private let hello: Bytes
  private let lanes: Int

  var links: [WorkerLink] = []
  /// Units to be sent before new ones are taken: those of dead workers, and one that did not fit its neighbors.
  var backlog: Deque<InFlightUnit> = []
  /// Of workers that have ended.
  var usages: [ProcessUsage] = []
  /// Why the run cannot go on; the workers are killed then.
  var problem: EngineError?
  /// Workers in a row that ended before they were ready.
  var failedStarts = 0
  /// Workers in a row that ended without a unit, while no worker answered any.
  var idleDeaths = 0
  /// True once no worker is to be started any more.
  private(set) var isShuttingDown = false
  /// Units that are sent, or whose outputs are being stored.
  private var busy = BusyUnits()
  /// A moving average of what performing a unit takes, in nanoseconds.
  var typicalPerform: Double = 0
  /// Whether the units handed out last had an input that was loaded or large.
  private var lastNeededLoad = true
  /// Waits for the descriptor that the plan waits for.
  private var inputWatch: Reactor.Watch?
  private var stopWatch: Reactor.Watch?
  private var isAtEnd = false
  private var spareInputs: [HeapStorage] = []
  private var spareBytes = 0
  /// Memory kept for the next loads: fresh memory costs a page fault for every 4 KiB.
  private static let largestSpare = 64 << 20

  init(
    _ batch: Batch, _ recorder: RunRecorder, _ options: EngineOptions, _ channel: ChannelKind, _ command: WorkerCommand
  ) throws(SystemError) {
    // A worker may die between two writes to it.
    StopSignals.ignoreWriteSignals()
    self.recorder = recorder
    self.options = options
    self.channel = channel
    self.command = command
    hello =
      Hello(
        channel: channel, timeout: options.timeout, isolation: options.isolation, workload: batch.workload
      ).bytes
    admission = Admission(batch.plan, recorder, memory: options.memory)
    // A worker that gets no unit would be started for nothing.
    lanes = max(1, min(options.lanes, batch.plan.totalUnits ?? .max))
    reactor = try Reactor()
    files = try AsyncFiles(
      reactor: reactor, depth: options.affordableQueueDepth, usesRing: options.usesRing, budget: options.memory)
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.stop() }
  }

  /// Runs the batch to its end and ends all workers.
  func run() throws(SystemError) {
    if let refusal = files.refusal { recorder.record.notes.append("\(refusal): the coordinator reads with readahead") }
    try startWorkers()
    recorder.workersStarted(links.map(\.pid))
    while problem == nil {
      fill()
      if isAtEnd && admission.inFlight == 0 { break }
      if links.allSatisfy({ $0.busySlots == 0 }) { files.hurry() }
      try turn()
    }
    try shutDown()
    recorder.record.ring = files.traffic
  }

  /// Starts a worker per lane; fewer where descriptors or processes run out after the first.
  private func startWorkers() throws(SystemError) {
    for lane in 0..<lanes {
      do {
        try start(lane)
      } catch  where lane > 0 && error.isShortage {
        recorder.record.notes.append(
          "only \(lane) of \(lanes) workers could be started: \(error.call): \(error.reason)")
        return
      }
    }
  }

  /// Hears of everything that has happened; sleeps only when no file operation has news.
  private func turn() throws(SystemError) {
    let isNews = try files.advance()
    try reactor.turn(waiting: !isNews)
  }

  /// Starts the worker of a lane, at first or in place of a dead one.
  func start(_ lane: Int) throws(SystemError) {
    let link = try WorkerLink(
      lane: lane, reactor: reactor, channel: channel, command: command, hello: hello,
      onFrame: { [unowned self] link, frame in self.take(frame, from: link) },
      onDeath: { [unowned self] link in self.buryWorker(link) })
    links.append(link)
    recorder.serves(lane, task: link.pid)
  }

  /// Ends all workers and waits until the last one is gone; those that do not go within five seconds are killed.
  private func shutDown() throws(SystemError) {
    isShuttingDown = true
    for link in links where link.state != .dead {
      link.state = .leaving
      if problem == nil { link.send(.end, Bytes()) } else { link.kill() }
    }
    _ = reactor.schedule(at: monotonicNow() + 5_000_000_000) { [unowned self] in
      for link in self.links { link.kill() }
    }
    // Memory and files of operations are the kernel's until these have ended.
    while !links.isEmpty || files.pending > 0 { try turn() }
  }

  /// Takes no more units; those that are sent are finished.
  private func stop() {
    isAtEnd = true
    for inFlight in backlog { drop(inFlight) }
    backlog = []
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  // MARK: Handing out

  /// Fills free slots as long as there are units; workers with the least to do come first.
  private func fill() {
    // A failure may have ended the run, or a fold that wants no more.
    if recorder.ending != nil { stop() }
    while let link = nextLink(), let first = nextUnit() {
      let slot = link.slots.first { $0.isFree }!
      var units = [first]
      while units.count < batchSize, canShare(first), let next = nextUnit() {
        guard canShare(next) else {
          backlog.prepend(next)
          break
        }
        units.append(next)
      }
      lastNeededLoad = needsLoad(first) || !first.isSmall
      load(units, slot, link)
    }
  }

  private func nextLink() -> WorkerLink? {
    let candidates = links.filter { link in
      guard link.hasFreeSlot, !link.isReserved else { return false }
      return link.busySlots == 0 || secondSlotPays
    }
    guard let best = candidates.min(by: { $0.busySlots < $1.busySlots }) else { return nil }
    // It needs a worker that holds nothing else.
    if let first = backlog.first, first.deaths.mustBeAlone { return candidates.first { $0.busySlots == 0 } }
    return best
  }

  /// Waiting in a second slot hides the load, the copy or the frame; a long unit without is better left to who is free.
  private var secondSlotPays: Bool { lastNeededLoad || typicalPerform < 2_000_000 }

  /// Units per frame so that a frame keeps a worker busy for about a millisecond.
  private var batchSize: Int {
    // A time limit is watched unit by unit, and nothing is known of how long units take before the first answer.
    guard options.timeout == nil, typicalPerform > 0 else { return 1 }
    return max(1, min(64, Int(1_000_000 / typicalPerform)))
  }

  private func canShare(_ inFlight: InFlightUnit) -> Bool { inFlight.isSmall && !inFlight.deaths.mustBeAlone }

  private func nextUnit() -> InFlightUnit? {
    if let next = backlog.popFirst() { return next }
    guard !isAtEnd, inputWatch == nil else { return nil }
    switch admission.step() {
    case .start(let unit): return InFlightUnit(unit)
    case .full: return nil
    case .end: isAtEnd = true
    case .waiting(let descriptor):
      do {
        inputWatch = try reactor.watch(descriptor) { [unowned self] _ in
          if let watch = self.inputWatch { self.reactor.forget(watch) }
          self.inputWatch = nil
        }
      } catch {
        problem = .system("waiting for input failed: \(error.reason)")
      }
    }
    return nil
  }

  // MARK: Loading and sending

  private func load(_ units: [InFlightUnit], _ slot: Slot, _ link: WorkerLink) {
    let toLoad = units.filter(needsLoad)
    slot.begin(units, loads: toLoad.count)
    for inFlight in units {
      inFlight.times = UnitRecord(lane: link.lane)
      inFlight.times.load.start = monotonicNow()
      inFlight.times.load.end = inFlight.times.load.start
      recorder.started(inFlight.unit, lane: link.lane)
    }
    if toLoad.isEmpty { return sendOrTakeBack(slot, link) }
    // One unit is loaded straight into the region. Several are put there side by side once their lengths are known.
    let isDirect = units.count == 1 && channel.isShared
    for inFlight in toLoad {
      inFlight.input = isDirect ? nil : takeSpare()
      let input: any OutputBuffer.Storage = isDirect ? slot.input! : inFlight.input!
      files.load(inFlight.unit.source, into: input, expecting: inFlight.unit.expectedInput) { [unowned self] result in
        self.loaded(inFlight, result, slot, link)
      }
    }
  }

  /// True where the coordinator fetches the input before the unit is sent.
  private func needsLoad(_ inFlight: InFlightUnit) -> Bool {
    switch inFlight.unit.source {
    case .none, .bytes: false
    case .file, .head, .files: true
    case .slice: !channel.isShared
    }
  }

  /// Memory for an input: of an earlier one where some is kept.
  func takeSpare() -> HeapStorage {
    guard let spare = spareInputs.popLast() else { return HeapStorage() }
    spareBytes -= spare.capacity
    return spare
  }

  private func loaded(_ inFlight: InFlightUnit, _ result: Result<Int, UnitFailure>, _ slot: Slot, _ link: WorkerLink) {
    inFlight.times.load.end = monotonicNow()
    var early: Outcome?
    switch result {
    case .success(let count):
      inFlight.inputCount = count
      if inFlight.unit.isOutgrown(by: count) { early = .done([]) }
    case .failure(let failure): early = .failed(failure)
    }
    let isComplete = slot.loadEnded(inFlight, isOver: early != nil)
    // The units beside it in the slot go on without it.
    if let early { finish(inFlight, early) }
    if isComplete { sendOrTakeBack(slot, link) }
  }

  /// Sends what is loaded, unless the run or the worker has ended meanwhile.
  private func sendOrTakeBack(_ slot: Slot, _ link: WorkerLink) {
    if recorder.ending != nil || link.state == .dead {
      for inFlight in slot.takeBack() { retryOrDrop(inFlight) }
    } else {
      send(slot, link)
    }
  }

  private func send(_ slot: Slot, _ link: WorkerLink) {
    let inputs: [UnitRequest.Input]
    do throws(UnitFailure) {
      inputs = try channel.isShared ? packIntoRegion(slot) : layOutInPayload(slot)
      try handOverFiles(of: slot, link)
    } catch {
      for inFlight in slot.takeBack() { finish(inFlight, .failed(error)) }
      return
    }
    let units = slot.units
    var body = WireWriter()
    body.write(UInt8(slot.index))
    body.write(UInt32(units.count))
    for (inFlight, input) in zip(units, inputs) {
      UnitRequest(number: inFlight.unit.number, label: inFlight.unit.label, task: inFlight.unit.task, input: input)
        .write(to: &body)
      recorder.record.bytesBetween += inFlight.inputCount
    }
    slot.send()
    link.running += units
    for inFlight in units { note(inFlight, isBusy: true) }
    link.send(.units, body.bytes, payloadOf: channel.isShared ? [] : units)
    watchClock(link)
  }

  /// Workers open nothing themselves: they are given the files of the slices that they map. Afterwards either all of
  /// them are on their way or none is.
  private func handOverFiles(of slot: Slot, _ link: WorkerLink) throws(UnitFailure) {
    guard channel.isShared else { return }
    var files: [OpenFile] = []
    do {
      for inFlight in slot.units {
        guard case .slice(let slice) = inFlight.unit.source else { continue }
        files.append(OpenFile(try Descriptor.reading(slice.path)))
      }
      for file in files { try link.handOver(file.descriptor.number) }
    } catch {
      // Those that it got already would be taken for the next ones.
      if !files.isEmpty { link.kill() }
      throw .unreadable(error)
    }
  }

  /// A descriptor in an array, which holds no noncopyable values.
  private final class OpenFile {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  /// Where each input lies in the slot's region; what was loaded elsewhere is copied there.
  private func packIntoRegion(_ slot: Slot) throws(UnitFailure) -> [UnitRequest.Input] {
    let region = slot.input!
    var inputs: [UnitRequest.Input] = []
    var offset = 0
    for inFlight in slot.units {
      if case .slice(let slice) = inFlight.unit.source {
        inputs.append(.slice(slice))
        continue
      }
      if case .bytes(let bytes) = inFlight.unit.source { inFlight.inputCount = bytes.count }
      inputs.append(inFlight.inputCount == 0 ? .none : .at(offset: offset, length: inFlight.inputCount))
      try region.grow(atLeast: offset + inFlight.inputCount, keeping: offset)
      copyInput(of: inFlight, to: region.base, at: offset)
      // Inputs begin at multiples of 64 bytes, as outputs do.
      offset = (offset + inFlight.inputCount + 63) / 64 * 64
    }
    return inputs
  }

  private func copyInput(of inFlight: InFlightUnit, to base: UnsafeMutableRawPointer?, at offset: Int) {
    guard inFlight.inputCount > 0, let base else { return }
    if case .bytes(let bytes) = inFlight.unit.source {
      bytes.withUnsafeBytes { (base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    } else if let input = inFlight.input {
      (base + offset).copyMemory(from: input.base!, byteCount: inFlight.inputCount)
    }
  }

  /// Where each input lies in the frame's payload.
  private func layOutInPayload(_ slot: Slot) -> [UnitRequest.Input] {
    var offset = 0
    return slot.units.map { inFlight in
      if case .bytes(let bytes) = inFlight.unit.source { inFlight.inputCount = bytes.count }
      defer { offset += inFlight.inputCount }
      return inFlight.inputCount == 0 ? .none : .at(offset: offset, length: inFlight.inputCount)
    }
  }

  // MARK: Endings

  func finish(
    _ inFlight: InFlightUnit, _ outcome: Outcome,
    _ output: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) {
    note(inFlight, isBusy: false)
    admission.release(inFlight.unit)
    recorder.ended(inFlight.unit, inFlight.times, outcome, output: output)
    recycleInput(inFlight)
  }

  /// Leaves out a unit that was not performed, since the run ends.
  func drop(_ inFlight: InFlightUnit) {
    admission.release(inFlight.unit)
    recorder.drop(inFlight.unit)
    recycleInput(inFlight)
  }

  /// Puts a unit back that did not get to run, unless the run is over.
  func retryOrDrop(_ inFlight: InFlightUnit) {
    note(inFlight, isBusy: false)
    recycleInput(inFlight)
    if recorder.ending == nil { backlog.append(inFlight) } else { drop(inFlight) }
  }

  /// Keeps up to date what the handler of a stop signal tells of work that is going to be finished.
  private func note(_ inFlight: InFlightUnit, isBusy: Bool) {
    guard inFlight.isBusy != isBusy else { return }
    inFlight.isBusy = isBusy
    if isBusy { busy.add(inFlight.unit.source) } else { busy.remove(inFlight.unit.source) }
    StopSignals.lane(0, isBusyWith: busy)
  }

  /// Keeps the memory of an input for a later one, as long as not too much is kept.
  func recycleInput(_ inFlight: InFlightUnit) {
    if let input = inFlight.input, spareBytes + input.capacity <= Self.largestSpare {
      spareInputs.append(input)
      spareBytes += input.capacity
    }
    inFlight.input = nil
    inFlight.inputCount = 0
  }
}
