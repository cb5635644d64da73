import LanesCore
import LanesOS
import LanesPrimes

/// Runs a range through plan, perform and fold as an engine would, on the calling thread.
struct BatchRunner {
  var partial = PrimesPartial()
  var output: Bytes = []
  var units: [Unit] = []
  var failures: [UnitFailure] = []

  init(
    _ start: UInt64, _ stop: UInt64, _ mode: PrimesMode = .count, _ instructions: SieveInstructions = .best,
    caches: Caches = Caches.found ?? .usual
  ) throws {
    let plan = PrimesPlan(try PrimeRange(start: start, stop: stop), mode: mode)
    let fold = PrimesTotal(mode)
    let workload = PrimesWorkload(mode: mode, instructions: instructions, caches: caches)
    let buffer = OutputBuffer()
    let nothing = Bytes()
    while case .unit(let unit) = plan.next() {
      units.append(unit)
      buffer.restart()
      do throws(UnitFailure) {
        let partial = try workload.perform(unit, input: nothing.span.bytes, output: buffer, deadline: .never)
        buffer.withBytes {
          fold.absorb(unit, .done(partial), output: $0)
          if unit.sink == .standardOutput { output.append(contentsOf: $0) }
        }
      } catch {
        failures.append(error)
        fold.absorb(unit, .failed(error))
      }
    }
    partial = fold.total
  }

  /// The listed primes.
  var primes: [UInt64] {
    output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
      .map { UInt64(String(decoding: $0, as: UTF8.self))! }
  }
}

/// The count of primes from `start` through `stop`.
func count(_ start: UInt64, _ stop: UInt64) throws -> UInt64 { try BatchRunner(start, stop).partial.count }
