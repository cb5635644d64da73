import ArgumentParser
import LanesCore
import LanesEngines
import LanesLab
import LanesOS
import LanesReport

/// `lanes lab`: claims of a course on operating systems put to the test on this machine, and what the engines themselves cost.
struct LabCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Measure what courses on operating systems tell, and what the engines themselves cost.",
    usage: "lanes lab [OPTION]... [EXPERIMENT]...",
    discussion: """
      Without an experiment, lanes lab lists all of them, chapter by chapter. Each takes some seconds, needs no rights, and \
      ends with a verdict on each claim: confirmed, refuted, or undecidable here.

      EXPERIMENTS
        NAME       one of the list, or a chapter for all of its experiments
        all        every experiment of every chapter
        course     all of them in turn, Enter between; goes on where it was left
        doctor     whether this machine is quiet and plain enough to measure on
        engines    what the engines of lanes cost, half a minute, in three parts:
        units      handing over a unit that does nothing
        payloads   units of 0 B to 16 MiB, and from when on lanes pay
        start-up   starting 1 to 8 threads or worker processes

      EXAMPLES
        lanes lab
        lanes lab switch
        lanes lab switch --explain
        lanes lab scheduling --seconds 4
        lanes lab race --predict
        lanes lab all --report lab.html
        lanes lab --claims
        lanes lab units payloads --cores 4
        lanes lab units --count 1e7 --rounds 1
      """)

  static let statuses = ExitStatus.page("Everything was measured, whatever the verdicts.", nil)

  @Argument(
    help: ArgumentHelp("What to measure.", valueName: "EXPERIMENT"), completion: .list(LabSelection.words))
  var experiments: [String] = []

  @Option(help: ArgumentHelp("Seconds of measuring for each experiment. (default: 2)", valueName: "N"))
  var seconds: Double?

  @Option(
    help: ArgumentHelp(
      "Measured rounds; of experiments at least so many, more where --seconds allows. (default: 5)", valueName: "N"))
  var rounds: Int?

  @Option(
    help: ArgumentHelp(
      "Where to measure: on one CPU, on two, or wherever the kernel likes. (default: as the experiment has it)",
      valueName: "free|same|two"))
  var pin: LabPin?

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("cores")], parsing: .unconditional,
    help: ArgumentHelp(
      "Lanes of engines that have several, for engines, units and payloads. (default: CPUs this process may use)",
      valueName: "N"))
  var cores: Int?

  @Option(
    help: ArgumentHelp("Empty units of each batch, for units. (default: as many as take 40 ms)", valueName: "N"),
    transform: parseCount)
  var count: UInt64?

  @Flag(help: "Tell how it is measured, what misleads and where figures are from, and measure nothing.")
  var explain = false

  @Flag(help: "Print all claims, and those that cannot be measured with the reason.")
  var claims = false

  @Flag(help: "Ask for a verdict on each claim first, and compare it with what was measured.")
  var predict = false

  @Option(help: ArgumentHelp("Write one HTML page about the experiments, too.", valueName: "FILE.html"))
  var report: String?

  @Flag(help: "Print one JSON object per line, as docs/lab.schema.json has it.")
  var json = false

  func validate() throws {
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores takes a number from 1 to 4096, not \(cores)")
    }
    if let rounds, !(1...1000).contains(rounds) {
      throw ValidationError("--rounds takes a number from 1 to 1000, not \(rounds)")
    }
    if let seconds, !(0.05...600).contains(seconds) {
      throw ValidationError("--seconds takes a number from 0.05 to 600, not \(seconds)")
    }
    // A misspelled experiment is told before the first one has run for ten seconds.
    let selection = try LabSelection(experiments)
    let hasExperiments = !selection.experiments.isEmpty || experiments == ["course"]
    if !hasExperiments, seconds != nil || pin != nil || explain || predict {
      throw ValidationError(
        "--seconds, --pin, --explain and --predict ask for an experiment of a chapter; lanes lab lists them")
    }
    if !hasExperiments, selection.engines.isEmpty, rounds != nil {
      throw ValidationError("--rounds asks for an experiment; lanes lab lists them")
    }
    if selection.engines.isEmpty, cores != nil {
      throw ValidationError("--cores is for engines, units and payloads; experiments of the chapters choose themselves")
    }
    if let count, !selection.engines.contains(.units) || !(16...1_000_000_000).contains(count) {
      throw ValidationError("--count takes a number from 16 to 1e9, and is for units: lanes lab units --count 1e7")
    }
    if claims, !experiments.isEmpty || json {
      throw ValidationError("--claims prints all claims, and takes neither experiments nor --json")
    }
    if explain, json { throw ValidationError("--explain is for people; leave out --json") }
    if predict, json || explain { throw ValidationError("--predict asks a person; leave out --json and --explain") }
    let isAlone = experiments.count == 1
    if experiments.contains("course"), !isAlone || json || explain || report != nil {
      throw ValidationError(
        "course goes through all experiments by itself; add --seconds, --rounds, --pin or --predict alone")
    }
    if experiments.contains("doctor"), !isAlone || json || explain || predict || report != nil {
      throw ValidationError("doctor stands alone, without options")
    }
    if report != nil, selection.experiments.isEmpty || explain {
      throw ValidationError("--report is about experiments of the chapters, such as lanes lab all --report lab.html")
    }
  }

  func run() throws {
    let selection = try LabSelection(experiments)
    let printer = ResultPrinter()
    defer { printer.flush() }
    let width = Terminal.wrapping(1) ?? 80
    if claims { return LabLists.claims(width: width).forEach(printer.line) }
    guard !experiments.isEmpty else {
      return (json ? LabLists.jsonLines : LabLists.experiments(width: width)).forEach(printer.line)
    }
    if explain {
      let pages = selection.experiments.map { LabLists.explanation($0, width: width) }
      return pages.joined(separator: [""]).forEach(printer.line)
    }
    if let report { try CompareOutput.check(report) }
    try StopSignals.install()
    if experiments == ["doctor"] { return LabDoctor.lines(width: width).forEach(printer.line) }
    // Ctrl-C ends between two measurements; half a figure would be none.
    StopSignals.acknowledge(as: LabWorkload.noun)
    let session = LabSession(
      loop: LabLoop(seconds: seconds ?? 2, rounds: rounds ?? 5, pin: pin), width: width, predicts: predict,
      printer: printer)
    if experiments == ["course"] { return try LabCourse(session).run() }
    try measure(selection, session, printer)
  }

  /// Each result is shown when it is there: all of them take minutes.
  private func measure(_ selection: LabSelection, _ session: LabSession, _ printer: ResultPrinter) throws {
    var entries: [LabPage.Entry] = []
    var missing: [String] = []
    for (position, experiment) in selection.experiments.enumerated() where printer.isOpen {
      if position > 0, !json { printer.line("") }
      let entry = json ? try session.measureForPrograms(experiment) : try session.measure(experiment)
      entries.append(entry.page)
      if entry.measurements.isFacilityMissing, experiments.contains(experiment.name) { missing.append(experiment.name) }
    }
    if let report {
      // The words that would do it again, without the page.
      let words = ["lanes lab"] + experiments + (seconds.map { ["--seconds \($0)"] } ?? [])
      let machine = MachineFacts.all() + [("Program", "lanes \(ProgramVersion.number)")]
      try CompareOutput.write(
        LabPage(subject: words.joined(separator: " "), entries, machine: machine).html, to: report)
    }
    for (position, experiment) in selection.engines.enumerated() where printer.isOpen {
      if position + selection.experiments.count > 0, !json { printer.line("") }
      let result = try measure(experiment)
      (json ? result.jsonLines : result.lines(width: Terminal.wrapping(1) ?? ComparisonText.usualWidth))
        .forEach(printer.line)
      printer.flush()
    }
    if !missing.isEmpty {
      throw ExitStatus.missing.failing("this machine lacks what \(Readable.list(missing)) measures")
    }
  }

  private func measure(_ experiment: EngineExperiment) throws -> EngineResult {
    do {
      return try experiment.run(
        lanes: cores ?? CPUs.available, rounds: rounds ?? 5, worker: WorkerMode.command, count: count.map { Int($0) })
    } catch let failure as LabBench.Failure {
      throw ExitStatus.stoppedEarly.failing(failure.reason)
    } catch let error as EngineError {
      throw ExitStatus.of(error)
    }
  }
}

extension LabPin: ExpressibleByArgument {}

/// What the words behind `lanes lab` name.
struct LabSelection {
  /// Of the chapters, each once, in the order they were named in.
  private(set) var experiments: [Experiment] = []
  private(set) var engines: [EngineExperiment] = []

  init(_ names: [String]) throws {
    for name in names where !Self.special.contains(name) {
      if let named = EngineExperiment.named(name) {
        // Named twice, measured once.
        engines += named.filter { !engines.contains($0) }
        continue
      }
      let chapter = LabChapter(rawValue: name).map(Experiment.of)
      guard let found = name == "all" ? Experiment.all : chapter ?? Experiment.named(name).map({ [$0] }) else {
        throw ValidationError("'\(name)' is no experiment; there are \(Readable.list(Self.words))")
      }
      experiments += found.filter { one in !experiments.contains { $0.name == one.name } }
    }
  }

  /// Words that stand alone.
  static let special = ["course", "doctor"]

  /// Everything that can be named.
  static let words =
    Experiment.all.map(\.name) + LabChapter.allCases.map(\.rawValue) + ["all"] + special
    + EngineExperiment.groups.keys.sorted()
    + EngineExperiment.allCases.map(\.rawValue)
}
