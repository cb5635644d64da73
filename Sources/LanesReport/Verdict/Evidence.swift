import LanesCore

/// The figures of a comparison that a verdict rests on, and the sentences that name them.
struct Evidence {
  /// The sentences that belong to a kind of verdict.
  struct Finding {
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

  /// What the kind of the verdict is decided by.
  var facts: VerdictFacts {
    var facts = VerdictFacts()
    facts.hasBaseline = serial != nil
    facts.units = comparison.entries.map(\.units).max() ?? 0
    facts.isChain = isChain
    guard let serial else { return facts }
    facts.wall = serial.wall.median
    facts.busyCores = serial.busyCores
    facts.queued = serial.queuedShare
    facts.input = serial.loading + serial.stalled
    facts.output = serial.storing
    facts.hasFetched = hasFetched(serial)
    facts.system = serial.processor > 0 ? Double(serial.system) / serial.processor : 0
    // Infinite without faults: then they explain nothing, and no limit lies above it.
    facts.systemPerFault = serial.minorFaults > 0 ? Double(serial.system) / Double(serial.minorFaults) : .infinity
    // Of the round that all figures are of, not of the median: both must be of one run to be divided.
    facts.startUp = startUpLoser.map { Double($0.startUp ?? 0) / Double(max(1, $0.roundWall)) }
    facts.traffic = trafficFact
    facts.isCrowded = representative.map(isCrowded) ?? false
    return facts
  }

  /// Several units, of which each had to wait for the one before it.
  private var isChain: Bool { !parallel.isEmpty && parallel.allSatisfy { $0.units > 1 && $0.mostInFlight == 1 } }

  /// Held back everywhere, somewhere, or nowhere: only the first makes moving bytes the verdict over all else.
  private var trafficFact: VerdictFacts.Traffic {
    let losers = Set(heldBack.map(\.slow.setup.name))
    if losers.isEmpty { return .light }
    let all = !parallel.isEmpty && parallel.allSatisfy { losers.contains($0.setup.name) }
    return all ? .unavoidable : .avoidable
  }

  /// True when bytes came from storage. Mapped inputs show as major faults, where /proc may hide what was read.
  func hasFetched(_ entry: Comparison.Entry) -> Bool { (entry.storageRead ?? 0) > 0 || entry.majorFaults > 0 }

  /// The sentences for a verdict of `kind`, which the facts have called for.
  func finding(of kind: Verdict.Kind) -> Finding {
    guard let serial else { return withoutBaseline }
    // The words follow the kind; a kind that lacks its evidence falls back to a general sentence, never to a guess.
    return switch kind {
    case .oneUnit: oneUnit(serial)
    case .startUpBound: tooSmall(serial)
    case .writeBound: writing(serial)
    case .ioBound: storage(serial)
    case .memorySetUpBound: memorySetUp(serial)
    case .ipcBound: traffic
    case .oversubscribed: oversubscribed(serial)
    case .cpuBound: computing(serial)
    case .undecided: unclear(serial)
    }
  }

  /// The several-lane contender to judge scaling by: of those that the fastest one is not known to beat, the
  /// one with fewest lanes, since more lanes than cores gain nothing and yet may win by chance.
  var representative: Comparison.Entry? {
    guard let fastest = parallel.min(by: { $0.wall.median < $1.wall.median }) else { return nil }
    let equals = parallel.filter { $0 == fastest || fastest.differs(from: $0) == false }
    return equals.min { ($0.setup.lanes, $0.wall.median) < ($1.setup.lanes, $1.wall.median) }
  }

  /// True when `entry` took less time than `other`, and no chance explains it.
  func isFaster(_ entry: Comparison.Entry, than other: Comparison.Entry) -> Bool {
    entry.wall.median < other.wall.median && entry.differs(from: other) == true
  }

  func time(_ entry: Comparison.Entry) -> String { Readable.duration(nanoseconds: Int64(entry.wall.median)) }

  /// The part of its time in which serial kept a core busy.
  func busy(_ serial: Comparison.Entry) -> String { Readable.percent(min(1, serial.busyCores)) }
}

extension Evidence {
  private func oneUnit(_ serial: Comparison.Entry) -> Finding {
    // Waiting for a core is no waiting for storage: it counts as wanting one.
    let isBusy = serial.busyCores + serial.queuedShare >= Scaling.computes
    let work =
      isChain
      ? "Each of the \(Readable.count(serial.units)) units had to wait for the one before it, so one lane at a time does "
        + "the work"
      : "The whole batch is a single unit, which one lane does alone"
    let batch =
      isChain ? "more inputs at a time, such as several files" : "several units, such as more files or a larger range"
    return Finding(
      sentence:
        "One unit\(isChain ? " at a time" : ""): nothing to share out. \(work), in \(time(serial)) with serial, "
        + "while all others have nothing to do; serial kept a core busy for \(busy(serial)) of that.",
      advice: "What would help: \(batch), or \(isBusy ? "a faster core" : "faster storage").")
  }

  /// Of contenders with worker processes that serial is known to beat, the slowest.
  private var startUpLoser: Comparison.Entry? {
    guard let serial else { return nil }
    return comparison.entries.filter { $0.startUp != nil && isFaster(serial, than: $0) }
      .max { $0.wall.median < $1.wall.median }
  }

  private func tooSmall(_ serial: Comparison.Entry) -> Finding {
    let loss = startUpLoser.map { loser in
      ", while \(loser.setup.title) needed \(time(loser)), of which its workers took "
        + "\(Readable.duration(nanoseconds: loser.startUp ?? 0)) to start"
    }
    return Finding(
      sentence: "Start-up-bound: one lane finished the whole batch in \(time(serial))\(loss ?? "").",
      advice: "The batch is too small to be worth worker processes: run it in one process or give it more to do.")
  }

  private func memorySetUp(_ serial: Comparison.Entry) -> Finding {
    // Threads of one process share one lock on its address space (mmap_lock); processes have one each. Where processes
    // with as many lanes are faster, that lock is what threads waited for.
    let twins = parallel.filter { $0.setup.kind.sharesMemory }.flatMap { threads in
      parallel.filter {
        $0.setup.kind.usesWorkers && $0.setup.lanes == threads.setup.lanes && isFaster($0, than: threads)
      }
    }
    let hint =
      twins.isEmpty
      ? "" : "; processes set up memory side by side, threads of one process got in each other's way"
    return Finding(
      sentence: "Memory-set-up-bound: \(Readable.percent(Double(serial.system) / max(1, serial.processor))) of the "
        + "processor time of serial was spent in the kernel, which had to set up memory "
        + "\(Readable.count(serial.minorFaults)) times (minor faults).",
      advice:
        "Touch less memory or touch it again: smaller buffers that are kept, or reading in place of mapping\(hint).")
  }

  private func unclear(_ serial: Comparison.Entry) -> Finding {
    Finding(
      sentence: "Undecided: serial kept a core busy for \(busy(serial)) of its time, with "
        + "\(Readable.counted(serial.involuntarySwitches, "involuntary switch", "involuntary switches")), and no figure "
        + "stands out.",
      advice: "Run more rounds on a quiet machine, or with a larger batch.")
  }

  private var withoutBaseline: Finding {
    Finding(
      sentence: "Undecided: without a serial contender there is nothing to measure against.",
      advice: "Let serial take part.")
  }
}
