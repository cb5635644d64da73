import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

extension ChannelKind: ExpressibleByArgument {}

/// `--mode`: an engine, or the choice left to the program.
///
/// What engines there are is `EngineKind`'s business; only `auto` is added here.
enum Mode: ExpressibleByArgument, Equatable {
  case auto
  case engine(EngineKind)

  init?(argument: String) {
    if let kind = EngineKind(rawValue: argument) {
      self = .engine(kind)
    } else {
      guard argument == "auto" else { return nil }
      self = .auto
    }
  }

  /// As it is typed.
  var name: String { if case .engine(let kind) = self { kind.rawValue } else { "auto" } }

  static var allValueStrings: [String] { EngineKind.allCases.map(\.rawValue) + ["auto"] }
  var defaultValueDescription: String { name }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

  /// True where lanes may read files themselves.
  var mayLoadInLanes: Bool { if case .engine(let kind) = self { kind.loadsInLanes } else { true } }

  /// True where units may be performed in worker processes.
  var mayUseWorkers: Bool { if case .engine(let kind) = self { kind.usesWorkers } else { true } }
}

extension IsolationLevel: ExpressibleByArgument {}

/// `--progress`: whether a progress line is drawn; `auto` draws it where standard error is a terminal.
enum ProgressChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// The options that every workload shares.
struct EngineArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The engine; see 'lanes help engines'.", valueName: "ENGINE"))
  var mode = Mode.auto

  @Option(
    help: ArgumentHelp(
      "What a crash or a hijacked decoder can reach: none, process or sandbox. (default: images sandbox, others as the "
        + "engine gives)", valueName: "LEVEL"))
  var isolation: IsolationLevel?

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("cores")], parsing: .unconditional,
    help: ArgumentHelp("Threads or worker processes. (default: all CPUs)", valueName: "N"))
  var cores: Int?

  @Option(help: ArgumentHelp("How bytes reach worker processes.", valueName: "CHANNEL"))
  var ipc = ChannelKind.shm

  // `unconditional`: a value such as -1 is to be refused by what it says, not taken for an unknown option.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Loads in flight. (default: \(EngineOptions.defaultQueueDepth))", valueName: "N"))
  var queueDepth: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Memory for units in flight. (default: half of free)", valueName: "SIZE"),
    transform: parseSize)
  var memory: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Longest time for a unit, such as 2s.", valueName: "DURATION"),
    transform: parseDuration)
  var timeout: Duration?

  @Option(parsing: .unconditional, help: ArgumentHelp("Retries when a worker process dies.", valueName: "N"))
  var retries = 1

  @Option(
    help: ArgumentHelp("Write each unit's outcome to FILE, for --resume and verify.", valueName: "FILE"),
    completion: .file())
  var journal: String?

  @Option(
    help: ArgumentHelp("Go on with the run that FILE tells of; nothing is done twice.", valueName: "FILE"),
    completion: .file())
  var resume: String?

  @Flag(help: "Report on standard error what the run cost, and ahead of it what to watch it with.")
  var stats = false

  @Option(
    help: ArgumentHelp("Write a Chrome trace of all units (for Perfetto).", valueName: "FILE"), completion: .file())
  var trace: String?

  @Flag(help: "Print results as one JSON object per line.")
  var json = false

  @Option(help: ArgumentHelp("Progress bar on standard error.", valueName: "WHEN"))
  var progress = ProgressChoice.auto

  @Flag(name: .shortAndLong, help: "No progress, no summary; still report errors. files search: no output.")
  var quiet = false

  @Flag(name: .customLong("no-color"), help: "No colors (also when NO_COLOR is set).")
  var noColor = false

  /// The heading over these options.
  static let section = "Engine options"

  func validate() throws {
    if journal != nil, resume != nil {
      throw ValidationError("--journal begins a run file and --resume goes on with one: leave out one of them")
    }
    // 4096 is beyond any machine that runs this, and below what threads and descriptors allow by default.
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores takes a number from 1 to 4096, not \(cores)")
    }
    if let queueDepth, !(1...4096).contains(queueDepth) {
      throw ValidationError("--queue-depth takes a number from 1 to 4096, not \(queueDepth)")
    }
    // Naming an engine that cannot keep the promise is a contradiction; taking either side silently would be wrong.
    if let isolation, isolation > .none, !mode.mayUseWorkers {
      throw ValidationError(
        "--isolation \(isolation.rawValue) asks for worker processes, and --mode \(mode.name) has none; leave one out")
    }
    if isolation == IsolationLevel.none, case .engine(let kind) = mode, kind.usesWorkers {
      throw ValidationError(
        "--isolation none asks for no worker processes, and --mode \(mode.name) for some; leave one out")
    }
    if retries < 0 || retries > 1000 {
      throw ValidationError("--retries takes a number from 0 to 1000, not \(retries)")
    }
    if let timeout, timeout <= .zero { throw ValidationError("--timeout takes a duration above zero, such as 2s") }
  }

  var options: EngineOptions {
    var options = EngineOptions(
      lanes: cores ?? CPUs.available, queueDepth: queueDepth ?? EngineOptions.defaultQueueDepth, timeout: timeout,
      retries: retries)
    if let memory { options.memory = memory }
    return options
  }

  /// How many units may run at a time.
  var lanes: Int {
    if case .engine(let kind) = mode, !kind.takesLanes { 1 } else { options.lanes }
  }

  /// What protects the rest of the machine from the units of `workload`.
  ///
  /// Nobody need ask for the sandbox where units are hazardous; where they are not, worker processes take it if the kernel has it.
  private func level(for workload: any Workload.Type) -> IsolationLevel {
    if let isolation { return isolation }
    switch mode {
    case .auto: return workload.isHazardous ? .sandbox : .none
    case .engine(let kind) where kind.usesWorkers:
      return workload.isHazardous || Sandbox.missing.isEmpty ? .sandbox : .process
    case .engine: return .none
    }
  }

  /// What `--stats` says of a run whose units were hazardous and shared this process.
  func isolationNote(for workload: any Workload.Type) -> String? {
    guard workload.isHazardous, level(for: workload) == .none else { return nil }
    let cause = isolation == nil ? "--mode \(mode.name)" : "--isolation none"
    return "decoding was not isolated (\(cause)): a crash would have ended the run"
  }

  /// What is told of a crash of this process, behind the crash itself: what contains one, and how to go on.
  func crashAdvice(for workload: any Workload.Type) -> String {
    let usesWorkers = if case .engine(let kind) = mode { kind.usesWorkers } else { level(for: workload) > .none }
    let contained = usesWorkers ? [] : [#""--mode processes" contains such a crash"#]
    let resumed =
      (journal ?? resume).map { #""--resume \#($0)" goes on with the others"# }
      ?? #"a run with "--journal FILE" can be gone on with"#
    return "; " + (contained + [resumed]).joined(separator: ", and ")
  }

  /// The engine asked for. `auto` may use more threads than CPUs only where `--cores` leaves the number to it.
  func engine(for workload: any Workload.Type) -> any Engine {
    var options = options
    let level = level(for: workload)
    options.isolation = level
    let worker = WorkerMode.command
    switch mode {
    case .engine(let kind): return Engines.make(kind, channel: ipc, options: options, worker: worker)
    case .auto:
      guard level > .none else { return AutoEngine(options, mayAddLanes: cores == nil) }
      let reason = isolation == nil ? "decoders of strangers' files are kept apart" : "isolation was asked for"
      return AutoEngine(
        options, mayAddLanes: cores == nil,
        isolation: AutoEngine.Isolation(channel: ipc, worker: worker, reason: reason))
    }
  }
}

/// Sizes, durations and counts in the notations of `Quantity`, told as one sentence where they are wrong.
@Sendable func parseSize(_ text: String) throws -> Int {
  do { return try Quantity.size(text) } catch { throw ValidationError(error.reason) }
}

@Sendable func parseDuration(_ text: String) throws -> Duration {
  do { return try Quantity.duration(text) } catch { throw ValidationError(error.reason) }
}

@Sendable func parseCount(_ text: String) throws -> UInt64 {
  do { return try Quantity.count(text) } catch { throw ValidationError(error.reason) }
}
