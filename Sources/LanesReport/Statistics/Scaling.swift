/// When speed-up over lanes says something of the work, and what.
///
/// Both figures assume one batch that computes: the same work for one lane as for many, a core for every lane, nothing
/// that waits. Beside an input that had to be fetched, on a machine that was busy with something else, or for more
/// lanes than CPUs, they would measure that instead, so there they are not given. The event loop has none: its kernel
/// threads load beside its one lane.
struct Scaling {
  let serial: Comparison.Entry
  /// Nil where it is not known.
  let cpus: Int?

  /// One lane that keeps a core at least this busy computes: what is left then is too little for waiting to bound it.
  static let computes = 0.85
  /// A lane that has no core for this part of the time in which it has work shares its core. Two that share one fairly
  /// lack it for half of the time; this is half of that.
  static let crowdedShare = 0.25
  /// More than this many times the lanes is more than spread: then something else has become faster too.
  private static let mostEfficiency = 1.05
  /// Processor time of the same work on many lanes lies within this factor of that on one. Beyond it two lanes share a
  /// physical core, or a cache, and speed-up tells of that.
  private static let sameWork = 1.5

  /// Speed-up divided by lanes; nil where it says nothing.
  func efficiency(of entry: Comparison.Entry) -> Double? {
    guard applies(to: entry), let speedUp = entry.speedUp else { return nil }
    let efficiency = speedUp / Double(max(entry.setup.lanes, 1))
    return efficiency <= Self.mostEfficiency ? efficiency : nil
  }

  /// The part of the work that cannot be shared out, as measured: (1/S − 1/p) / (1 − 1/p) for a speed-up of S on p
  /// lanes (Karp and Flatt, "Measuring parallel processor performance", 1990); nil for one lane and where it says
  /// nothing.
  func serialFraction(of entry: Comparison.Entry) -> Double? {
    guard entry.setup.lanes > 1, !entry.setup.kind.isAsynchronous, applies(to: entry) else { return nil }
    guard let speedUp = entry.speedUp, speedUp > 0 else { return nil }
    let lanes = Double(entry.setup.lanes)
    let fraction = (1 / speedUp - 1 / lanes) / (1 - 1 / lanes)
    return (0...1).contains(fraction) ? fraction : nil
  }

  private func applies(to entry: Comparison.Entry) -> Bool {
    guard !entry.setup.kind.isAsynchronous, entry.setup.lanes <= cpus ?? .max else { return false }
    guard serial.busyCores >= Self.computes, serial.units > 1, serial.unitsFailed == 0, entry.unitsFailed == 0 else {
      return false
    }
    guard entry.setup.lanes == 1 || entry.mostInFlight != 1 else { return false }
    return max(serial.queuedShare, entry.queuedShare) < Self.crowdedShare
      && entry.processor <= serial.processor * Self.sameWork && entry.processor >= serial.processor / Self.sameWork
  }
}
