import LanesCore

/// The figures of a comparison that a verdict rests on.
struct Evidence {
  /// A verdict's kind and the sentences that belong to it.
  struct Finding {
    let kind: Verdict.Kind
    let sentence: String
    let advice: String
  }

  let comparison: Comparison
  let serial: Comparison.Entry?
  /// Contenders with several lanes.
  let parallel: [Comparison.Entry]

  init(_ comparison: Comparison) {
    self.comparison = comparison
    serial = comparison.baseline
    parallel = comparison.entries.filter { $0.setup.lanes > 1 }
  }

  var finding: Finding {
    guard let serial else { return withoutBaseline }
    return tooSmall(serial) ?? storage(serial) ?? memorySetUp(serial) ?? unavoidableTraffic ?? takenCores(serial)
      ?? crowded(serial) ?? computing(serial) ?? unclear(serial)
  }

  /// What else is worth saying: that some contender, though not the batch as such, was held back by moving bytes.
  var remark: String? {
    guard let traffic, finding.kind != .ipcBound else { return nil }
    return traffic.sentence.replacingPrefix("IPC-bound: ", with: "But ") + " " + traffic.advice
  }

  /// The several-lane contender to judge scaling by: of those that the fastest one does not beat beyond the spread, the
  /// one with fewest lanes, since more lanes than cores gain nothing and yet may win by chance.
  var representative: Comparison.Entry? {
    guard let fastest = parallel.min(by: { $0.wall.median < $1.wall.median }) else { return nil }
    let equals = parallel.filter { $0 == fastest || fastest.wall.differs(from: $0.wall) == false }
    return equals.min { ($0.setup.lanes, $0.wall.median) < ($1.setup.lanes, $1.wall.median) }
  }
}

extension Evidence {
  /// Starting workers and threads costs a few milliseconds each; a batch that one lane finishes in less than this many
  /// nanoseconds can lose all that several lanes gain.
  private static let smallBatch = 100e6

  private func tooSmall(_ serial: Comparison.Entry) -> Finding? {
    guard serial.wall.median < Evidence.smallBatch else { return nil }
    let slower = parallel.filter { $0.wall.median > serial.wall.median && $0.wall.differs(from: serial.wall) == true }
    guard let loser = slower.max(by: { $0.wall.median < $1.wall.median }) else { return nil }
    return Finding(
      kind: .startUpBound,
      sentence: "Start-up-bound: one lane finished the whole batch in \(time(serial)), while \(loser.setup.title) "
        + "needed \(time(loser)), \(startUp(of: loser)).",
      advice: "The batch is too small to be worth workers: run it serially or give it more to do.")
  }

  private func startUp(of entry: Comparison.Entry) -> String {
    guard let startUp = entry.startUp else { return "mostly to start" }
    return "of which its workers took \(Readable.duration(nanoseconds: Int64(startUp))) to start"
  }
}

extension Evidence {
  /// Nanoseconds of system time per minor fault up to which faults can explain that time: 1.6 to 2.4 µs were measured on
  /// Linux 6 with two virtual cores, for fresh memory as for mapped files; others published 4 µs as 95th percentile.
  private static let costliestMinorFault = 4_000.0

  private func memorySetUp(_ serial: Comparison.Entry) -> Finding? {
    let processor = serial.user + serial.system
    guard processor > 0, occupied(serial) >= 0.7, serial.system >= 0.3 * processor,
      serial.system <= Double(serial.minorFaults) * Evidence.costliestMinorFault
    else { return nil }
    return Finding(
      kind: .memorySetUpBound,
      sentence:
        "Memory-set-up-bound: \(Readable.percent(serial.system / processor)) of the processor time of serial was "
        + "spent in the kernel, which had to set up memory \(Readable.count(serial.minorFaults)) times (minor faults).",
      advice: "Touch less memory or touch it again: smaller buffers that are kept, or reading in place of mapping; "
        + "processes set up memory side by side, threads of one process get in each other's way.")
  }
}

extension Evidence {
  /// Bytes between processes per second of the run from which on moving them can matter: a pipe moves about 1 GiB a
  /// second, so below this it takes less than a sixteenth of the time.
  private static let heavyTraffic = 64.0 * 1024 * 1024

  /// Moving bytes bounds the batch itself only where no contender with several lanes could do without.
  private var unavoidableTraffic: Finding? {
    parallel.allSatisfy { $0.setup.kind == .processes && $0.bytesBetween > 0 } ? traffic : nil
  }

  private var traffic: Finding? {
    let heavy = parallel.filter { entry in
      entry.setup.kind == .processes
        && Double(entry.bytesBetween) >= Evidence.heavyTraffic * max(entry.wall.median / 1e9, 1.0 / 64)
    }
    let pairs = heavy.compactMap { slow in cheaperTwin(of: slow).map { (slow: slow, quick: $0) } }
    guard let worst = pairs.max(by: { lag($0.slow, behind: $0.quick) < lag($1.slow, behind: $1.quick) }) else {
      return nil
    }
    return Finding(
      kind: .ipcBound, sentence: trafficSentence(worst.slow, worst.quick),
      advice: worst.slow.setup.channel == .pipe
        ? "Use shm (shared memory), or threads, which move nothing."
        : "Use threads, which move nothing, or larger units.")
  }

  /// The quickest contender with as many lanes that moves bytes more cheaply and is ahead by a tenth and the spread.
  private func cheaperTwin(of slow: Comparison.Entry) -> Comparison.Entry? {
    let cheaper = parallel.filter { other in
      other.setup.lanes == slow.setup.lanes
        && (other.setup.kind == .threads || slow.setup.channel == .pipe && other.setup.channel == .shm)
    }
    let ahead = (cheaper.isEmpty ? [serial].compactMap { $0 } : cheaper).filter {
      lag(slow, behind: $0) >= 1.1 && slow.wall.differs(from: $0.wall) == true
    }
    return ahead.min { $0.wall.median < $1.wall.median }
  }

  private func lag(_ slow: Comparison.Entry, behind quick: Comparison.Entry) -> Double {
    slow.wall.median / quick.wall.median
  }

  /// What workers spent on pipes, where that is known to be much.
  private func movingShare(_ entry: Comparison.Entry) -> String {
    guard let share = entry.activity?.share(.transferring), share >= 0.05 else { return "" }
    return "; its workers spent \(Readable.percent(share)) of their time on sending and receiving"
  }

  private func trafficSentence(_ slow: Comparison.Entry, _ quick: Comparison.Entry) -> String {
    "IPC-bound: \(slow.setup.title) moved \(Readable.bytes(slow.bytesBetween)) between processes and needed "
      + "\(time(slow)), where \(quick.setup.title) needed \(time(quick))\(movingShare(slow))."
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}

extension Evidence {
  func time(_ entry: Comparison.Entry) -> String { Readable.duration(nanoseconds: Int64(entry.wall.median)) }
}
