import LanesCore

/// One run of a command of somebody else's.
package struct CommandRun: Sendable, Equatable {
  /// How the command ended; a command that could not be started is no run.
  package enum Exit: Sendable, Hashable {
    case status(Int32)
    case signal(String)
  }

  package var exit: Exit
  /// Nanoseconds; that and processor time without what starting the shell takes, where there is one.
  package var wall: Int64
  /// The command and all processes below it; peak memory is that of the largest.
  package var usage: ProcessUsage
  /// How long some task of the machine was short of cores, storage and memory meanwhile.
  package var pressure = PressureStall()
  /// True where that is the command's own processes alone, which a control group counted.
  package var isPressureOwn = false
  /// True where some of its processes were waited for by nobody: processor time is that of the control group then, and
  /// everything else leaves them out.
  package var hasUnwaited = false
  /// The most memory of all processes together that was seen, shared pages counted once, in bytes; nil where none was.
  package var proportionalPeak: Int?
  /// The part of the run in which the main thread of the first process wanted a core and had none, 0…1: the least that the
  /// command lacked one.
  package var queuedShare: Double?
  /// Processes that were still there when the command had ended, and were killed.
  package var leftBehind = 0

  package init(exit: Exit, wall: Int64, usage: ProcessUsage) {
    self.exit = exit
    self.wall = wall
    self.usage = usage
  }

  /// The same without what starting the shell took; nothing becomes less than 0.
  package func without(_ shell: ShellCost) -> CommandRun {
    var run = self
    run.wall = max(0, wall - shell.wall)
    run.usage.user = max(0, usage.user - shell.user)
    run.usage.system = max(0, usage.system - shell.system)
    return run
  }

  /// In the form that the table of metrics reads: as far as figures go, a command is a run of one lane.
  var figures: RunRecord {
    var record = RunRecord(setup: EngineSetup(kind: .serial, lanes: 1))
    record.wall = wall
    record.coordinator = usage
    record.pressure = pressure
    record.proportionalPeak = proportionalPeak
    return record
  }
}

/// What a shell takes that runs an empty command, in nanoseconds: medians.
package struct ShellCost: Sendable, Equatable {
  package var wall: Int64
  package var user: Int64
  package var system: Int64

  /// Of at least one run.
  package init(_ runs: [(wall: Int64, usage: ProcessUsage)]) {
    wall = Int64(Statistics(runs.map { Double($0.wall) }).median)
    user = Int64(Statistics(runs.map { Double($0.usage.user) }).median)
    system = Int64(Statistics(runs.map { Double($0.usage.system) }).median)
  }
}

/// A command and its runs.
package struct CommandContender: Sendable {
  /// What it is called, for people; no two have the same name.
  package let name: String
  /// What was run, as it was typed.
  package let command: String
  /// One per round, in order; at least one.
  package let runs: [CommandRun]

  package init(name: String, command: String, runs: [CommandRun]) {
    precondition(!runs.isEmpty, "a contender needs at least one round")
    self.name = name
    self.command = command
    self.runs = runs
  }
}

/// What several commands needed, round for round in turn; the first is the one that others are measured against.
package struct CommandComparison: Sendable {
  package let entries: [Entry]
  /// What commands are ranked by.
  package let ranked: RankedFigure
  /// What the shell takes, which was subtracted; nil where there was none.
  package let shell: ShellCost?
  /// CPUs that the commands could use; nil where that is not known.
  package let cpus: Int?
  /// What the same commands needed another time; nil where nobody asked.
  package let earlier: EarlierReport?
  /// True when it was stopped before all rounds that were asked for.
  package let isInterrupted: Bool

  package init(
    _ contenders: [CommandContender], by ranked: RankedFigure = .wall, shell: ShellCost? = nil, cpus: Int? = nil,
    earlier: EarlierReport? = nil, isInterrupted: Bool = false
  ) {
    self.earlier = earlier
    self.ranked = ranked
    self.shell = shell
    self.cpus = cpus
    self.isInterrupted = isInterrupted
    let first = contenders.first.map(Self.samples)
    entries = contenders.enumerated().map { index, contender in
      let samples = Self.samples(contender)
      var entry = Entry(
        contender, samples, ratio: index == 0 ? nil : first.flatMap { samples.ratio(of: ranked, to: $0) })
      entry.earlier = earlier?.ratio(of: contender.name, samples, by: ranked)
      return entry
    }
  }

  private static func samples(_ contender: CommandContender) -> RoundSamples {
    RoundSamples(contender.runs.map { ($0.wall, $0.usage) })
  }

  /// The entry with the least median of what is ranked; nil where nobody's is known.
  package var best: Entry? {
    entries.compactMap { entry in entry.samples.median(ranked).map { (entry, $0) } }.min { $0.1 < $1.1 }?.0
  }

  /// The entry with the least median of wall time.
  package var fastest: Entry? { entries.min { $0.wall.median < $1.wall.median } }

  /// Entries that the best cannot be told apart from, itself first.
  package var leaders: [Entry] {
    guard let best else { return [] }
    func median(_ entry: Entry) -> Double { entry.samples.median(ranked) ?? .infinity }
    return entries.filter { $0.name == best.name || best.samples.differs(in: ranked, from: $0.samples) != true }
      .sorted { median($0) < median($1) }
  }

  /// Rounds of the command that has fewest.
  package var rounds: Int { entries.map(\.wall.count).min() ?? 0 }

  /// How commands compare with what they needed then; no sentence where nobody asked.
  package var earlierSentences: [String] {
    earlier?.sentences(entries.map { ($0.name, $0.name, $0.earlier) }, by: ranked) ?? []
  }

  /// Who won, in a sentence.
  package var winner: String {
    Ranking(
      entries.enumerated().map { .init(title: $1.name, samples: $1.samples, isReference: $0 == 0) }, by: ranked,
      rounds: rounds
    ).sentence()
  }
}

extension CommandComparison {
  /// One command's figures: what is ranked and wall time over all rounds, everything else of the round whose wall time is
  /// nearest to the median.
  package struct Entry: Sendable, Equatable {
    package let name: String
    package let command: String
    /// Nanoseconds, of all rounds.
    package let wall: Statistics
    package let samples: RoundSamples
    /// How many times as much as the first command it needed of what is ranked; nil for the first one, and where that
    /// cannot be told.
    package let ratio: RatioInterval?
    /// How many times as much it needed as in an earlier report, of what is ranked; nil where there is none.
    package fileprivate(set) var earlier: RatioInterval?
    /// The round that the figures are of, from 1.
    package let round: Int
    package let run: CommandRun
    /// How the rounds ended that did not end with status 0, and how many did so.
    package let failures: [(exit: CommandRun.Exit, rounds: Int)]
    /// Processes that were killed because they were left behind, most of all rounds.
    package let leftBehind: Int

    init(_ contender: CommandContender, _ samples: RoundSamples, ratio: RatioInterval?) {
      name = contender.name
      command = contender.command
      let wall = Statistics(contender.runs.map { Double($0.wall) })
      self.wall = wall
      self.samples = samples
      self.ratio = ratio
      func distance(_ index: Int) -> Double { abs(Double(contender.runs[index].wall) - wall.median) }
      let middle = contender.runs.indices.min { distance($0) < distance($1) } ?? 0
      round = middle + 1
      run = contender.runs[middle]
      let failed = contender.runs.map(\.exit).filter { $0 != .status(0) }
      var seen: [(exit: CommandRun.Exit, rounds: Int)] = []
      for exit in failed where !seen.contains(where: { $0.exit == exit }) {
        seen.append((exit, failed.count { $0 == exit }))
      }
      failures = seen
      leftBehind = contender.runs.map(\.leftBehind).max() ?? 0
    }

    package static func == (one: Entry, other: Entry) -> Bool {
      one.name == other.name && one.samples == other.samples && one.run == other.run
    }

    /// Nanoseconds of processor time of the median round.
    package var processor: Double { Double(run.usage.user) + Double(run.usage.system) }
    /// How many cores were busy on average.
    package var busyCores: Double { run.wall > 0 ? processor / Double(run.wall) : 0 }

    /// What a table has no column for: ends other than good ones, processes left behind, rounds that lie far off.
    var remarks: [String] {
      let ends = failures.map { exit, rounds in
        let end: String =
          switch exit {
          case .status(let code): "ended with status \(code)"
          case .signal(let name): "was ended by \(name)"
          }
        return "\(end) in \(Readable.counted(rounds, "round"))"
      }
      let outliers = wall.outliers.map { Readable.shortDuration(nanoseconds: Int64($0)) }.joined(separator: ", ")
      return ends
        + (leftBehind > 0 ? ["left \(Readable.counted(leftBehind, "process", "processes")) behind, now ended"] : [])
        + (run.hasUnwaited
          ? ["has processes that nobody waited for; their faults, switches, memory and storage are not known"] : [])
        + (outliers.isEmpty ? [] : ["a round far from the others (\(outliers))"])
    }
  }

  /// Commands that take less than this many nanoseconds are not measured well behind a shell.
  private static let shortForShell = 5e6

  /// What is to be known of how it was measured; sentences.
  package var notes: [String] {
    guard let shell else { return [] }
    let cost = Readable.duration(nanoseconds: shell.wall)
    let short = entries.filter { $0.wall.median < Self.shortForShell }.map(\.name)
    guard !short.isEmpty else { return [] }
    return [
      "\(Readable.list(short)) took less than 5 ms beside the shell's \(cost), which cannot be subtracted more exactly than "
        + "that: --shell none starts commands without one."
    ]
  }
}
