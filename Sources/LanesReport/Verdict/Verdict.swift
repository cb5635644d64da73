import LanesCore

/// What held a batch back, and what to do about it, in words and figures that a newcomer understands.
///
/// The kind is decided by `VerdictFacts.kind`, a table of rules over what was recorded; `Evidence` puts the figures it
/// rests on into sentences.
package struct Verdict: Sendable, Equatable {
  /// What a batch can be held back by.
  package enum Kind: String, Sendable, CaseIterable {
    case oneUnit = "one unit"
    case startUpBound = "start-up-bound"
    case memorySetUpBound = "memory-set-up-bound"
    case ipcBound = "IPC-bound"
    case ioBound = "I/O-bound"
    case writeBound = "write-bound"
    case oversubscribed
    case cpuBound = "CPU-bound"
    case undecided
  }

  package let kind: Kind
  /// What was found, with the figures it rests on; a sentence.
  package let finding: String
  /// What to do about it; a sentence.
  package let advice: String
  /// Who won and by how much, or that nobody did beyond the spread; a sentence.
  package let winner: String

  /// Something about one contender that the finding does not say; a sentence or two.
  package let remark: String?

  /// All sentences, in the order in which they are to be read.
  package var sentences: [String] { [finding, advice, winner, remark].compactMap { $0 } }

  /// All sentences, one after the other.
  package var text: String { sentences.joined(separator: " ") }

  /// Judges a whole comparison.
  package init(_ comparison: Comparison) {
    let evidence = Evidence(comparison)
    kind = evidence.facts.kind
    let finding = evidence.finding(of: kind)
    self.finding = finding.sentence
    advice = finding.advice
    remark = kind == .ipcBound ? nil : evidence.trafficRemark
    winner = Verdict.winnerSentence(comparison, kind)
  }
}

extension Verdict {
  private static func winnerSentence(_ comparison: Comparison, _ kind: Kind) -> String {
    guard let best = comparison.fastest else { return "Nothing was compared." }
    let time = Readable.duration(nanoseconds: Int64(best.wall.median))
    let others = comparison.entries.filter { $0 != best }
    guard !others.isEmpty else { return "Only \(best.setup.title) ran, in \(time)." }
    // A winner of a race that was disturbed, or that nobody understands, would be quoted all the same.
    guard kind != .undecided, kind != .oversubscribed else {
      return "No winner is named; the least time was \(time), by \(best.setup.title)."
    }
    guard comparison.rounds >= 3 else {
      return "\(best.setup.title) needed least time, \(time), but fewer than three rounds do not show how far figures "
        + "spread, so no winner is named."
    }
    let rivals = comparison.leaders.filter { $0 != best }
    // Equality is a result of its own; naming a first among equals would make chance look like one.
    if rivals.count == others.count {
      return "No difference beyond the spread: the least time was \(time), "
        + "by \(best.setup.title)."
    }
    return best.setup.title + (rivals.isEmpty ? " won" : shared(with: rivals)) + ": \(time)"
      + lead(of: best, in: comparison) + "."
  }

  private static func shared(with rivals: [Comparison.Entry]) -> String {
    " came first, with no difference beyond the spread to " + Readable.list(rivals.map(\.setup.title))
  }

  /// How far `best` leads the serial contender, or, when it is the serial one itself, the next that is truly slower.
  private static func lead(of best: Comparison.Entry, in comparison: Comparison) -> String {
    // Serial is what people know, so the lead is told beside it wherever it took part and is truly slower.
    if !best.setup.kind.isBaseline, let speedUp = best.speedUp, let serial = comparison.baseline,
      best.wall.differs(from: serial.wall) == true
    {
      return ", \(Readable.fixed(speedUp, digits: 2)) times as fast as serial"
    }
    let slower = comparison.entries.filter { best.wall.differs(from: $0.wall) == true }
    guard let next = slower.min(by: { $0.wall.median < $1.wall.median }) else { return "" }
    let ratio = Readable.fixed(next.wall.median / best.wall.median, digits: 2)
    return ", \(ratio) times as fast as \(next.setup.title)"
  }
}
