import LanesCore
import LanesEngines
import LanesFiles
import LanesImages
import LanesLab
import LanesOS
import LanesPrimes

/// This program as a worker of its own processes engine: `lanes worker PARENT`, on inherited descriptors.
enum WorkerMode {
  static let word = "worker"

  /// How the engine starts a worker.
  static let command = WorkerCommand(arguments: [word])

  /// Every workload that a worker can be asked for.
  // A worker is told a name and a description and looks the type up here. A workload that is missing works under every
  // other engine, so that the tests run each under all.
  private static let workloads: [any Workload.Type] =
    [
      ConvertWorkload.self, InfoWorkload.self, LikenessWorkload.self, PrimesWorkload.self, CombinatorialWorkload.self,
      CountWorkload.self, SearchWorkload.self, HashWorkload.self, StatsWorkload.self, TopWorkload.self,
      HistogramWorkload.self, LabWorkload.self, AttackWorkload.self,
    ] + FileWorkloads.unpacking

  /// A workload of this program by its name, from its own description; nil where either is unknown.
  static func workload(named name: String, _ description: Bytes) -> (any Workload)? {
    guard let kind = workloads.first(where: { $0.name == name }) else { return nil }
    var reader = WireReader(description)
    return try? kind.init(from: &reader)
  }

  /// Serves until the coordinator says so; returns the exit status.
  static func run(parent: Int32) -> Int32 {
    guard Worker.hasCoordinator else {
      StandardError.line("lanes: worker is how lanes starts its own worker processes; use --mode processes instead")
      return ExitStatus.usage.rawValue
    }
    do {
      try Worker.serve(parent: parent, workloads: workloads)
      return 0
    } catch let failure as Worker.Failure {
      StandardError.line("lanes: worker: \(failure.reason)")
    } catch is SystemError {
      return WorkerCommand.unreachableStatus
    } catch {
      // The coordinator has closed the pipe or sent what cannot be read; there is nobody to tell.
    }
    // EX_SOFTWARE of sysexits.h, which the coordinator reads as a crash.
    return 70
  }
}
