import ArgumentParser
import LanesCore
import LanesOS
import LanesPrimes
import LanesReport

/// `lanes primes`: primes of a range, found by sieving.
struct PrimesCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "primes",
    abstract: "Count, list or add up the primes of a range.",
    usage: "lanes primes [OPTION]... [[START] STOP]",
    discussion: """
      Takes the primes from START through STOP, both included and anywhere from 0 to 2^64-1; START is 0 and STOP 1e9 unless \
      given. With --nth the only bound is START. Bounds can be written as 1e9, 2^32, 10_000 or 1e12+1e8.

      EXAMPLES
        lanes primes 1e10
        lanes primes 1e12 1e12+1e6 --list
        lanes primes 2^40 --sum --mode processes -j 4
        lanes primes --nth 1e8
        lanes primes 1e15 --algorithm combinatorial
      """)

  static let statuses = ExitStatus.page("The answer was printed.", "A unit failed, so that there is no answer.")

  @Argument(
    help: ArgumentHelp("Bounds: [[START] STOP], or [START] with --nth.", valueName: "BOUND"), transform: parseCount)
  var bounds: [UInt64] = []

  @OptionGroup(title: "Questions")
  var asked: Asked

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// The options that say what is asked.
  struct Asked: ParsableArguments {
    @Flag(exclusivity: .exclusive)
    // Nil means --count; --tuplets and --nth ask something else.
    var question: Question?

    // `.unconditional`: `--tuplets -1` is told the range, instead of that -1 is an unknown option.
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Print how many groups of K primes lie as close together as K primes can, K from 2 (twins) to 6.",
        valueName: "K"))
    var tuplets: Int?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Print the N-th prime above START, the only bound (default: above 0).", valueName: "N"),
      transform: parseCount)
    var nth: UInt64?

    @Option(
      help: ArgumentHelp(
        "How to count: sieve, or combinatorial, which counts from 0 up to at most 1e18 without finding primes.",
        valueName: "ALGORITHM"))
    var algorithm = Algorithm.sieve

    func validate() throws {
      if let nth, nth == 0 { throw ValidationError("--nth counts from 1") }
      // Flags of one enumeration exclude each other by themselves; an option and a flag do not.
      if nth != nil, question != nil || tuplets != nil {
        throw ValidationError("--nth and --\(question?.rawValue ?? "tuplets") exclude each other")
      }
      if let question, tuplets != nil {
        throw ValidationError("--\(question.rawValue) and --tuplets exclude each other")
      }
      if let tuplets, PrimesMode(tupletsOf: tuplets) == nil {
        throw ValidationError("--tuplets takes 2, 3, 4, 5 or 6, not \(tuplets)")
      }
    }

    /// What every unit computes. `--twins` is the same as `--tuplets 2`.
    var mode: PrimesMode { tuplets.flatMap { PrimesMode(tupletsOf: $0) } ?? (question ?? .count).mode }
  }

  /// As asked, except that with --json units of a list write JSON themselves: every prime is a line of their output.
  var mode: PrimesMode { asked.mode == .list && engine.json ? .listJSON : asked.mode }

  /// What is asked about the primes.
  enum Question: String, EnumerableFlag {
    case count, list, sum, twins

    static func help(for value: Question) -> ArgumentHelp? {
      switch value {
      case .count: "Print how many there are."
      case .list: "Print them, ascending, one a line."
      case .sum: "Print their sum, exactly."
      case .twins: "Print how many pairs of primes differ by two."
      }
    }

    var mode: PrimesMode {
      switch self {
      case .count: .count
      case .list: .list
      case .sum: .sum
      case .twins: .twins
      }
    }
  }

  /// Refuses bounds that make no range. With --nth there is one bound, and the range follows from an estimate.
  func validate() throws {
    if asked.nth == nil { _ = try makeRange() }
    try validateCombinatorial()
    if asked.nth != nil, bounds.count > 1 { throw ValidationError("at most one bound with --nth: START") }
  }

  func run() throws {
    if let nth = asked.nth { return try findNth(nth) }
    if isCombinatorial { return try countCombinatorially() }
    let range = try makeRange()
    let total = PrimesTotal(mode)
    let job = BatchRun(
      workload: PrimesWorkload(mode: mode), makePlan: { PrimesPlan(range, mode: mode) },
      fold: total)
    // Lists go from the units to standard output, in order; any other question has one answer at the end.
    let console = ProgressReporter(engine, resultsOnScreen: mode.isList)
    announce(range, console)
    let record = try job.run(engine, console)
    let printer = ResultPrinter()
    if let (unit, failure) = total.firstFailure { console.failed(unit, failure) }
    // A total that lacks a unit would be wrong, so there is none.
    if record.ending == .complete, record.unitsFailed == 0 { printResult(range, total.total, printer) }
    printStatistics(record, PrimesMethod(sieving: range), to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
  }

  /// Says which range is taken where nobody named one.
  ///
  /// On standard error: standard output holds the answer alone.
  func announce(_ range: PrimeRange, _ console: ProgressReporter) {
    guard bounds.isEmpty, !engine.quiet else { return }
    console.say("lanes: no range given, so primes are taken up to \(range.stop); name another as STOP or START STOP")
  }

  /// The range of the bounds: a single one is the last number, and without any it is that of the help text.
  func makeRange() throws -> PrimeRange {
    let stop = bounds.last ?? 1_000_000_000
    guard bounds.count <= 2 else { throw ValidationError("at most two bounds: START and STOP") }
    do {
      return try PrimeRange(start: bounds.count == 2 ? bounds[0] : 0, stop: stop)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Prints the answer for the whole range; after a list of text nothing, since the units have printed it.
  func printResult(_ range: PrimeRange, _ total: PrimesPartial, _ printer: ResultPrinter) {
    let value =
      switch mode {
      case .count, .list, .listJSON: String(total.count)
      case .sum: String(total.sum)
      case .twins, .triplets, .quadruplets, .quintuplets, .sextuplets: String(total.tuplets)
      }
    if engine.json {
      var json = JSONWriter()
      json.object {
        $0.member("type", "primes")
        $0.member("start", range.start)
        $0.member("stop", range.stop)
        // Sums exceed what JSON readers keep exactly, hence a string.
        // The names of the cases are the members' names.
        let name = mode == .listJSON ? "count" : String(describing: mode)
        if mode == .sum { $0.member(name, value) } else { $0.member(name, UInt64(value)) }
      }
      printer.line(json.text)
    } else if mode != .list {
      printer.line(value)
    }
  }
}
