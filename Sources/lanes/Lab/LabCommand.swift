import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport

/// `lanes lab`: what the engines themselves cost on this machine, measured with made-up units.
struct LabCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Measure what the engines themselves cost on this machine.",
    usage: "lanes lab [OPTION]... [EXPERIMENT]...",
    discussion: """
      EXPERIMENTS (default: all)
        units      handing over a unit that does nothing
        payloads   units of 0 B to 16 MiB, and from when on lanes pay
        start-up   starting 1 to 8 threads or worker processes
        engines    all three

      Takes about half a minute. Other work on the machine shows in the figures.

      EXAMPLES
        lanes lab
        lanes lab units payloads --cores 4
        lanes lab start-up --json
      """)

  static let statuses = ExitStatus.page("Everything was measured.", nil)

  @Argument(
    help: ArgumentHelp("What to measure.", valueName: "EXPERIMENT"),
    completion: .list(LabExperiment.groups.keys.sorted() + LabExperiment.allCases.map(\.rawValue)))
  var experiments: [String] = []

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("cores")], parsing: .unconditional,
    help: ArgumentHelp("Lanes of engines that have several. (default: CPUs this process may use)", valueName: "N"))
  var cores: Int?

  @Option(help: ArgumentHelp("Measured rounds.", valueName: "N"))
  var rounds = 5

  @Flag(help: "Print one JSON object per line of a table.")
  var json = false

  func validate() throws {
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores takes a number from 1 to 4096, not \(cores)")
    }
    guard (1...1000).contains(rounds) else {
      throw ValidationError("--rounds takes a number from 1 to 1000, not \(rounds)")
    }
    // A misspelled experiment is told before the first one has run for ten seconds.
    _ = try chosen
  }

  func run() throws {
    try StopSignals.install()
    // Ctrl-C ends between two measurements; half a figure would be none.
    StopSignals.acknowledge(as: LabWorkload.noun)
    let bench = LabBench(lanes: cores ?? CPUs.available)
    let printer = ResultPrinter()
    // Each result is shown when it is there: all three take half a minute.
    for (position, experiment) in try chosen.enumerated() where printer.isOpen {
      if position > 0, !json { printer.line("") }
      let result = try measure(experiment, bench)
      let width = Terminal.wrapping(1) ?? ComparisonText.usualWidth
      (json ? result.jsonLines : result.lines(width: width)).forEach(printer.line)
      printer.flush()
    }
  }

  private func measure(_ experiment: LabExperiment, _ bench: LabBench) throws -> LabResult {
    do {
      return switch experiment {
      case .units: try LabUnits(bench: bench, rounds: rounds).run()
      case .payloads: try LabPayloads(bench: bench, rounds: rounds).run()
      case .startUp: try LabStartUp(rounds: rounds).run()
      }
    } catch let failure as LabBench.Failure {
      throw ExitStatus.stoppedEarly.failing(failure.reason)
    }
  }

  private var chosen: [LabExperiment] {
    get throws {
      var chosen: [LabExperiment] = []
      for name in experiments.isEmpty ? ["engines"] : experiments {
        guard let named = LabExperiment.named(name) else {
          throw ValidationError("'\(name)' is no experiment; there are engines, units, payloads and start-up")
        }
        // Named twice, measured once.
        chosen += named.filter { !chosen.contains($0) }
      }
      return chosen
    }
  }
}
