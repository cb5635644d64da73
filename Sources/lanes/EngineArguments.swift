import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

extension ChannelKind: ExpressibleByArgument {}

/// `--mode`: an engine, or the choice left to the program.
enum Mode: String, ExpressibleByArgument, CaseIterable {
  case serial, threads, processes, eventloop, auto
}

enum ProgressChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// The options that every workload shares.
struct EngineArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which engine; auto measures the first units and chooses threads, how many, or serial.", valueName: "ENGINE"))
  var mode = Mode.auto

  @Flag(help: "A crash must cost its own unit only: auto then means worker processes.")
  var isolate = false

  @Option(
    name: .customLong("cores"),
    help: ArgumentHelp(
      "Worker processes or threads (default: the CPUs that affinity and cgroup quota grant; auto may use more threads where units wait).",
      valueName: "N"))
  var cores: Int?

  @Option(help: ArgumentHelp("How bytes reach worker processes.", valueName: "CHANNEL"))
  var ipc = ChannelKind.shm

  @Option(
    help: ArgumentHelp(
      "Loads in flight for the event loop and for processes (default: \(EngineOptions.defaultQueueDepth), fewer where descriptors are short).",
      valueName: "N"))
  var queueDepth: Int?

  @Option(
    help: ArgumentHelp(
      "Memory for what is in flight, such as 512M (default: half of what is free).", valueName: "SIZE"),
    transform: parseSize)
  var memory: Int?

  @Option(
    help: ArgumentHelp("The longest time for one unit, such as 2s (default: none).", valueName: "DURATION"),
    transform: parseDuration)
  var timeout: Duration?

  @Option(help: ArgumentHelp("How often the units of a worker that crashed are tried again.", valueName: "N"))
  var retries = 1

  @Flag(help: "After the run, tell on standard error what it cost.")
  var stats = false

  @Option(
    help: ArgumentHelp(
      "Write start and end of every unit in the Chrome trace format (opens in Perfetto).", valueName: "FILE"),
    completion: .file())
  var trace: String?

  @Flag(help: "Print results, and statistics with --stats, as one JSON object per line.")
  var json = false

  @Option(help: ArgumentHelp("A progress bar on standard error; auto shows it on a terminal.", valueName: "WHEN"))
  var progress = ProgressChoice.auto

  @Flag(
    name: .shortAndLong, help: "Print no progress and no summary, only errors; with files search nothing but errors.")
  var quiet = false

  @Flag(name: .customLong("no-color"), help: "No colours (also when NO_COLOR is set).")
  var noColor = false

  func validate() throws {
    if let cores, !(1...4096).contains(cores) { throw ValidationError("--cores takes a number from 1 to 4096.") }
    if let queueDepth, !(1...4096).contains(queueDepth) {
      throw ValidationError("--queue-depth takes a number from 1 to 4096.")
    }
    if isolate, mode != .auto, mode != .processes {
      throw ValidationError("--isolate asks for worker processes, and --mode \(mode.rawValue) has none; leave one out.")
    }
    if retries < 0 || retries > 1000 { throw ValidationError("--retries takes a number from 0 to 1000.") }
    if let timeout, timeout <= .zero { throw ValidationError("--timeout takes a duration above zero, such as 2s.") }
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
    switch mode {
    case .serial, .eventloop: 1
    case .threads, .processes, .auto: options.lanes
    }
  }

  /// The engine asked for. `auto` may use more threads than CPUs only where `--cores` leaves the number to it.
  func engine() -> any Engine {
    let options = options
    let worker = WorkerMode.command
    let kind: EngineKind
    switch mode {
    case .serial: kind = .serial
    case .threads: kind = .threads
    case .processes: kind = .processes
    case .eventloop: kind = .eventloop
    case .auto:
      let isolation = isolate ? AutoEngine.Isolation(channel: ipc, worker: worker) : nil
      return AutoEngine(options, mayAddLanes: cores == nil, isolation: isolation)
    }
    return Engines.make(kind, channel: ipc, options: options, worker: worker)
  }
}

@Sendable func parseSize(_ text: String) throws -> Int {
  do { return try Quantity.size(text) } catch { throw ValidationError(error.reason) }
}

@Sendable func parseDuration(_ text: String) throws -> Duration {
  do { return try Quantity.duration(text) } catch { throw ValidationError(error.reason) }
}

@Sendable func parseCount(_ text: String) throws -> UInt64 {
  do { return try Quantity.count(text) } catch { throw ValidationError(error.reason) }
}
