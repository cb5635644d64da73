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
  /// Who won and by how much, or that nobody did; a sentence.
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
    // A winner of a race that was disturbed, or that nobody understands, would be quoted all the same.
    let isDisturbed = [.undecided, .oversubscribed].contains(kind)
    winner = Ranking(comparison).sentence(isDisturbed: isDisturbed)
  }
}
