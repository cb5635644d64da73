import LanesCore

extension ThreadPool {
  /// How a unit ended. An object, since it goes through several lists: copying each time all that it refers to takes a tenth
  /// of what a search of small files computes.
  final class Ended: Sendable {
    let unit: Unit
    let times: UnitRecord
    let outcome: Outcome
    /// There only where the coordinator serves the unit's sink.
    let output: OutputBuffer?
    /// What was loaded for it, to be used again.
    let input: LoadedInput?

    init(unit: Unit, times: UnitRecord, outcome: Outcome, output: OutputBuffer?, input: LoadedInput?) {
      self.unit = unit
      self.times = times
      self.outcome = outcome
      self.output = output
      self.input = input
    }
  }

  enum Event: Sendable {
    /// Told ahead of the end where a unit may take its time.
    case started(Unit, lane: Int)
    /// The end of a unit whose start was told.
    case ended(Ended)
    /// Start and end of a short unit at once.
    case startedAndEnded(Ended)
    /// Not begun, because a stop was asked for or the batch was halted.
    case dropped(LaneUnit)
  }
}

extension ThreadPool.Event {
  /// The end of a unit, now that it is known what became of its files.
  func committed(_ files: GroupCommit<Self>.Committed) -> Self {
    func named(_ ended: ThreadPool.Ended) -> ThreadPool.Ended {
      var times = ended.times
      times.store.end += files.waited
      return ThreadPool.Ended(
        unit: ended.unit, times: times, outcome: files.finalOutcome(ended.outcome), output: ended.output,
        input: ended.input)
    }
    return switch self {
    case .ended(let ended): .ended(named(ended))
    case .startedAndEnded(let ended): .startedAndEnded(named(ended))
    case .started, .dropped: self
    }
  }
}

extension ThreadPool {
  /// Tells `recorder` what lanes have begun, hands over what they ended and dropped, all in the order of each lane, and takes the
  /// emptied lists back. On the coordinating thread.
  func settle(
    _ shares: consuming [[Event]], _ recorder: RunRecorder, ended: (Ended) -> Void, dropped: (LaneUnit) -> Void
  ) {
    for index in shares.indices {
      for event in shares[index] {
        switch event {
        case .started(let unit, let lane): recorder.started(unit, lane: lane)
        case .startedAndEnded(let end):
          recorder.started(end.unit, lane: end.times.lane)
          ended(end)
        case .ended(let end): ended(end)
        case .dropped(let work): dropped(work)
        }
      }
      shares[index].removeAll(keepingCapacity: true)
    }
    recycle(shares)
  }
}
