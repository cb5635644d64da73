import ArgumentParser
import LanesCore
import LanesPrimes
import LanesReport

extension PrimesCommand {
  /// Finds and prints the `nth` prime above the only bound, or above 0.
  ///
  /// Units are counted until the count is reached; the unit that holds the prime is then sieved again in this process.
  func findNth(_ nth: UInt64) throws {
    let start = bounds.first ?? 0
    let search = NthSearch(nth)
    let console = ProgressReporter(engine, resultsOnScreen: false)
    // One run file for all ranges, each of which is a batch of its own.
    let journal = try JournalSession.open(engine)
    var (record, searched) = try count(search, after: start, console, journal)
    // Hardly ever needed: the range has a margin for the error of the logarithmic integral. `search` remembers how many
    // primes are left to count. At 2^64 − 1 there is nowhere to go on.
    while search.wantsMore, record.ending == .complete, searched.stop < .max {
      (record, searched) = try count(search, after: searched.stop, console, journal)
    }
    journal?.close(&record)
    let printer = ResultPrinter()
    defer { printer.flush() }
    if let (unit, failure) = search.firstFailure {
      console.failed(unit, failure)
    } else if record.ending == .complete || record.ending == .satisfied {
      // There are fewer than `nth` primes above `start` and below 2^64.
      guard let prime = try prime(of: search) else {
        throw ExitStatus.usage.failing("\(NthError(nth: nth, start: start))")
      }
      printNth(nth, after: start, prime, printer)
    }
    // Of the last range alone, where there were several.
    printStatistics(record, PrimesMethod(sieving: searched), to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
  }

  /// The prime that was searched for; sieving its unit again may lack memory, which says nothing of the prime.
  private func prime(of search: NthSearch) throws -> UInt64? {
    do throws(UnitFailure) {
      return try search.prime()
    } catch {
      throw ExitStatus.stoppedEarly.failing("the prime was counted to and cannot be told: \(error.reason)")
    }
  }

  /// Counts through the range in which the wanted prime should be; returns that range, too.
  private func count(
    _ search: NthSearch, after start: UInt64, _ console: ProgressReporter, _ journal: JournalSession?
  ) throws -> (RunRecord, PrimeRange) {
    let range: PrimeRange
    do {
      range = try PrimeRange(ofPrime: search.remaining, after: start)
    } catch {
      throw ExitStatus.usage.failing("\(error)")
    }
    let job = BatchRun(
      workload: PrimesWorkload(mode: .count), makePlan: { PrimesPlan(range, mode: .count) },
      fold: search)
    return (try job.run(engine, console, within: journal), range)
  }

  /// Prints the prime; in JSON with the question that it answers.
  private func printNth(_ nth: UInt64, after start: UInt64, _ prime: UInt64, _ printer: ResultPrinter) {
    guard engine.json else { return printer.line(String(prime)) }
    var json = JSONWriter()
    json.object {
      $0.member("type", "primes")
      $0.member("start", start)
      $0.member("nth", nth)
      $0.member("prime", prime)
    }
    printer.line(json.text)
  }
}
