import Glibc
import LanesCore
import LanesFiles
import LanesOS
import SystemPackage

/// Runs a plan through perform and fold as an engine would, on the calling thread.
enum PlanRunner {
  /// Returns all units of the plan, also those that failed before they could start.
  @discardableResult static func run(_ plan: some UnitPlan, _ workload: some Workload, _ fold: some Fold) -> [Unit] {
    var units: [Unit] = []
    while true {
      switch plan.next() {
      case .unit(let unit):
        units.append(unit)
        fold.absorb(unit, perform(unit, workload))
      case .failed(let unit, let failure):
        units.append(unit)
        fold.absorb(unit, .failed(failure))
      case .waiting(let descriptor):
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, -1)
      case .end: return units
      }
    }
  }

  private static func perform(_ unit: Unit, _ workload: some Workload) -> Outcome {
    guard let input = load(unit.source) else { return .failed(UnitFailure(.input, "it cannot be read")) }
    if unit.isOutgrown(by: input.count) { return .done([]) }
    do throws(UnitFailure) {
      let output = OutputBuffer()
      return .done(try workload.perform(unit, input: input.span.bytes, output: output, deadline: .never))
    } catch {
      return .failed(error)
    }
  }

  static func load(_ source: Source) -> Bytes? {
    switch source {
    case .none, .files: []
    case .bytes(let bytes): bytes
    case .file(let path), .head(let path, _): contents(of: path.string)
    case .slice(let slice):
      contents(of: slice.path.string).map { Bytes($0[slice.offset..<slice.offset + slice.length]) }
    }
  }
}
