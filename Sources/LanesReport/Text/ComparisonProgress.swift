import LanesCore

/// How many rounds a comparison takes.
package enum RoundsGoal: Sendable, Equatable {
  case fixed(Int)
  /// Until every interval is at most `width` wide, a share of its lower bound, or `limit` nanoseconds have gone by since the
  /// first measured round began; the round under way is finished.
  case narrow(width: Double, limit: Int64)

  /// Rounds that are measured at least before an interval counts as narrow: a few that happen to lie close together show
  /// nothing, and looking again after each would find such a moment.
  package static let fewestRounds = RatioInterval.bootstrapRounds
  /// Rounds that are measured at most; more would not tell more.
  package static let mostRounds = 1_000
}

/// How far a comparison is: which run comes next, and how long the rest will take.
package struct ComparisonProgress: Sendable {
  /// A run to come.
  package struct Next: Sendable, Equatable {
    /// Position among the contenders.
    package let contender: Int
    /// False in warm-up rounds.
    package let isMeasured: Bool
  }

  private let contenders: [String]
  private let warmup: Int
  private let goal: RoundsGoal
  /// Runs that ended.
  private var done = 0
  /// Nanoseconds of the last run of each contender.
  private var durations: [Int64?]
  /// Nanoseconds since the run that is under way began.
  package var elapsed: Int64 = 0
  /// Nanoseconds that all measured runs took, start and checking included.
  private var measured: Int64 = 0
  /// The widest interval after the last round, as a share; nil before there is one.
  private var width: Double?

  /// A comparison of which nothing was run; `contenders` are titles.
  package init(contenders: [String], warmup: Int, goal: RoundsGoal) {
    self.contenders = contenders
    self.warmup = warmup
    self.goal = goal
    durations = Array(repeating: nil, count: contenders.count)
  }

  /// The run that comes next or is under way; nil at the end.
  package var next: Next? {
    guard !isReached else { return nil }
    // Each round runs every contender once, in their order.
    return Next(contender: done % contenders.count, isMeasured: done / contenders.count >= warmup)
  }

  /// The run that was under way ended after so many nanoseconds, start and checking of its results included.
  package mutating func ended(after nanoseconds: Int64) {
    guard let next else { return }
    durations[next.contender] = nanoseconds
    if next.isMeasured { measured += nanoseconds }
    done += 1
    elapsed = 0
  }

  /// Measured rounds that are complete.
  package var roundsDone: Int { max(0, done / contenders.count - warmup) }

  /// True when a measured round has just been completed, after which intervals may be looked at.
  package var isBetweenRounds: Bool { done.isMultiple(of: contenders.count) && roundsDone > 0 }

  /// True when it is worth while to look at intervals: after each of the first rounds, and then after every tenth more, since
  /// a bootstrap takes time that grows with the rounds.
  package var isWorthJudging: Bool {
    guard case .narrow = goal, isBetweenRounds, roundsDone >= RatioInterval.fewestRounds else { return false }
    return roundsDone <= 20 || roundsDone.isMultiple(of: max(1, roundsDone / 10))
  }

  /// Tells how wide the widest interval is now, as a share; nil where one is not known yet.
  package mutating func judge(width: Double?) { self.width = width }

  /// True when nothing is left to be run.
  private var isReached: Bool {
    switch goal {
    case .fixed(let rounds): return done >= contenders.count * (warmup + rounds)
    case .narrow(let goal, let limit):
      guard isBetweenRounds else { return false }
      return measured >= limit || roundsDone >= RoundsGoal.mostRounds
        || roundsDone >= RoundsGoal.fewestRounds && width.map { $0 <= goal } ?? false
    }
  }

  /// One line of at most `width` columns: the round, the contender, runs done, time left. Without an end of line.
  package func line(width: Int) -> String {
    guard let next else { return "" }
    let round = done / contenders.count
    let all: [String?] = [
      round < warmup ? "warm-up" : roundText(round - warmup + 1), count, timeLeft, contenders[next.contender],
    ]
    let pieces = all.compactMap { $0 }
    var line = ""
    // A piece that does not fit is left out; a shorter one after it may still fit.
    for piece in pieces where (line.isEmpty ? 0 : line.displayWidth + 2) + piece.displayWidth <= width {
      line += (line.isEmpty ? "" : "  ") + piece
    }
    return line
  }

  private func roundText(_ round: Int) -> String {
    if case .fixed(let rounds) = goal { return "round \(round) of \(rounds)" }
    return "round \(round)"
  }

  /// How much is done: runs, or how narrow the widest interval is.
  private var count: String? {
    switch goal {
    case .fixed(let rounds): "\(done) of \(contenders.count * (warmup + rounds)) runs done"
    case .narrow(let goal, _):
      width.map { "interval \(Self.percent($0)) wide, \(Self.percent(goal)) asked for" }
    }
  }

  private static func percent(_ share: Double) -> String {
    Readable.fixed(share * 100, digits: share < 0.0995 ? 1 : 0) + "%"
  }

  private var timeLeft: String? {
    switch goal {
    case .fixed(let rounds): timeLeft(of: contenders.count * (warmup + rounds))
    case .narrow(_, let limit):
      Readable.wholeSeconds(max(1, (limit - measured - elapsed + 999_999_999) / 1_000_000_000)) + " left at most"
    }
  }

  /// What runs to come took last time; those that never ran count as the others do on average. Nil before any ended.
  private func timeLeft(of runs: Int) -> String? {
    let known = durations.compactMap { $0 }
    guard !known.isEmpty else { return nil }
    let average = known.reduce(0, +) / Int64(known.count)
    let coming = (done..<runs).reduce(Int64(0)) { $0 + (durations[$1 % contenders.count] ?? average) }
    let current = durations[done % contenders.count] ?? average
    // A run that takes longer than last time is expected to end at any moment.
    let seconds = max(1, (coming - min(elapsed, current) + 999_999_999) / 1_000_000_000)
    return Readable.wholeSeconds(seconds) + " left"
  }
}
