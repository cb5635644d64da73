import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport

/// `lanes compare`: the same batch under every engine, each in a process of its own, and what each way cost.
struct CompareCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Run a batch under every engine and say what each way cost and what bounds the work.",
    usage: "lanes compare [OPTION]... COMMAND [WORD]...",
    discussion: """
      EXAMPLES
        lanes compare primes 1e10
        lanes compare images convert photos --resize 512x512
        lanes compare --cold files count -r folder

      Options of compare stand before or after them; --cores is a list here. Under the table one line per lane shows \
      when it computed and when it waited. The page of --report explains each column. Images go to a temporary folder. Rounds are interleaved; results that differ \
      between contenders are an error.
      """)

  static let statuses = ExitStatus.page(
    "All contenders gave the same result.", "Contenders gave different results, or nothing could be done.")

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

  @Option(help: ArgumentHelp("Measured rounds.", valueName: "N"))
  var rounds = 5

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

  // Everything from the first word that is no option of compare on, options included: they are the command's.
  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The command to compare.", valueName: "WORDS"))
  var words: [String] = []

  func validate() throws {
    guard (1...1000).contains(rounds) else { throw ValidationError("--rounds takes a number from 1 to 1000") }
    if let warmup, !(0...100).contains(warmup) { throw ValidationError("--warmup takes a number from 0 to 100") }
    if json && markdown { throw ValidationError("--json and --markdown exclude each other") }
  }

  func run() throws {
    try StopSignals.install()
    if !quiet { StopSignals.acknowledge(as: UnitNoun("run", "runs")) }
    let subject = try ComparedCommand(words)
    // A comparison may take an hour; that its report has no place must be known before.
    if let report { try CompareOutput.check(report) }
    // Standard error, which is where progress goes even if the table is sent to a file.
    let announces = !quiet && Terminal.isCapable(2)
    let race = ComparisonRunner(subject, setups: setups, warmup: warmups, rounds: rounds, cold: cold) {
      if announces { Self.announce($0.line(width: max(20, Terminal.width(2) - 1))) }
    }
    let contenders: [LanesReport.Contender]
    do throws(ComparisonRunner.Problem) {
      contenders = try race.run()
    } catch {
      if announces { Self.announce("") }
      throw error.exitCode
    }
    // The line is erased before anything is printed below it.
    if announces { Self.announce("") }
    // A stop leaves the rounds that were finished, which are shown all the same.
    let comparison = Comparison(contenders, cpus: CPUs.available, isInterrupted: StopSignals.received != nil)
    if !contenders.isEmpty {
      let output = CompareOutput(comparison, subject, options: optionsInEffect, style: style)
      output.print()
      if let report { try output.write(to: report) }
    }
    // The figures there are were shown; the shell still learns that it was a signal.
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
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
      + ["--rounds", String(rounds), "--warmup", String(warmups)] + (cold ? ["--cold"] : [])
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
