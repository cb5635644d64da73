/// What one lane did over the time of a run, in slices of equal length, however many units there were.
///
/// The slices double their length whenever the run outgrows them, so there are never more than `mostSlices`; a run that
/// fills them at all is drawn from at least half as many. Stages may be added in any order.
package struct LaneTimeline: Sendable, Equatable {
  /// Nanoseconds of each stage within one slice. Stages of a lane may overlap, so the sum may exceed the slice.
  package struct Slice: Sendable, Equatable {
    package var performing: Int64 = 0
    /// The part of `performing` in which the lane could have run but had no core.
    package var queued: Int64 = 0
    /// The part of `performing` in which the lane waited for pages of a mapped input.
    package var stalled: Int64 = 0
    package var loading: Int64 = 0
    package var storing: Int64 = 0

    package init() {}

    /// The sum of both, stage by stage.
    package static func + (one: Slice, other: Slice) -> Slice {
      var sum = one
      sum.performing += other.performing
      sum.queued += other.queued
      sum.stalled += other.stalled
      sum.loading += other.loading
      sum.storing += other.storing
      return sum
    }
  }

  /// Twice as many as the widest picture drawn from it has columns.
  package static let mostSlices = 512

  /// Nanoseconds of one slice.
  package private(set) var width: Int64
  /// From the start of the run to the last stage that was added.
  package private(set) var slices: [Slice]

  /// A lane that has done nothing; slices of 16 µs at first.
  package init() {
    width = 16_384
    slices = []
  }

  /// A timeline as it was; nil when no timeline can be like that.
  package init?(width: Int64, slices: [Slice]) {
    guard width > 0, width <= 1 << 50, slices.count <= Self.mostSlices else { return nil }
    self.width = width
    self.slices = slices
  }

  /// Adds the stages of one unit; `origin` is when the run began, on the clock of the record.
  package mutating func add(_ record: UnitRecord, origin: Int64) {
    add(record.load, origin) { $0.loading += $1 }
    add(record.store, origin) { $0.storing += $1 }
    add(record.perform, origin) { $0.performing += $1 }
    // What several short units waited for a core is booked on the last of them, and so reaches back beyond its start.
    spread(record.queued, before: record.perform, origin) { $0.queued += $1 }
    spread(record.stalled, before: record.perform, origin) { $0.stalled += $1 }
  }

  /// Puts `amount` evenly into the stage, or, where it is more than that holds, into as much time before the stage's end.
  private mutating func spread(
    _ amount: Int64, before stage: UnitRecord.Stage, _ origin: Int64, _ put: (inout Slice, Int64) -> Void
  ) {
    guard amount > 0 else { return }
    let stretch = UnitRecord.Stage(start: min(stage.start, stage.end - amount), end: stage.end)
    let share = Double(amount) / Double(stretch.nanoseconds)
    add(stretch, origin) { put(&$0, Int64((Double($1) * share).rounded())) }
  }

  private mutating func add(_ stage: UnitRecord.Stage, _ origin: Int64, _ put: (inout Slice, Int64) -> Void) {
    var start = max(0, stage.start - origin)
    let end = stage.end - origin
    guard start < end else { return }
    while end > width * Int64(Self.mostSlices) { halve() }
    let needed = Int((end + width - 1) / width)
    if slices.count < needed { slices += Array(repeating: Slice(), count: needed - slices.count) }
    while start < end {
      let index = Int(start / width)
      let stop = min(end, Int64(index + 1) * width)
      put(&slices[index], stop - start)
      start = stop
    }
  }

  private mutating func halve() {
    slices = stride(from: 0, to: slices.count, by: 2).map { first in
      first + 1 < slices.count ? slices[first] + slices[first + 1] : slices[first]
    }
    width *= 2
  }
}
