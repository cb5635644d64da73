import LanesCore

/// What moving bytes between processes cost.
extension Evidence {
  /// A contender that lost time to moving bytes, and the quickest rival with as many lanes that moves them more
  /// cheaply.
  struct HeldBack {
    let slow: Comparison.Entry
    let quick: Comparison.Entry

    var lag: Double { slow.working / max(1, quick.working) }
  }

  /// Bytes between processes per second of the run from which on moving them can matter: a pipe moves about 1 GiB a
  /// second, so below this it takes less than a sixteenth of the time.
  private static let heavyTraffic = 64.0 * 1024 * 1024
  /// The part of their time that workers send and receive from which on moving matters, however many bytes it was:
  /// without it the lanes would be a quarter faster.
  private static let heavyShare = 0.2
  /// A rival is ahead when the other takes this many times as long, and more than chance explains where that is known: a tenth is
  /// worth another option on the command line, and less is not.
  private static let clearLag = 1.1
  /// The same where rounds are too few to tell: one or two rounds may differ by more than a tenth without any reason.
  private static let plainLag = 1.5

  /// Every contender with worker processes that moved much and fell behind, the worst first.
  var heldBack: [HeldBack] {
    comparison.entries.filter(movedMuch)
      .compactMap { slow in rival(of: slow).map { HeldBack(slow: slow, quick: $0) } }
      .sorted { $0.lag > $1.lag }
  }

  private func movedMuch(_ entry: Comparison.Entry) -> Bool {
    guard entry.setup.kind.usesWorkers, entry.bytesBetween > 0 else { return false }
    // A run of less than 1/64 s counts as one, so that a megabyte at least is needed to make traffic heavy.
    let seconds = max(Double(entry.roundWall) / 1e9, 1.0 / 64)
    return Double(entry.bytesBetween) >= Self.heavyTraffic * seconds || movingShare(entry) >= Self.heavyShare
  }

  private func movingShare(_ entry: Comparison.Entry) -> Double { entry.activity?.share(.transferring) ?? 0 }

  private func rival(of slow: Comparison.Entry) -> Comparison.Entry? {
    // Beside serial only where no contender with as many lanes took part: it has fewer lanes, so that a lag behind it
    // is certain to be a loss, but being ahead of it shows nothing.
    let cheaper = comparison.entries.filter { isCheaper($0, than: slow) }
    let rivals = cheaper.isEmpty ? [serial].compactMap { $0 } : cheaper
    return rivals.filter { isAhead($0, of: slow) }.min { $0.wall.median < $1.wall.median }
  }

  /// Threads move nothing, and shared memory copies once where a pipe or a socket copies twice.
  private func isCheaper(_ other: Comparison.Entry, than slow: Comparison.Entry) -> Bool {
    guard other.setup.lanes == slow.setup.lanes else { return false }
    if other.setup.kind.sharesMemory { return true }
    return slow.setup.channel?.isShared == false && other.setup.channel?.isShared == true
  }

  private func isAhead(_ quick: Comparison.Entry, of slow: Comparison.Entry) -> Bool {
    let lag = slow.working / max(1, quick.working)
    return slow.differs(from: quick).map { $0 && lag >= Self.clearLag } ?? (lag >= Self.plainLag)
  }
}

extension Evidence {
  /// The finding of a comparison that moving bytes bounds; call it only where something was held back.
  var traffic: Finding {
    let losers = heldBack
    return Finding(sentence: "IPC-bound: " + sentence(losers), advice: advice(losers))
  }

  /// What is worth saying where something else bounds the batch: that some contender was held back by moving bytes.
  var trafficRemark: String? {
    let losers = heldBack
    return losers.isEmpty ? nil : "But " + sentence(losers) + " " + advice(losers)
  }

  private func sentence(_ losers: [HeldBack]) -> String {
    guard let worst = losers.first else { return "" }
    let share = movingShare(worst.slow)
    let moving =
      share >= 0.05 ? "; its workers spent \(Readable.percent(share)) of their time on sending and receiving" : ""
    let others = losers.dropFirst().map { "\($0.slow.setup.title) (\(time($0.slow)) beside \(time($0.quick)))" }
    let more = others.isEmpty ? "" : "; so did " + Readable.list(Array(others))
    return
      "\(worst.slow.setup.title) moved \(Readable.bytes(worst.slow.bytesBetween)) between processes and lost time to "
      + "it: \(time(worst.slow)), where \(worst.quick.setup.title) needed \(time(worst.quick))\(moving)\(more)."
  }

  /// Only ways that were measured and ahead are recommended.
  private func advice(_ losers: [HeldBack]) -> String {
    let ways = losers.flatMap { loser in
      comparison.entries.filter { isCheaper($0, than: loser.slow) && isAhead($0, of: loser.slow) }
    }
    let free = ways.filter { $0.setup.kind.sharesMemory && $0.bytesBetween == 0 }
    let shared = ways.filter { way in
      way.setup.channel?.isShared == true && !losers.contains { $0.slow.setup == way.setup }
    }.min { $0.wall.median < $1.wall.median }
    let advised = [
      shared.map { "shm (shared memory), which needed \(time($0)) for the same" },
      free.contains { $0.setup.kind == .threads } ? "threads, which move nothing" : nil,
      free.allSatisfy { $0.setup.kind == .hybrid } && !free.isEmpty ? "hybrid, which moves nothing" : nil,
    ].compactMap { $0 }
    if !advised.isEmpty { return "Use " + advised.joined(separator: ", or ") + "." }
    let isCopied = losers.contains { $0.slow.setup.channel?.isShared == false }
    return "Let \(isCopied ? "shm (shared memory) and threads" : "threads") take part, or use larger units."
  }
}

extension Comparison.Entry {
  /// Nanoseconds of wall time without that until its workers were ready, which moved nothing.
  fileprivate var working: Double { max(0, wall.median - Double(startUp ?? 0)) }
}
