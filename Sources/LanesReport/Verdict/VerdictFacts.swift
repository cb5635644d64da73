/// What was recorded of a comparison, as far as the kind of its verdict depends on it. Shares are 0…1.
package struct VerdictFacts: Sendable, Equatable {
  /// How contenders whose workers are processes fared beside others because of the bytes they move.
  package enum Traffic: Sendable, Equatable {
    /// None was held back.
    case light
    /// Some were, others were not.
    case avoidable
    /// Every contender with several lanes was.
    case unavoidable
  }

  /// Whether a serial contender took part; the figures below, unless they say otherwise, are its own.
  package var hasBaseline = true
  /// Units of the contender that had most.
  package var units = 100
  /// True when no contender with several lanes ever had two units under way.
  package var isChain = false
  /// Nanoseconds.
  package var wall = 1e9
  /// Cores that were busy, on average.
  package var busyCores = 1.0
  /// The part of its stages' time in which it had no core.
  package var queued = 0.0
  /// The parts of its stages' time that went into input, whether loaded or waited for page by page, and into storing.
  package var input = 0.0
  package var output = 0.0
  /// True when bytes came from storage.
  package var hasFetched = false
  /// The part of its processor time that the kernel used.
  package var system = 0.0
  /// Minor faults, nanoseconds of system time for each.
  package var systemPerFault = Double.infinity
  /// Of the slowest contender that serial is known to beat: the part of its wall time until its last worker was
  /// ready. Nil where there is none, or where it has no workers.
  package var startUp: Double?
  package var traffic = Traffic.light
  /// True when the several lanes that scaling is judged by got too few cores.
  package var isCrowded = false

  package init() {}
}

extension VerdictFacts {
  /// Starting workers costs a few milliseconds (`lanes lab start-up`); a batch that one lane finishes in less than this
  /// many nanoseconds can lose all that several lanes gain.
  private static let smallBatch = 100e6
  /// Starting dominates a run from this part of its wall time on: more of it then went into getting ready than into
  /// work.
  private static let dominating = 0.5
  /// One lane that keeps a core less busy than this waits for something. Between this and `Scaling.computes` lies what
  /// neither computing nor waiting explains: those batches are judged by what they did beside it.
  private static let waits = 0.7
  /// Nanoseconds of system time per minor fault up to which faults can explain that time: 1.6 to 2.4 µs were measured
  /// on Linux 6 with two virtual cores, for fresh memory as for mapped files; others published 4 µs as 95th percentile.
  private static let costliestMinorFault = 4_000.0

  /// The part of its time in which a lane alone had a core or wanted one: waiting for a core is no waiting for storage.
  private var occupied: Double { min(1, busyCores + queued) }

  /// What held the batch back: the first rule that fits.
  ///
  /// | rule | verdict |
  /// |---|---|
  /// | no serial contender, or no unit | undecided |
  /// | one unit, or one after the other whatever the lanes | one unit |
  /// | short, several lanes lose to one, and starting workers is half of the loser's time | start-up-bound |
  /// | the lane waits, and longer for its writes than for its input | write-bound |
  /// | the lane waits, and bytes came from storage or loading took long | I/O-bound |
  /// | the kernel used a third of the time, and setting up memory explains it | memory-set-up-bound |
  /// | all several-lane contenders were held back by moving bytes | IPC-bound |
  /// | one lane alone could not get its core | oversubscribed |
  /// | the lane computes, and several lanes got too few cores | oversubscribed |
  /// | the lane computes, but for what it waits for its writes | CPU-bound |
  /// | some contender was held back by moving bytes | IPC-bound |
  /// | nothing of that | undecided |
  package var kind: Verdict.Kind {
    guard hasBaseline, units > 0 else { return .undecided }
    if units == 1 || isChain { return .oneUnit }
    if wall < Self.smallBatch, let startUp, startUp >= Self.dominating { return .startUpBound }
    if isWaiting { return isWriting ? .writeBound : .ioBound }
    if occupied >= Self.waits, system >= Self.muchSystem, systemPerFault <= Self.costliestMinorFault {
      return .memorySetUpBound
    }
    if traffic == .unavoidable { return .ipcBound }
    if queued >= Scaling.crowdedShare { return .oversubscribed }
    if busyCores >= Scaling.computes { return isCrowded ? .oversubscribed : .cpuBound }
    if busyCores >= Self.waits, busyCores + output >= Self.explained { return .cpuBound }
    return traffic == .avoidable ? .ipcBound : .undecided
  }

  private var isWaiting: Bool {
    let stages = input + output
    let waitsLong = occupied < Self.waits && (hasFetched || stages >= Self.manyStages)
    let waitsMostly = occupied < Scaling.computes && stages >= Self.mostStages && (hasFetched || isWriting)
    return waitsLong || waitsMostly
  }

  /// From this part of the stages' time on, input and output explain a lane that waits: it is what `waits` leaves over.
  private static let manyStages = 0.3

  /// A lane that may be computing, to judge by its core, waits all the same when its stages were this long: they were
  /// most of its time, and the core was then busy with copying bytes.
  private static let mostStages = 0.5

  /// The kernel's part of processor time that is worth a verdict: without it the batch would take two thirds of its
  /// time.
  private static let muchSystem = 0.3

  /// Computing and writing together explain all of a lane's time from this part on; the tenth that is left goes into
  /// planning, handing over and folding, which no stage counts.
  private static let explained = 0.9

  private var isWriting: Bool { output >= Self.manyStages && output > input }
}
