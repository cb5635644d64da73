import LanesCore
import LanesOS

/// What workers say. Nothing of it is believed before it is checked: a process that went astray says anything.
extension Coordinator {
  /// Takes what a worker says; one that says what cannot be is killed and counts as crashed.
  func take(_ frame: Frame, from link: WorkerLink) {
    do {
      switch frame.kind {
      case .ready:
        failedStarts = 0
        if link.state == .starting { link.state = .ready }
        recorder.workerStarted(link.lane, after: monotonicNow() - link.began)
      // Said before `ready` only; no worker of the run would fare better.
      case .refused where link.state == .starting:
        var reader = WireReader(frame.body)
        problem = .missing(
          "worker processes cannot be sandboxed here: \(try reader.readString()); see 'lanes doctor', or go without by "
            + "--isolation process")
      // Kept until the process is reaped, whose usage it completes.
      case .farewell: link.farewell = try Farewell(frame.body)
      case .replies:
        var reader = WireReader(frame.body)
        while reader.remaining > 0 { try settle(Reply(from: &reader), frame, link) }
        watchClock(link)
      default: throw WireError("a frame of an unexpected kind")
      }
    } catch {
      link.kill(for: .garbled)
    }
  }

  /// Takes one answer. The unit leaves `running` only when all of the answer is believed: a worker that is killed for
  /// it still holds the unit, which is then blamed.
  private func settle(_ reply: Reply, _ frame: Frame, _ link: WorkerLink) throws(WireError) {
    guard link.slots.indices.contains(reply.slot),
      let position = link.running.firstIndex(where: { $0.unit.number == reply.number })
    else { throw WireError("a reply to nothing") }
    let inFlight = link.running[position]
    let slot = link.slots[reply.slot]
    guard slot.hasSent(inFlight), isPlausible(reply.times, of: inFlight, link) else {
      throw WireError("a reply that cannot be")
    }
    var output = UnsafeRawBufferPointer(start: nil, count: 0)
    var outcome = reply.outcome
    if case .failure(let shortage) = try self.output(of: reply, frame, slot).map({ output = $0 }) {
      outcome = .failed(.noMemory(shortage))
    }
    link.running.remove(at: position)
    idleDeaths = 0
    inFlight.times.takePerforming(from: reply.times)
    // An exponential moving average that begins with the first time itself.
    typicalPerform += (Double(reply.times.perform.nanoseconds) - typicalPerform) * (typicalPerform == 0 ? 1 : 0.2)
    if options.isolation == .sandbox, inFlight.unit.sink != .none {
      do throws(UnitFailure) {
        output = try copy(output, for: inFlight)
      } catch {
        outcome = .failed(error)
      }
    }
    store(inFlight, outcome, ends: reply.partEnds, output, owner: frame.payload, slot)
  }

  /// The output where the worker cannot reach it: one that the next unit has taken over could change this unit's result
  /// while it is stored. The copy takes the place of the input, which is no longer needed.
  private func copy(
    _ output: UnsafeRawBufferPointer, for inFlight: InFlightUnit
  ) throws(UnitFailure) -> UnsafeRawBufferPointer {
    guard output.count > 0 else { return output }
    // Memory that the unit keeps until it ends, as it would keep its input.
    let copy = takeSpare()
    try copy.grow(atLeast: output.count, keeping: 0)
    copy.base!.copyMemory(from: output.baseAddress!, byteCount: output.count)
    recycleInput(inFlight)
    inFlight.input = copy
    return UnsafeRawBufferPointer(start: copy.base!, count: output.count)
  }

  /// True when a worker could have measured this since the unit was taken, on the clock that all processes share.
  private func isPlausible(_ times: UnitRecord, of inFlight: InFlightUnit, _ link: WorkerLink) -> Bool {
    let now = monotonicNow()
    // CLOCK_MONOTONIC is one clock for all processes of the machine.
    let (start, end, lifetime) = (times.perform.start, times.perform.end, 0...(now - link.began))
    return start >= inFlight.times.load.start && end >= start && end <= now
      && lifetime.contains(times.queued) && lifetime.contains(times.stalled)
      && (0...inFlight.inputLength).contains(times.bytesIn)
  }

  /// Where the bytes of a reply lie; throws where that is outside of what the worker was given. A shortage where they lie in
  /// memory that cannot be mapped here.
  private func output(
    of reply: Reply, _ frame: Frame, _ slot: Slot
  ) throws(WireError) -> Result<UnsafeRawBufferPointer, MemoryShortage> {
    guard reply.outputLength > 0 else { return .success(UnsafeRawBufferPointer(start: nil, count: 0)) }
    let end = reply.outputOffset + reply.outputLength
    // Shared memory first; without it the bytes are the frame's own payload.
    if let region = slot.output {
      // The worker may have grown its region; mapping fails where it is shorter than the reply says.
      do {
        try region.view(end)
      } catch {
        guard error.code != .invalidArgument else { throw WireError("an output beyond its region") }
        return .failure(MemoryShortage(end, sharing: error.reason, isMachines: true))
      }
      recorder.record.bytesBetween += reply.outputLength
      return .success(UnsafeRawBufferPointer(start: region.base! + reply.outputOffset, count: reply.outputLength))
    }
    guard end <= frame.payloadLength else { throw WireError("an output beyond its frame") }
    recorder.record.bytesBetween += reply.outputLength
    return .success(
      UnsafeRawBufferPointer(start: frame.payload.base! + reply.outputOffset, count: reply.outputLength))
  }

  /// Stores the parts of an output, or ends the unit where there is nothing to store.
  ///
  /// - Parameters:
  ///   - ends: where the parts end in `output`, for a sink of several files.
  ///   - owner: what keeps `output` in memory where it came in a frame.
  private func store(
    _ inFlight: InFlightUnit, _ outcome: Outcome, ends: [Int], _ output: UnsafeRawBufferPointer, owner: HeapStorage,
    _ slot: Slot
  ) {
    var outcome = outcome
    var parts: [OutputPart] = []
    if case .done = outcome, inFlight.unit.hasSink {
      inFlight.times.noteOutput(output.count, ends: ends)
      do throws(UnitFailure) {
        parts = try inFlight.unit.sink.parts(of: output, ends: ends)
      } catch {
        outcome = .failed(error)
      }
    }
    // Sent before the batch was halted: what is left to do would fail as the unit did that halted it.
    if case .halted = recorder.ending, !parts.isEmpty || outcome.haltsBatch {
      retryOrDrop(inFlight)
      return slot.answered(stores: false)
    }
    guard !parts.isEmpty else {
      finish(inFlight, outcome, output)
      return slot.answered(stores: false)
    }
    // The slot stays taken until all is written: the output may lie in its region, and a copy that does not lives as long.
    slot.answered(stores: true)
    inFlight.times.store.start = monotonicNow()
    let released = { [unowned self] in
      // `owner` holds the bytes until here.
      _ = owner
      self.recycleInput(inFlight)
      slot.stored()
    }
    files.store(parts, released: released) { [unowned self, outcome] result in
      inFlight.times.store.end = monotonicNow()
      if case .failure(let failure) = result {
        self.finish(inFlight, .failed(failure))
      } else {
        self.finish(inFlight, outcome)
      }
    }
  }
}
