import LanesCore

/// What bounds one command, by the same rules as a batch (`VerdictFacts`), as far as its figures tell: of a program of
/// somebody else's it is known what it used, and not what it did.
package struct CommandFinding: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case cpuBound = "CPU-bound"
    case ioBound = "I/O-bound"
    case writeBound = "write-bound"
    case memorySetUpBound = "memory-set-up-bound"
    case oversubscribed
    case waiting
    case undecided
  }

  package let kind: Kind
  /// What was found, with its figures; without the command's name.
  package let sentence: String

  private let entry: CommandComparison.Entry

  /// - Parameters:
  ///   - cpus: that the command could use; nil where that is not known.
  ///   - shell: what was subtracted from its times.
  package init(_ entry: CommandComparison.Entry, cpus: Int?, shell: ShellCost? = nil) {
    self.entry = entry
    // Times that are less than half of what was subtracted are mostly how that varies.
    guard entry.run.wall >= (shell?.wall ?? 0) / 2 else {
      kind = .undecided
      sentence = "Undecided: it took too little beside the shell's start-up; without a shell (-N) more could be told."
      return
    }
    kind = Self.kind(entry)
    sentence = Sentences(entry: entry, cpus: cpus).sentence(kind)
  }

  /// Pressure is the whole machine's, so that a little of it explains nothing of one command.
  static let shortMachine = 0.1
  /// A command that keeps a core less busy than this waits for something.
  private static let waits = 0.7

  /// What is known of the command in the form that the rules take.
  static func facts(_ entry: CommandComparison.Entry) -> VerdictFacts {
    let run = entry.run
    let wall = max(1, Double(run.wall))
    var facts = VerdictFacts()
    facts.wall = wall
    facts.busyCores = entry.busyCores
    facts.queued = run.queuedShare ?? 0
    let (read, written) = (run.usage.storageRead ?? 0, run.usage.storageWritten ?? 0)
    // A few bytes from storage do not explain a command that sleeps: somebody must have been short of storage meanwhile.
    // Where the kernel does not say, the bytes alone have to do.
    let short = run.pressure.io.map { min(1, Double($0) / wall) }
    let isShort = (short ?? 1) >= Self.shortMachine
    facts.hasFetched = isShort && (read > 0 || run.usage.majorFaults > 0)
    if read >= written { facts.input = read > 0 ? short ?? 0 : 0 } else { facts.output = short ?? 0 }
    facts.system = entry.processor > 0 ? Double(run.usage.system) / entry.processor : 0
    let faults = run.usage.minorFaults
    facts.systemPerFault = faults > 0 ? Double(run.usage.system) / Double(faults) : .infinity
    return facts
  }

  private static func kind(_ entry: CommandComparison.Entry) -> Kind {
    switch facts(entry).kind {
    case .cpuBound: .cpuBound
    case .ioBound: .ioBound
    case .writeBound: .writeBound
    case .memorySetUpBound: .memorySetUpBound
    case .oversubscribed: .oversubscribed
    // Nothing that was counted explains it; what it waited for is not known.
    default: entry.busyCores < waits ? .waiting : .undecided
    }
  }
}

/// The sentences, each with the figures that it rests on.
private struct Sentences {
  let entry: CommandComparison.Entry
  let cpus: Int?

  private var run: CommandRun { entry.run }
  private var usage: ProcessUsage { entry.run.usage }

  func sentence(_ kind: CommandFinding.Kind) -> String {
    switch kind {
    case .cpuBound: "CPU-bound: it kept \(busy) and fetched \(fetched) from storage. \(cores)"
    case .ioBound: "I/O-bound: it kept \(busy) and waited for the rest (\(waits))."
    case .writeBound:
      "Write-bound: it kept \(busy) and sent \(Readable.bytes(usage.storageWritten ?? 0)) to storage (\(waits))."
    case .memorySetUpBound:
      "Memory-set-up-bound: \(Readable.percent(Double(usage.system) / max(1, entry.processor))) of its processor time was "
        + "spent in the kernel, which had to set up memory \(Readable.count(usage.minorFaults)) times (minor faults)."
    case .oversubscribed:
      "Oversubscribed: its main thread wanted a core and had none for "
        + "\(Readable.percent(run.queuedShare ?? 0)) of the time, so other programs hold the "
        + "cores: compare again when the machine is quiet."
    case .waiting:
      "Waiting: it kept \(busy), gave the processor up by itself "
        + "\(usage.voluntarySwitches == 1 ? "once" : Readable.counted(usage.voluntarySwitches, "time")) and fetched "
        + "\(fetched) from storage. What it waited for these figures do not show: a timer, the network, a lock or another "
        + "process\(lackOfCores)."
    case .undecided: "Undecided: it kept \(busy), and no figure stands out."
    }
  }

  private var busy: String {
    entry.busyCores < 1.05
      ? "a core busy for \(Readable.percent(min(1, entry.busyCores))) of its time"
      : "\(Readable.fixed(entry.busyCores, digits: 1)) cores busy"
  }

  /// The machine's lack of cores may be this command's own: of its children it is not known how long they lacked one. It is
  /// taken from shortly before the run to shortly after, so that of a short run it may be more than the run's time.
  private var lackOfCores: String {
    guard let stall = run.pressure.cpu, Double(stall) >= CommandFinding.shortMachine * Double(run.wall) else {
      return ""
    }
    let most = Readable.duration(nanoseconds: min(stall, run.wall))
    return run.isPressureOwn
      ? ", or a core, which one of its processes wanted and had not for \(most)"
      : ", or a core, since the machine was short of cores for up to \(most)"
  }

  private var fetched: String {
    usage.storageRead.map { $0 == 0 ? "nothing" : Readable.bytes($0) } ?? "an unknown amount"
  }

  private var cores: String {
    guard let cpus, cpus > 1 else { return "A faster core or less work would help." }
    return entry.busyCores < 1.05
      ? "It used no more than one core of \(cpus)."
      : "It used \(Readable.fixed(entry.busyCores, digits: 1)) cores of \(cpus)."
  }

  private var waits: String {
    var facts = [Readable.counted(usage.voluntarySwitches, "voluntary switch", "voluntary switches")]
    if usage.majorFaults > 0 { facts.append(Readable.counted(usage.majorFaults, "major fault")) }
    if let read = usage.storageRead, read > 0 { facts.append("\(Readable.bytes(read)) fetched from storage") }
    if let stall = run.pressure.io, Double(stall) >= CommandFinding.shortMachine * Double(run.wall) {
      let who = run.isPressureOwn ? "one of its processes waited for storage" : "the machine was short of storage"
      facts.append("\(Readable.duration(nanoseconds: stall)) in which \(who)")
    }
    return facts.joined(separator: ", ")
  }
}

extension CommandComparison {
  /// What bounds each command, in their order: its name and what was found.
  package var findings: [(name: String, finding: CommandFinding)] {
    entries.map { ($0.name, CommandFinding($0, cpus: cpus, shell: shell)) }
  }

  /// What makes the difference between the fastest command and each that is truly slower; sentences.
  package var differences: [String] {
    guard let fastest else { return [] }
    return entries.filter { $0.name != fastest.name && fastest.samples.differs(in: .wall, from: $0.samples) == true }
      .compactMap { Self.difference(fastest, $0) }
  }

  /// From this share of the difference on, one part of the time explains it.
  private static let mostOfIt = 0.5
  /// Processor times within this factor of each other are about as much.
  private static let aboutAsMuch = 1.25

  private static func difference(_ quick: Entry, _ slow: Entry) -> String? {
    func time(_ nanoseconds: Double) -> String { Readable.duration(nanoseconds: Int64(nanoseconds)) }
    let both = "\(slow.name) beside \(quick.name)"
    if max(quick.busyCores, slow.busyCores) > 1.05 {
      // Where several cores take part, processor times do not add up to wall time.
      let more = slow.processor / max(1, quick.processor)
      if more < aboutAsMuch, quick.busyCores > slow.busyCores * aboutAsMuch {
        return "\(both): about as much processor time (\(time(slow.processor)) and \(time(quick.processor))), but "
          + "\(Readable.fixed(slow.busyCores, digits: 1)) cores busy instead of "
          + "\(Readable.fixed(quick.busyCores, digits: 1))."
      }
      guard more >= aboutAsMuch else { return nil }
      return "\(both): \(Readable.ratio(more)) times the processor time, \(time(slow.processor)) and "
        + "\(time(quick.processor))."
    }
    let lag = Double(slow.run.wall - quick.run.wall)
    let parts = [
      ("time in its own code", Double(slow.run.usage.user), Double(quick.run.usage.user)),
      ("time in the kernel", Double(slow.run.usage.system), Double(quick.run.usage.system)),
      ("waiting", Double(slow.run.wall) - slow.processor, Double(quick.run.wall) - quick.processor),
    ]
    guard lag > 0, let most = parts.max(by: { $0.1 - $0.2 < $1.1 - $1.2 }), most.1 - most.2 >= mostOfIt * lag else {
      return nil
    }
    return "\(both): mostly \(most.0), \(time(max(0, most.1))) and \(time(max(0, most.2)))."
  }
}
