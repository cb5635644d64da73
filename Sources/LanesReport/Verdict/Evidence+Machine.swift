import LanesCore

/// Sentences about waiting for storage.
extension Evidence {
  /// Parts of the time below this are not told: they lie within the spread of most comparisons.
  private static let worthTelling = 0.05
  /// Pressure is the whole machine's, so that a little of it says nothing of this batch.
  private static let shortMachine = 0.1

  func storage(_ serial: Comparison.Entry) -> Finding {
    var facts = [Readable.counted(serial.voluntarySwitches, "voluntary switch", "voluntary switches")]
    if serial.majorFaults > 0 { facts.append(Readable.counted(serial.majorFaults, "major fault")) }
    if let read = serial.storageRead, read > 0 { facts.append("\(Readable.bytes(read)) fetched from storage") }
    let waited = serial.activity?.share(.waitingForInput) ?? 0
    if waited >= Self.worthTelling { facts.append("\(Readable.percent(waited)) of the time waiting for input") }
    if let stall = serial.pressure.io, Double(stall) >= Self.shortMachine * Double(serial.roundWall) {
      facts.append("\(Readable.duration(nanoseconds: stall)) in which the machine was short of storage")
    }
    let stages = serial.loading + serial.storing
    if stages > 0 { facts.append("\(Readable.percent(stages)) of its stages' time in loading and storing") }
    return Finding(
      sentence: "I/O-bound: serial kept a core busy for \(busy(serial)) of its time and waited for the "
        + "rest (\(facts.joined(separator: ", "))).", advice: inputAdvice(serial))
  }

  /// Only what was measured is recommended: reads in flight where they were ahead, and faster storage where they were
  /// not.
  private func inputAdvice(_ serial: Comparison.Entry) -> String {
    switch othersInFlight(beside: serial) {
    case .ahead(let list): return "Keep several reads in flight: \(list)."
    case .unknown: return Self.unknownHelp
    case .none:
      return "Let several lanes take part: a lane that waits needs no core, so more lanes than cores may help."
    case .behind:
      guard let read = serial.storageRead, read > 0, serial.roundWall > 0 else {
        return "More lanes did not help here; a faster source would."
      }
      let rate = Readable.bytes(Int(Double(read) / Double(serial.roundWall) * 1e9))
      return
        "More lanes or more reads at once did not help, so the storage gave no more than the \(rate) a second that "
        + "serial got out of it: only faster storage will."
    }
  }

  private static let unknownHelp = "Whether more lanes help cannot be told from fewer than three rounds."

  /// How those did that have several reads or writes in flight.
  private enum InFlight {
    /// Some are known to beat serial; the quickest, with their times.
    case ahead(String)
    /// None did.
    case behind
    /// There are too few rounds to tell.
    case unknown
    /// None took part.
    case none
  }

  private func othersInFlight(beside serial: Comparison.Entry) -> InFlight {
    let others = comparison.entries.filter { $0.setup.kind.isAsynchronous || $0.setup.lanes > 1 }
    if others.isEmpty { return .none }
    let ahead = others.filter { isFaster($0, than: serial) }.sorted { $0.wall.median < $1.wall.median }
    if ahead.isEmpty { return others.contains { $0.differs(from: serial) == nil } ? .unknown : .behind }
    let shown = ahead.prefix(3).map { entry in
      "\(entry.setup.kind.spokenName ?? entry.setup.title) needed \(time(entry))"
    }
    return .ahead(Readable.list(Array(shown)) + ", serial \(time(serial))")
  }

  /// Whoever writes faster than results reach the disk brings them there himself, so that waiting for storage shows as the
  /// writing stage and not as dirty pages later.
  func writing(_ serial: Comparison.Entry) -> Finding {
    let share = serial.activity.map { $0.share(.writing) } ?? serial.storing
    let made = Readable.bytes(serial.bytesOut)
    let lanes =
      switch othersInFlight(beside: serial) {
      case .ahead(let list): "Keep several writes in flight: \(list)."
      case .behind: "More lanes did not help."
      case .unknown: Self.unknownHelp
      case .none: "Let several lanes take part: a lane that waits needs no core."
      }
    return Finding(
      sentence: "Write-bound: serial kept a core busy for \(busy(serial)) of its time and waited for "
        + "\(Readable.percent(share)) of it until its results, \(made), were on stable storage: every result is there "
        + "for good before it gets its name.",
      advice: "\(lanes) Faster storage will help, a faster core will not.")
  }
}

/// Sentences about cores.
extension Evidence {
  /// Involuntary switches per second of processor time from which on lanes push each other off the cores; a lane alone
  /// on its core is pushed off a handful of times.
  private static let crowdedRate = 20.0
  /// Seconds of processor time that count at least: below them a handful of switches would already make a high rate.
  private static let shortestForRate = 0.5
  /// Lanes that together got less than this part of a core each lacked one for a quarter of the time, as
  /// `Scaling.crowdedShare` has it for one lane.
  private static let fewCores = 1 - Scaling.crowdedShare
  /// Twice as many lanes at this efficiency still gain 1.4 times the speed; below it most of another lane is lost.
  private static let goodEfficiency = 0.7
  /// What may explain a poor efficiency: lanes without a core for a tenth of their work, or without work for a fifth of
  /// the run. The second is larger because the end of every batch leaves some lanes idle.
  private static let muchQueued = 0.1
  private static let muchIdle = 0.2

  func oversubscribed(_ serial: Comparison.Entry) -> Finding {
    // One lane needs one core, so when it cannot get that, other programs have it.
    if serial.queuedShare >= Scaling.crowdedShare {
      return Finding(
        sentence: "Oversubscribed: even the one lane of serial waited for a core for "
          + "\(Readable.percent(serial.queuedShare)) of the time in which it had work, so other programs hold the cores.",
        advice: "Compare again when the machine is quiet; until then no engine can show what it is worth.")
    }
    guard let entry = representative else { return unclearCores }
    return crowded(entry)
  }

  private var unclearCores: Finding {
    Finding(sentence: "Oversubscribed: lanes got too few cores.", advice: "Compare again when the machine is quiet.")
  }

  private func crowded(_ entry: Comparison.Entry) -> Finding {
    let queued =
      entry.queuedShare >= Self.worthTelling
      ? ", waited for a core for \(Readable.percent(entry.queuedShare)) of the time in which they had work," : ""
    let cores = Readable.fixed(entry.busyCores, digits: 1)
    // With a CPU for every lane it was not this batch that took the cores away.
    let fits = comparison.cpus.map { entry.setup.lanes <= $0 } ?? false
    return Finding(
      sentence:
        "Oversubscribed: the \(entry.setup.lanes) lanes of \(entry.setup.title) got only \(cores) cores between "
        + "them\(queued) and were pushed off \(Readable.count(entry.involuntarySwitches)) times (involuntary switches).",
      advice: fits
        ? "There is a CPU for each lane, so other programs had the cores, or the batch is too short for the system to spread "
          + "its threads: compare again when the machine is quiet, or with a larger batch."
        : "Use fewer lanes, at most one per core, or leave the cores to this batch alone.")
  }

  /// True where lanes got too few cores: they say so themselves, or they kept few busy and were pushed off often. One
  /// of the two signs alone would also fit lanes that wait, or a kernel that moves threads about.
  func isCrowded(_ entry: Comparison.Entry) -> Bool {
    let seconds = entry.processor / 1e9
    return entry.queuedShare >= Scaling.crowdedShare
      || entry.busyCores < Self.fewCores * Double(entry.setup.lanes)
        && Double(entry.involuntarySwitches) >= Self.crowdedRate * max(seconds, Self.shortestForRate)
  }

  /// What was fetched is told because a batch that seems to compute may have been slowed by its first reading.
  func computing(_ serial: Comparison.Entry) -> Finding {
    let fetched = serial.storageRead.map { $0 == 0 ? "nothing" : Readable.bytes($0) } ?? "an unknown amount"
    let writing =
      serial.storing >= Self.worthTelling
      ? ", waited \(Readable.percent(serial.storing)) of its stages' time for writing" : ""
    return Finding(
      sentence:
        "CPU-bound: serial kept a core busy for \(busy(serial)) of its time\(writing) and fetched \(fetched) from "
        + "storage.", advice: computingAdvice)
  }

  private var computingAdvice: String {
    guard let entry = representative, let speedUp = entry.speedUp else {
      return "More cores should help; let threads or processes take part to see how far."
    }
    let reached = "\(entry.setup.title) reached a speed-up of \(Readable.fixed(speedUp, digits: 2))"
    guard let efficiency = entry.efficiency else {
      return "More cores should help, but these figures do not tell how far: \(reached)."
    }
    let fraction = entry.serialFraction.map { ", a serial fraction of \(Readable.percent($0))" } ?? ""
    let figures = "\(reached), \(Readable.percent(efficiency)) of the ideal\(fraction)"
    return efficiency >= Self.goodEfficiency
      ? "More cores will help, more lanes than cores will not: \(figures)."
      : "More cores will help only a little as it is: \(figures); \(unevenness(entry))."
  }

  /// Why lanes that computed did not reach the ideal, as far as the figures tell.
  private func unevenness(_ entry: Comparison.Entry) -> String {
    if entry.queuedShare >= Self.muchQueued {
      return "its lanes waited for a core for \(Readable.percent(entry.queuedShare)) of the time in which they had work"
    }
    guard let idle = entry.activity?.share(.waitingForWork), idle >= Self.muchIdle else {
      return "look for units that are too large or too few"
    }
    return "its lanes had no work for \(Readable.percent(idle)) of the time, so units are too large or too few"
  }
}
