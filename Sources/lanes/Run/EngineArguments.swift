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
  @Option(help: ArgumentHelp("The engine; see 'lanes help engines'.", valueName: "ENGINE"))
  var mode = Mode.auto

  @Flag(help: "Contain crashes: auto uses worker processes.")
  var isolate = false

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("cores")], parsing: .unconditional,
    help: ArgumentHelp("Threads or worker processes. (default: all CPUs)", valueName: "N"))
  var cores: Int?

  @Option(help: ArgumentHelp("How bytes reach worker processes.", valueName: "CHANNEL"))
  var ipc = ChannelKind.shm

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

  @Flag(help: "Report on standard error what the run cost.")
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

  func validate() throws {
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores takes a number from 1 to 4096, not \(cores).")
    }
    if let queueDepth, !(1...4096).contains(queueDepth) {
      throw ValidationError("--queue-depth takes a number from 1 to 4096, not \(queueDepth).")
    }
    if isolate, mode != .auto, mode != .processes {
      throw ValidationError("--isolate asks for worker processes, and --mode \(mode.rawValue) has none; leave one out.")
    }
    if retries < 0 || retries > 1000 {
      throw ValidationError("--retries takes a number from 0 to 1000, not \(retries).")
    }
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
