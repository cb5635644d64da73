import ArgumentParser
import LanesCore
import LanesPrimes
import LanesReport

extension PrimesCommand {
  /// How primes are counted.
  enum Algorithm: String, ExpressibleByArgument, CaseIterable {
    case sieve, combinatorial
  }

  /// Refuses questions that only a sieve answers, and bounds above those that `CombinatorialTables` allows.
  func validateCombinatorial() throws {
    guard asked.algorithm == .combinatorial else { return }
    guard asked.nth == nil, asked.tuplets == nil, asked.question == nil || asked.question == .count else {
      throw ValidationError("--algorithm combinatorial only counts primes: drop the other question, or use the sieve")
    }
    guard bounds.count < 2 || bounds[0] == 0 else {
      throw ValidationError("--algorithm combinatorial counts from 0: drop START, or use the sieve")
    }
    guard bounds.last ?? 0 <= CombinatorialPlan.bounds.upperBound else {
      throw ValidationError("--algorithm combinatorial counts up to 1e18: choose a smaller STOP")
    }
  }

  /// True where the answer comes from a formula; bounds too small for it are sieved.
  /// The bound that is not given is that of `makeRange`.
  var isCombinatorial: Bool {
    asked.algorithm == .combinatorial && (bounds.last ?? 1_000_000_000) >= CombinatorialPlan.bounds.lowerBound
  }

  /// Counts the primes up to the bound without finding them, by the method of Lagarias, Miller and Odlyzko.
  func countCombinatorially() throws {
    let range = try makeRange()
    let workload: CombinatorialWorkload
    do {
      // Throws where there is no memory for its tables.
      workload = try CombinatorialWorkload(bound: range.stop)
    } catch {
      throw ExitStatus.usage.failing(error.reason)
    }
    // The fold uses the same tables as the units.
    let total = workload.makeTotal()
    let console = ProgressReporter(engine, resultsOnScreen: false)
    announce(range, console)
    let job = BatchRun(workload: workload, makePlan: { workload.makePlan() }, fold: total)
    let record = try job.run(engine, console)
    let printer = ResultPrinter()
    if let (unit, failure) = total.firstFailure {
      console.failed(unit, failure)
    } else if record.ending == .complete {
      var partial = PrimesPartial()
      // Meaningful only now: the count needs the results of all units.
      partial.count = total.count
      printResult(range, partial, printer)
    }
    printStatistics(record, PrimesMethod(combinatorial: range.stop), to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
  }
}
