import LanesCore

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
