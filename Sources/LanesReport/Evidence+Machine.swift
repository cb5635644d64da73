import LanesCore

extension Evidence {
  /// One lane that keeps a core less busy than this waits for something.
  private static let waits = 0.7
  /// One lane that keeps a core at least this busy computes.
  private static let computes = 0.85

  func storage(_ serial: Comparison.Entry) -> Finding? {
    let fetched = (serial.storageRead ?? 0) > 0 || serial.majorFaults > 0
    let stages = serial.loading + serial.storing
    let isWaiting = occupied(serial) < Evidence.waits && (fetched || stages >= 0.3)
    let isLoading = occupied(serial) < Evidence.computes && stages >= 0.5 && fetched
    guard isWaiting || isLoading else { return nil }
    return Finding(kind: .ioBound, sentence: storageSentence(serial, stages), advice: storageAdvice(serial))
  }

  /// The part of its time in which a lane alone had a core or wanted one: waiting for a core is no waiting for storage.
  func occupied(_ entry: Comparison.Entry) -> Double {
    min(1, entry.busyCores + entry.queuedShare)
  }

  private func storageSentence(_ serial: Comparison.Entry, _ stages: Double) -> String {
    var facts = ["\(Readable.count(serial.voluntarySwitches)) voluntary switches"]
    if serial.majorFaults > 0 { facts.append("\(Readable.count(serial.majorFaults)) major faults") }
    if let read = serial.storageRead, read > 0 { facts.append("\(Readable.bytes(read)) fetched from storage") }
    let waited = serial.activity?.share(.waitingForInput) ?? 0
    if waited >= 0.05 { facts.append("\(Readable.percent(waited)) of the time waiting for input") }
    if let stall = serial.pressure.io, Double(stall) >= 0.1 * serial.wall.median {
      facts.append("\(Readable.duration(nanoseconds: stall)) in which the machine was short of storage")
    }
    if stages > 0 { facts.append("\(Readable.percent(stages)) of its stages' time in loading and storing") }
    return
      "I/O-bound: serial kept a core busy for \(Readable.percent(serial.busyCores)) of its time and waited for the "
      + "rest (\(facts.joined(separator: ", ")))."
  }

  private func storageAdvice(_ serial: Comparison.Entry) -> String {
    let loop = comparison.entries.first { $0.setup.kind == .eventloop }
    if let loop, loop.wall.median < serial.wall.median, loop.wall.differs(from: serial.wall) == true {
      return
        "Keep several reads in flight: the event loop did so on one thread, and more lanes than cores will help too."
    }
    if let rate = saturated(serial) {
      return "More lanes or more reads at once did not help, so the storage gives no more than the "
        + "\(Readable.bytes(rate)) a second that serial got out of it: only faster storage will."
    }
    return "More lanes than cores will help, since a lane that waits needs no core; so will faster storage."
  }

  /// Bytes a second that storage gave, where several lanes got no more out of it than one.
  private func saturated(_ serial: Comparison.Entry) -> Int? {
    guard !parallel.isEmpty, let read = serial.storageRead, read > 0, serial.wall.median > 0 else { return nil }
    let isBeaten = parallel.contains {
      $0.wall.median < serial.wall.median && $0.wall.differs(from: serial.wall) == true
    }
    return isBeaten ? nil : Int(Double(read) / serial.wall.median * 1e9)
  }
}

extension Evidence {
  /// Involuntary switches per second of processor time from which on lanes push each other off the cores; a lane alone
  /// on its core is pushed off a handful of times.
  private static let crowdedRate = 20.0

  /// A lane that has no core for this part of the time in which it has work is one too many for the machine.
  private static let crowdedShare = 0.25

  /// One lane needs one core, so when it cannot get that, other programs have it.
  func takenCores(_ serial: Comparison.Entry) -> Finding? {
    guard serial.queuedShare >= Evidence.crowdedShare else { return nil }
    return Finding(
      kind: .oversubscribed,
      sentence: "Oversubscribed: even the one lane of serial waited for a core for "
        + "\(Readable.percent(serial.queuedShare)) of the time in which it had work, so other programs hold the cores.",
      advice: "Compare again when the machine is quiet; until then no engine can show what it is worth.")
  }

  func crowded(_ serial: Comparison.Entry) -> Finding? {
    guard serial.busyCores >= Evidence.computes, let entry = representative, isCrowded(entry) else { return nil }
    let queued =
      entry.queuedShare >= 0.05
      ? ", waited for a core for \(Readable.percent(entry.queuedShare)) of the time in which they had work," : ""
    let cores = Readable.fixed(entry.busyCores, digits: 1)
    return Finding(
      kind: .oversubscribed,
      sentence:
        "Oversubscribed: the \(entry.setup.lanes) lanes of \(entry.setup.title) got only \(cores) cores between "
        + "them\(queued) and were pushed off \(Readable.count(entry.involuntarySwitches)) times (involuntary switches).",
      advice: "Use fewer lanes, at most one per core, or leave the cores to this batch alone.")
  }

  private func isCrowded(_ entry: Comparison.Entry) -> Bool {
    let seconds = (entry.user + entry.system) / 1e9
    return entry.queuedShare >= Evidence.crowdedShare
      || entry.busyCores < 0.75 * Double(entry.setup.lanes)
        && Double(entry.involuntarySwitches) >= Evidence.crowdedRate * max(seconds, 0.5)
  }
}

extension Evidence {
  func computing(_ serial: Comparison.Entry) -> Finding? {
    guard serial.busyCores >= Evidence.computes else { return nil }
    let fetched = serial.storageRead.map { $0 == 0 ? "nothing" : Readable.bytes($0) } ?? "an unknown amount"
    return Finding(
      kind: .cpuBound,
      sentence: "CPU-bound: serial kept a core busy for \(Readable.percent(min(serial.busyCores, 1))) of its time and "
        + "fetched \(fetched) from storage.",
      advice: computingAdvice(serial))
  }

  private func computingAdvice(_ serial: Comparison.Entry) -> String {
    guard let entry = representative, let efficiency = entry.efficiency, let speedUp = entry.speedUp else {
      return "More cores should help; run threads or processes to see how far."
    }
    let fraction = max(0, entry.serialFraction ?? 0)
    let figures =
      "\(entry.setup.title) reached a speed-up of \(Readable.fixed(speedUp, digits: 2)), "
      + "\(Readable.percent(efficiency)) of the ideal, a serial fraction of \(Readable.percent(fraction))"
    return efficiency >= 0.7
      ? "More cores will help, more lanes than cores will not: \(figures)."
      : "More cores will help only a little as it is: \(figures); \(unevenness(entry))."
  }

  private func unevenness(_ entry: Comparison.Entry) -> String {
    guard let idle = entry.activity?.share(.waitingForWork), idle >= 0.2 else {
      return "look for units that are too large or too few"
    }
    return "its lanes had no work for \(Readable.percent(idle)) of the time, so units are too large or too few"
  }

  func unclear(_ serial: Comparison.Entry) -> Finding {
    Finding(
      kind: .undecided,
      sentence: "Undecided: serial kept a core busy for \(Readable.percent(serial.busyCores)) of its time, with "
        + "\(Readable.counted(serial.involuntarySwitches, "involuntary switch", "involuntary switches")), and no figure "
        + "stands out.",
      advice: "Run more rounds on a quiet machine, or with a larger batch.")
  }

  var withoutBaseline: Finding {
    Finding(
      kind: .undecided, sentence: "Undecided: without a serial contender there is nothing to measure against.",
      advice: "Let serial take part.")
  }
}
