import LanesCore

/// What a lane did with its time, in nanoseconds that add up to the length of the stretch looked at.
package struct LaneActivity: Sendable, Equatable {
  /// What a lane can be doing; the order is that of legends and stacked bars.
  package enum Kind: Int, Sendable, CaseIterable {
    case computing, takingTurns, waitingForInput, writing, transferring, waitingForWork

    /// A name for people.
    package var name: String {
      switch self {
      case .computing: "computed"
      case .takingTurns: "waited for a core"
      case .waitingForInput: "waited for input"
      case .writing: "waited for writing"
      case .transferring: "sent and received"
      case .waitingForWork: "waited for work"
      }
    }
  }

  private var times: [Int64]

  /// Nothing at all.
  package init() { times = Array(repeating: 0, count: Kind.allCases.count) }

  package subscript(kind: Kind) -> Int64 {
    get { times[kind.rawValue] }
    set { times[kind.rawValue] = newValue }
  }

  /// Nanoseconds of all kinds.
  package var total: Int64 { times.reduce(0, +) }

  /// The part of all time that went into `kind`; 0 of nothing.
  package func share(_ kind: Kind) -> Double { total > 0 ? Double(self[kind]) / Double(total) : 0 }

  package static func + (one: LaneActivity, other: LaneActivity) -> LaneActivity {
    var sum = one
    for kind in Kind.allCases { sum[kind] += other[kind] }
    return sum
  }
}

extension LaneActivity {
  /// What went on in `length` nanoseconds of a lane. Loading and storing beside performing is no waiting, so they count
  /// only as far as performing leaves room for them. A lane may be without a core in any stage; beyond what performing
  /// leaves room for, that is taken from loading and storing, each by its part.
  package init(_ slice: LaneTimeline.Slice, length: Int64) {
    self.init()
    // In order of certainty: performing is measured in the lane itself, queued and stalled are parts of it, and loading
    // and storing fill what is left. Each is cut to the room there is, so that the kinds add up to `length` exactly
    // although clocks of several threads were read at slightly different times.
    let performing = min(slice.performing, length)
    let input = min(slice.loading, length - performing)
    let output = min(slice.storing, length - performing - input)
    let queued = min(slice.queued, performing)
    let stalled = min(slice.stalled, performing - queued)
    let beside = min(slice.queued - queued, input + output)
    let fromInput = input + output > 0 ? Int64(Double(beside) * Double(input) / Double(input + output)) : 0
    self[.computing] = performing - queued - stalled
    self[.takingTurns] = queued + beside
    self[.waitingForInput] = input - fromInput + stalled
    self[.writing] = output - (beside - fromInput)
    self[.waitingForWork] = length - performing - input - output
  }

  /// What a lane did during all of a run that took `wall` nanoseconds.
  package init(_ timeline: LaneTimeline, wall: Int64) {
    self = timeline.activities(columns: timeline.columnCount(upTo: wall), of: wall).reduce(LaneActivity(), +)
  }

  /// What every lane of a run did; empty when no timelines were kept. When a lane sent and received is not known, only
  /// for how long, so it is taken from the time in which it waited for work.
  package static func lanes(of record: RunRecord) -> [LaneActivity] {
    // Only the worker knows how long it sent and received, and it tells a sum at its end.
    zip(record.timelines, record.lanes).map { timeline, usage in
      var activity = LaneActivity(timeline, wall: record.wall)
      let moved = min(usage.transferring, activity[.waitingForWork])
      activity[.transferring] += moved
      activity[.waitingForWork] -= moved
      return activity
    }
  }

  /// What all lanes of a run did together; nil when no timelines were kept.
  package static func all(of record: RunRecord) -> LaneActivity? {
    record.timelines.isEmpty ? nil : lanes(of: record).reduce(LaneActivity(), +)
  }

  /// The kind that a picture shows for this stretch: what took most of it. Computing and waiting for a core count as
  /// one, shown as taking turns where the lane was without a core for a fifth of it: less is what any busy system takes
  /// away, and would speckle the picture.
  package var shown: Kind {
    let performing = self[.computing] + self[.takingTurns]
    let others: [Kind] = [.waitingForInput, .writing, .transferring, .waitingForWork]
    if let most = others.max(by: { self[$0] < self[$1] }), self[most] > performing { return most }
    return self[.takingTurns] * 5 >= performing && performing > 0 ? .takingTurns : .computing
  }
}

extension LaneTimeline {
  /// Slices needed to reach `wall`.
  func columnCount(upTo wall: Int64) -> Int { max(1, Int((max(wall, 1) + width - 1) / width)) }

  /// What the lane did in each of `columns` equal stretches of the first `wall` nanoseconds. Slices that straddle two
  /// stretches are divided between them.
  func activities(columns: Int, of wall: Int64) -> [LaneActivity] {
    (0..<columns).map { column in
      let start = Double(wall) * Double(column) / Double(columns)
      let end = Double(wall) * Double(column + 1) / Double(columns)
      return LaneActivity(
        stretch(from: start, to: end, of: Double(wall)), length: Int64(end.rounded()) - Int64(start.rounded()))
    }
  }

  private func stretch(from start: Double, to end: Double, of wall: Double) -> Slice {
    var sum = Slice()
    var index = Int(start / Double(width))
    while index < slices.count, Double(index) * Double(width) < end {
      let first = Double(index) * Double(width)
      // Nothing happens after the end of the run, though the last slice may reach beyond it.
      let last = min(wall, Double(index + 1) * Double(width))
      // A slice is at most a 256th of the run, so taking what it holds as spread evenly over it shows in no picture.
      let share = (min(end, last) - max(start, first)) / max(1, last - first)
      sum = sum + slices[index].scaled(by: share)
      index += 1
    }
    return sum
  }
}

extension LaneTimeline.Slice {
  fileprivate func scaled(by share: Double) -> LaneTimeline.Slice {
    guard share < 1 else { return self }
    var part = self
    part.performing = Int64((Double(performing) * share).rounded())
    part.queued = Int64((Double(queued) * share).rounded())
    part.stalled = Int64((Double(stalled) * share).rounded())
    part.loading = Int64((Double(loading) * share).rounded())
    part.storing = Int64((Double(storing) * share).rounded())
    return part
  }
}
