import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport

/// `lanes compare`: the same batch under every engine, or several commands of any program, each in a process of its own, and
/// what each cost.
struct CompareCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract:
      "Run a batch under every engine, or any commands side by side, and say what each cost and what bounds it.",
    usage: """
      lanes compare [OPTION]... COMMAND [WORD]...
      lanes compare [OPTION]... --command 'COMMAND' --command 'COMMAND'...
      """,
    discussion: """
      EXAMPLES
        lanes compare primes 1e10
        lanes compare images convert photos --resize 512x512
        lanes compare --cold files count -r folder
        lanes compare --command 'grep -c error log' --command 'rg -c error log'
        lanes compare --rounds auto --by memory -N --command 'sort x' --command tac
        lanes compare --json primes 1e10 > before
        lanes compare --baseline before primes 1e10

      Options of compare stand before or after them; --cores is a list here. Under the table one line per lane shows \
      when it computed and when it waited. The page of --report explains each column. Images go to a temporary folder. Rounds are interleaved; results that differ \
      between contenders are an error.

      A winner is named only where the 95% interval of its lead does not hold 1. Behind --command stands what a shell \
      understands; the command counts with all processes that it starts, and what it leaves behind is ended with it.
      """)

  static let statuses = ExitStatus.page(
    "All contenders gave the same result, or were not asked to.",
    "Contenders gave different results, or nothing could be done.")

  @Option(
    help: ArgumentHelp("Engines, such as serial,threads. (default: all)", valueName: "LIST"),
    completion: .list(EngineKind.allCases.map(\.rawValue)), transform: parseModes)
  var modes: [EngineKind]?

  @Option(
    name: [.customLong("cores"), .customShort("j")],
    help: ArgumentHelp(
      "Numbers of lanes, such as 1,2,4. (default: powers of two up to all CPUs, and all)", valueName: "LIST"),
    transform: parseLanes)
  var cores: [Int]?

  @Option(
    help: ArgumentHelp(
      "Ways to reach worker processes. (default: \(ChannelKind.allCases.map(\.rawValue).joined(separator: ",")))",
      valueName: "LIST"),
    completion: .list(ChannelKind.allCases.map(\.rawValue)), transform: parseChannels)
  var ipc: [ChannelKind]?

  @Option(
    help: ArgumentHelp(
      "Measured rounds; auto measures until --interval or --max-time is reached. (default: 5, commands 10)",
      valueName: "N|auto"), transform: parseRounds)
  var rounds: Rounds?

  @Option(
    help: ArgumentHelp("With --rounds auto: how wide the 95% intervals may be. (default: 5%)", valueName: "PERCENT"),
    transform: parsePercent)
  var interval: Double?

  @Option(
    help: ArgumentHelp("With --rounds auto: when to end at the latest. (default: 1m)", valueName: "DURATION"),
    transform: parseDuration)
  var maxTime: Duration?

  @Option(help: ArgumentHelp("What contenders are ranked by.", valueName: "FIGURE"))
  var by: RankedFigure = .wall

  @Option(
    help: ArgumentHelp(
      "Hold contenders against an earlier report, printed by --json on this machine.", valueName: "FILE"),
    completion: .file())
  var baseline: String?

  @Option(help: ArgumentHelp("Rounds before the measured ones. (default: 1, 0 with --cold)", valueName: "N"))
  var warmup: Int?

  @Flag(help: "Drop the inputs from the page cache before every run; no root privileges needed.")
  var cold = false

  @Flag(help: "Print one JSON object per contender and one for the verdict.")
  var json = false

  @Flag(help: "Print the table as Markdown.")
  var markdown = false

  @Option(
    help: ArgumentHelp(
      "Write everything as one HTML page: table, verdict, charts, lanes over time.", valueName: "FILE.html"),
    completion: .file(extensions: ["html"]))
  var report: String?

  @Flag(name: .shortAndLong, help: "Do not show progress.")
  var quiet = false

  @Flag(name: .customLong("no-color"), help: "No colors (also when NO_COLOR is set).")
  var noColor = false

  @OptionGroup(title: "Commands of other programs") var others: CommandOptions

  // Everything from the first word that is no option of compare on, options included: they are the command's.
  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The command to compare.", valueName: "WORDS"))
  var words: [String] = []

  func validate() throws {
    if let warmup, !(0...100).contains(warmup) { throw ValidationError("--warmup takes a number from 0 to 100") }
    if json && markdown { throw ValidationError("--json and --markdown exclude each other") }
    if rounds != .auto, let option = interval != nil ? "--interval" : maxTime != nil ? "--max-time" : nil {
      throw ValidationError("\(option) belongs to --rounds auto, which is missing")
    }
    if let maxTime, maxTime <= .zero { throw ValidationError("--max-time takes a duration above zero, such as 1m") }
    guard !others.commands.isEmpty else { return }
    if !words.isEmpty { throw ValidationError("--command and a command of lanes exclude each other: \(words[0])") }
    let ofEngines = [("--modes", modes != nil), ("--cores", cores != nil), ("--ipc", ipc != nil)]
    if let stray = ofEngines.first(where: \.1) {
      throw ValidationError("\(stray.0) belongs to engines, and not to --command")
    }
  }

  func run() throws {
    try StopSignals.install()
    if !quiet { StopSignals.acknowledge(as: UnitNoun("run", "runs")) }
    if others.commands.isEmpty { try compareEngines() } else { try compareCommands() }
    // The figures there are were shown; the shell still learns that it was a signal.
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
  }

  private func compareEngines() throws {
    let subject = try ComparedCommand(words)
    let circumstances = circumstances(words: subject.display)
    let earlier = try prepared(circumstances)
    let race = ComparisonRunner(
      subject, setups: setups, warmup: warmups, goal: goal, ranked: by, cold: cold, report: announce)
    let contenders: [LanesReport.Contender]
    do throws(ComparisonRunner.Problem) {
      contenders = try race.run()
    } catch {
      clearLine()
      throw error.exitCode
    }
    clearLine()
    guard !contenders.isEmpty else { return }
    // A stop leaves the rounds that were finished, which are shown all the same.
    let comparison = Comparison(
      contenders, cpus: CPUs.available, by: by, earlier: earlier, isInterrupted: StopSignals.received != nil)
    try show(.engines(comparison, subject), circumstances)
  }

  private func compareCommands() throws {
    let subject = try ComparedCommands(others, isCold: cold)
    let circumstances = circumstances(words: nil)
    let earlier = try prepared(circumstances)
    let race = CommandRunner(subject, warmup: warmups, goal: goal, ranked: by, report: announce)
    let contenders: [CommandContender]
    do throws(CommandRunner.Problem) {
      contenders = try race.run()
    } catch {
      clearLine()
      throw error.exitCode
    }
    clearLine()
    guard !contenders.isEmpty else { return }
    let comparison = CommandComparison(
      contenders, by: by, shell: race.shell, cpus: CPUs.available, earlier: earlier,
      isInterrupted: StopSignals.received != nil)
    try show(.commands(comparison, subject), circumstances)
  }

  /// Refuses before anything is run what could not be used after it: a report without a place, and a baseline of another
  /// machine. A comparison may take an hour.
  private func prepared(_ circumstances: ComparisonCircumstances) throws -> EarlierReport? {
    if let report { try CompareOutput.check(report) }
    return try baseline.map { try EarlierReport.reading($0, against: circumstances) }
  }

  private func circumstances(words: String?) -> ComparisonCircumstances {
    let machine = MachineFacts.all() + [("Program", "lanes \(ProgramVersion.number)")]
    return ComparisonCircumstances(words: words, isCold: cold, machine: machine.map { .init(name: $0.0, value: $0.1) })
  }

  private func show(_ subject: CompareOutput.Subject, _ circumstances: ComparisonCircumstances) throws {
    let output = CompareOutput(subject, options: optionsInEffect, circumstances, style: style)
    output.print()
    if let report { try output.write(to: report) }
  }

  /// Whether progress is told: on standard error, which is where it goes even if the table is sent to a file.
  private var announces: Bool { !quiet && Terminal.isCapable(2) }

  private func announce(_ progress: ComparisonProgress) {
    if announces { Self.announce(progress.line(width: max(20, Terminal.width(2) - 1))) }
  }

  /// Erases the line of progress before anything is printed below it.
  private func clearLine() { if announces { Self.announce("") } }

  private static let usualRounds = 5
  private static let usualRoundsOfCommands = 10
  private static let usualInterval = 0.05
  private static let usualTime = Duration.seconds(60)

  private var goal: RoundsGoal {
    switch rounds {
    case .auto: .narrow(width: interval ?? Self.usualInterval, limit: (maxTime ?? Self.usualTime).nanoseconds)
    case .fixed(let count): .fixed(count)
    case nil: .fixed(others.commands.isEmpty ? Self.usualRounds : Self.usualRoundsOfCommands)
    }
  }

  private var style: CompareOutput.Style { json ? .json : markdown ? .markdown : .text(color: usesColor) }

  private var usesColor: Bool { !noColor && Terminal.takesColor(1) }

  /// One round warms the page cache and the processor's clock; from a cold cache there is nothing to warm.
  private var warmups: Int { warmup ?? (cold ? 0 : 1) }

  /// What was measured, as options: the lists that were given, and how often and from where in any case.
  private var optionsInEffect: [String] {
    let lists: [(String, [String]?)] = [
      ("--modes", modes?.map(\.rawValue)), ("--cores", cores?.map { String($0) }), ("--ipc", ipc?.map(\.rawValue)),
    ]
    return lists.flatMap { name, list in list.map { [name, $0.joined(separator: ",")] } ?? [] }
      + roundsInEffect + ["--warmup", String(warmups)] + (cold ? ["--cold"] : [])
      + (by == .wall ? [] : ["--by", by.rawValue])
  }

  private var roundsInEffect: [String] {
    switch goal {
    case .fixed(let count): ["--rounds", String(count)]
    case .narrow:
      ["--rounds", "auto"] + (interval.map { ["--interval", Readable.fixed($0 * 100, digits: 1) + "%"] } ?? [])
        + (maxTime.map { ["--max-time", Readable.wholeSeconds(Int64($0 / .seconds(1))).replacing(" ", with: "")] } ?? [])
    }
  }

  /// Every contender, the baseline first.
  private var setups: [EngineSetup] {
    let lanes = cores ?? Self.usualLanes(upTo: CPUs.available)
    // One lane is what some engines have by nature; the lists apply to the others.
    return (modes ?? EngineKind.allCases).flatMap { $0.setups(lanes: lanes, channels: ipc ?? ChannelKind.allCases) }
  }

  /// Powers of two below all CPUs, and all of them: what a law of scaling can be seen from with few runs.
  private static func usualLanes(upTo all: Int) -> [Int] {
    let powers = sequence(first: 1) { $0 * 2 }.prefix { $0 < all }
    return Array(powers) + [all]
  }

  /// Draws the line anew; empty text leaves the cursor on an empty line.
  private static func announce(_ text: String) { StandardError.write("\r\u{1B}[K" + text) }
}

/// `--rounds` of compare.
enum Rounds: Equatable {
  case fixed(Int)
  case auto
}

/// `--rounds`, such as `7` or `auto`.
@Sendable func parseRounds(_ text: String) throws -> Rounds {
  if text == "auto" { return .auto }
  guard let count = Int(text), (1...RoundsGoal.mostRounds).contains(count) else {
    throw ValidationError("'\(text)' is neither auto nor a number of rounds from 1 to \(RoundsGoal.mostRounds)")
  }
  return .fixed(count)
}

extension RankedFigure: ExpressibleByArgument {}

/// `--interval`, such as `5%` or `0.5`: a share.
@Sendable func parsePercent(_ text: String) throws -> Double {
  let number = text.hasSuffix("%") ? String(text.dropLast()) : text
  guard let percent = Double(number), percent >= 0.01, percent <= 1_000 else {
    throw ValidationError("'\(text)' is not a percentage from 0.01 to 1000, such as 5%")
  }
  return percent / 100
}

/// `--modes`.
@Sendable func parseModes(_ text: String) throws -> [EngineKind] {
  try parseList(text, "an engine: \(alternatives(EngineKind.self))") { EngineKind(rawValue: $0) }
}

/// `--ipc` of compare, a list.
@Sendable func parseChannels(_ text: String) throws -> [ChannelKind] {
  try parseList(text, "a way to reach processes: \(alternatives(ChannelKind.self))") { ChannelKind(rawValue: $0) }
}

/// `--cores` of compare, a list.
@Sendable func parseLanes(_ text: String) throws -> [Int] {
  try parseList(text, "a number of lanes from 1 to 4096") { Int($0).flatMap { (1...4096).contains($0) ? $0 : nil } }
}

/// Such as `pipe, socket or shm`.
private func alternatives<Kind: CaseIterable & RawRepresentable<String>>(_: Kind.Type) -> String {
  let names = Kind.allCases.map(\.rawValue)
  return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
}

/// Reads `a,b,c`; every item must be what `read` takes, and one that comes twice counts once.
private func parseList<Item: Equatable>(_ text: String, _ kind: String, _ read: (String) -> Item?) throws -> [Item] {
  var items: [Item] = []
  for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
    guard let item = read(word) else { throw ValidationError("'\(word)' is not \(kind)") }
    if !items.contains(item) { items.append(item) }
  }
  return items
}
