import LanesCore
import LanesOS

/// The state of one run over worker processes; itself an event loop that never waits for a disk or a worker.
///
///     plan ─▶ backlog ─▶ slot: load ─▶ frame ─▶ worker ─▶ reply ─▶ store ─▶ ledger
///                 ▲                                │ dies
///                 └──────── units it held ─────────┘
///
/// A worker holds two slots (credits). A free slot is filled at once, a reply frees it when its outputs are stored.
final class Coordinator {
  let reactor: Reactor
  let files: AsyncFiles
  let ledger: Ledger
  let intake: Intake
  let options: EngineOptions
  let channel: ChannelKind
  private let command: WorkerCommand
  private let hello: Bytes
  private let lanes: Int

  var links: [WorkerLink] = []
  /// Units to be sent before new ones are taken: those of dead workers, and one that did not fit its neighbours.
  var backlog: [Errand] = []
  var usages: [ProcessUsage] = []
  var problem: EngineError?
  /// Workers in a row that ended before they were ready.
  var failedStarts = 0
  /// Workers in a row that ended without a unit, while no worker answered any.
  var idleDeaths = 0
  /// Units that are sent, or whose outputs are being stored.
  private var busy = BusyUnits()
  /// A moving average of what performing a unit takes, in nanoseconds.
  var typicalPerform: Double = 0
  private var lastNeededLoad = true
  private var inputWatch: Reactor.Watch?
  private var stopWatch: Reactor.Watch?
  private var isAtEnd = false
  private var spareInputs: [HeapStorage] = []
  private var spareBytes = 0
  /// Memory kept for the next loads: fresh memory costs a page fault for every 4 KiB.
  private static let largestSpare = 64 << 20

  init(
    _ batch: Batch, _ ledger: Ledger, _ options: EngineOptions, _ channel: ChannelKind, _ command: WorkerCommand
  ) throws(SystemError) {
    // A worker may die between two writes to it.
    StopSignals.ignoreBrokenPipes()
    self.ledger = ledger
    self.options = options
    self.channel = channel
    self.command = command
    hello = Hello(channel: channel, timeout: options.timeout, workload: batch.workload).bytes
    intake = Intake(batch.plan, ledger, memory: options.memory)
    lanes = max(1, min(options.lanes, batch.plan.totalUnits ?? .max))
    reactor = try Reactor()
    files = try AsyncFiles(
      reactor: reactor, depth: options.affordableQueueDepth, usesRing: options.usesRing, budget: options.memory)
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.stop() }
  }

  func run() throws(SystemError) {
    if let refusal = files.refusal { ledger.record.notes.append("\(refusal): the coordinator reads with readahead") }
    try startWorkers()
    while problem == nil {
      fill()
      if isAtEnd && intake.inFlight == 0 { break }
      try turn()
    }
    try dismiss()
  }

  /// Starts a worker per lane; with fewer where descriptors or processes run out behind the first.
  private func startWorkers() throws(SystemError) {
    for lane in 0..<lanes {
      do {
        try start(lane)
      } catch  where lane > 0 && error.isShortage {
        ledger.record.notes.append("only \(lane) of \(lanes) workers could be started: \(error.call): \(error.reason)")
        return
      }
    }
  }

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
  }

  /// Ends all workers and waits until the last one is gone; those that do not go within five seconds are killed.
  private func dismiss() throws(SystemError) {
    for link in links where link.state != .dead {
      link.state = .leaving
      if problem == nil { link.send(.end, Bytes()) } else { link.kill(9) }
    }
    _ = reactor.schedule(at: monotonicNow() + 5_000_000_000) { [unowned self] in
      for link in self.links { link.kill(9) }
    }
    while !links.isEmpty || files.pending > 0 { try turn() }
  }

  private func stop() {
    isAtEnd = true
    for errand in backlog { drop(errand) }
    backlog = []
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  // MARK: Handing out

  /// Fills free slots as long as there are units; workers with the least to do come first.
  private func fill() {
    if ledger.ending != nil { stop() }
    while let link = nextLink(), let first = nextErrand() {
      let slot = link.slots.first { $0.isFree }!
      var errands = [first]
      while errands.count < batchSize, canShare(first), let next = nextErrand() {
        guard canShare(next) else {
          backlog.insert(next, at: 0)
          break
        }
        errands.append(next)
      }
      lastNeededLoad = first.needsLoad(channel) || !first.isSmall
      load(errands, slot, link)
    }
  }

  private func nextLink() -> WorkerLink? {
    let candidates = links.filter { link in
      guard link.hasFreeSlot, !link.isReserved else { return false }
      return link.busySlots == 0 || secondSlotPays
    }
    guard let best = candidates.min(by: { $0.busySlots < $1.busySlots }) else { return nil }
    if let first = backlog.first, first.mustBeAlone { return candidates.first { $0.busySlots == 0 } }
    return best
  }

  /// Waiting in a second slot hides the load, the copy or the frame; a long unit without is better left to who is free.
  private var secondSlotPays: Bool { lastNeededLoad || typicalPerform < 2_000_000 }

  /// Units per frame so that a frame keeps a worker busy for about a millisecond.
  private var batchSize: Int {
    guard options.timeout == nil, typicalPerform > 0 else { return 1 }
    return max(1, min(64, Int(1_000_000 / typicalPerform)))
  }

  private func canShare(_ errand: Errand) -> Bool { errand.isSmall && !errand.mustBeAlone }

  private func nextErrand() -> Errand? {
    if !backlog.isEmpty { return backlog.removeFirst() }
    guard !isAtEnd, inputWatch == nil else { return nil }
    switch intake.step() {
    case .start(let unit): return Errand(unit)
    case .full: return nil
    case .end: isAtEnd = true
    case .waiting(let descriptor):
      inputWatch = try? reactor.watch(descriptor) { [unowned self] _ in
        if let watch = self.inputWatch { self.reactor.forget(watch) }
        self.inputWatch = nil
      }
    }
    return nil
  }

  // MARK: Loading and sending

  private func load(_ errands: [Errand], _ slot: Slot, _ link: WorkerLink) {
    slot.errands = errands
    slot.loading = 1  // held until every load has been asked for
    for errand in errands {
      errand.times = UnitRecord(lane: link.lane)
      errand.times.load.start = monotonicNow()
      errand.times.load.end = errand.times.load.start
      ledger.started(errand.unit, lane: link.lane)
      guard errand.needsLoad(channel) else { continue }
      slot.loading += 1
      let isDirect = errands.count == 1 && channel == .shm
      errand.input = isDirect ? nil : takeSpare()
      files.load(errand.unit.source, into: isDirect ? slot.input! : errand.input!) { [unowned self] result in
        self.loaded(errand, result, slot, link)
      }
    }
    loadEnded(slot, link)
  }

  private func takeSpare() -> HeapStorage {
    guard let spare = spareInputs.popLast() else { return HeapStorage() }
    spareBytes -= spare.capacity
    return spare
  }

  private func loaded(_ errand: Errand, _ result: Result<Int, UnitFailure>, _ slot: Slot, _ link: WorkerLink) {
    errand.times.load.end = monotonicNow()
    switch result {
    case .success(let count): errand.inputCount = count
    case .failure(let failure):
      slot.errands.removeAll { $0 === errand }
      finish(errand, .failed(failure))
    }
    loadEnded(slot, link)
  }

  private func loadEnded(_ slot: Slot, _ link: WorkerLink) {
    slot.loading -= 1
    guard slot.loading == 0, !slot.errands.isEmpty else { return }
    if ledger.ending != nil || link.state == .dead {
      let errands = slot.errands
      slot.errands = []
      for errand in errands { retryOrDrop(errand) }
    } else {
      send(slot, link)
    }
  }

  private func send(_ slot: Slot, _ link: WorkerLink) {
    let inputs: [Order.Input]
    do throws(UnitFailure) {
      inputs = try channel == .shm ? packIntoRegion(slot) : layOutForPipe(slot)
    } catch {
      let errands = slot.errands
      slot.errands = []
      for errand in errands { finish(errand, .failed(error)) }
      return
    }
    var body = WireWriter()
    body.write(UInt8(slot.index))
    body.write(UInt32(slot.errands.count))
    for (errand, input) in zip(slot.errands, inputs) {
      Order(number: errand.unit.number, label: errand.unit.label, task: errand.unit.task, input: input).write(to: &body)
      ledger.record.bytesBetween += errand.inputCount
    }
    slot.unanswered = slot.errands.count
    link.running += slot.errands
    for errand in slot.errands { note(errand, isBusy: true) }
    link.send(.units, body.bytes, payloadOf: channel == .pipe ? slot.errands : [])
    watchClock(link)
  }

  /// Where each input lies in the slot's region; what was loaded elsewhere is copied there.
  private func packIntoRegion(_ slot: Slot) throws(UnitFailure) -> [Order.Input] {
    let region = slot.input!
    var inputs: [Order.Input] = []
    var offset = 0
    for errand in slot.errands {
      if case .slice(let slice) = errand.unit.source {
        inputs.append(.slice(slice))
        continue
      }
      if case .bytes(let bytes) = errand.unit.source { errand.inputCount = bytes.count }
      inputs.append(errand.inputCount == 0 ? .none : .at(offset: offset, length: errand.inputCount))
      try region.grow(atLeast: offset + errand.inputCount, keeping: offset)
      copyInput(of: errand, to: region.base, at: offset)
      offset = (offset + errand.inputCount + 63) / 64 * 64
    }
    return inputs
  }

  private func copyInput(of errand: Errand, to base: UnsafeMutableRawPointer?, at offset: Int) {
    guard errand.inputCount > 0, let base else { return }
    if case .bytes(let bytes) = errand.unit.source {
      bytes.withUnsafeBytes { (base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    } else if let input = errand.input {
      (base + offset).copyMemory(from: input.base!, byteCount: errand.inputCount)
    }
  }

  private func layOutForPipe(_ slot: Slot) -> [Order.Input] {
    var offset = 0
    return slot.errands.map { errand in
      if case .bytes(let bytes) = errand.unit.source { errand.inputCount = bytes.count }
      defer { offset += errand.inputCount }
      return errand.inputCount == 0 ? .none : .at(offset: offset, length: errand.inputCount)
    }
  }

  // MARK: Endings

  func finish(
    _ errand: Errand, _ outcome: Outcome,
    _ output: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) {
    note(errand, isBusy: false)
    intake.release(errand.unit)
    ledger.ended(errand.unit, errand.times, outcome, output: output)
    recycleInput(errand)
  }

  func drop(_ errand: Errand) {
    intake.release(errand.unit)
    ledger.drop(errand.unit)
    recycleInput(errand)
  }

  /// Puts a unit back that did not get to run, unless the run is over.
  func retryOrDrop(_ errand: Errand) {
    note(errand, isBusy: false)
    recycleInput(errand)
    if ledger.ending == nil { backlog.append(errand) } else { drop(errand) }
  }

  private func note(_ errand: Errand, isBusy: Bool) {
    guard errand.isBusy != isBusy else { return }
    errand.isBusy = isBusy
    if isBusy { busy.add(errand.unit.source) } else { busy.remove(errand.unit.source) }
    StopSignals.lane(0, isBusyWith: busy)
  }

  private func recycleInput(_ errand: Errand) {
    if let input = errand.input, spareBytes + input.capacity <= Self.largestSpare {
      spareInputs.append(input)
      spareBytes += input.capacity
    }
    errand.input = nil
    errand.inputCount = 0
  }
}
