import LanesCore

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
  private let rounds: Int
  /// Runs that ended.
  private var done = 0
  /// Nanoseconds of the last run of each contender.
  private var durations: [Int64?]
  /// Nanoseconds since the run that is under way began.
  package var elapsed: Int64 = 0

  /// A comparison of which nothing was run; `contenders` are titles.
  package init(contenders: [String], warmup: Int, rounds: Int) {
    self.contenders = contenders
    self.warmup = warmup
    self.rounds = rounds
    durations = Array(repeating: nil, count: contenders.count)
  }

  /// The run that comes next or is under way; nil at the end.
  package var next: Next? {
    guard done < runs else { return nil }
    // Each round runs every contender once, in their order.
    return Next(contender: done % contenders.count, isMeasured: done / contenders.count >= warmup)
  }

  /// The run that was under way ended after so many nanoseconds, start and checking of its results included.
  package mutating func ended(after nanoseconds: Int64) {
    guard let next else { return }
    durations[next.contender] = nanoseconds
    done += 1
    elapsed = 0
  }

  /// All runs of the comparison, warm-up included.
  private var runs: Int { contenders.count * (warmup + rounds) }

  /// One line of at most `width` columns: the round, the contender, runs done, time left. Without an end of line.
  package func line(width: Int) -> String {
    guard let next else { return "" }
    let round = done / contenders.count
    let pieces = [
      round < warmup ? "warm-up" : "round \(round - warmup + 1) of \(rounds)", "\(done) of \(runs) runs done",
      timeLeft, contenders[next.contender],
    ].compactMap { $0 }
    var line = ""
    // A piece that does not fit is left out; a shorter one after it may still fit.
    for piece in pieces where (line.isEmpty ? 0 : line.count + 2) + piece.count <= width {
      line += (line.isEmpty ? "" : "  ") + piece
    }
    return line
  }

  /// What runs to come took last time; those that never ran count as the others do on average. Nil before any ended.
  private var timeLeft: String? {
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
