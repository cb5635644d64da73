import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

extension HashAlgorithm: ExpressibleByArgument {}

/// `lanes files hash`: checksums and digests, as sha256sum prints and checks them.
struct FilesHashCommand: FilesOperation, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "hash",
    abstract: "Print or check CRC-32, XXH3 or SHA-256 of files, as sha256sum does.",
    usage: "lanes files hash [OPTION]... [FILE]...",
    discussion: """
      One file is hashed by all lanes with crc32, and by one lane at a time with xxh3 and sha256; many files go side by \
      side. Without FILE, or where FILE is -, standard input is read. With --check each FILE is a list that an earlier run, \
      sha256sum or xxhsum -H3 wrote, and --quiet leaves out what is OK.

      EXAMPLES
        lanes files hash *.iso > sums
        lanes files hash --check sums
        lanes files hash --algorithm crc32 huge.img
      """)

  static let statuses = ExitStatus.page(
    "Every file was hashed; with --check, every sum matched.",
    "Some files could not be read; with --check, or a sum did not match.")

  @OptionGroup(title: "Hash options")
  var asked: Asked

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// The options of this command alone.
  struct Asked: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The algorithm.", valueName: "ALGORITHM"))
    var algorithm = HashAlgorithm.sha256

    @Flag(name: .long, help: "Print lines as BSD's tools do: SHA256 (name) = digest.")
    var tag = false

    @Flag(name: .shortAndLong, help: "Read checksums from each FILE and check them.")
    var check = false

    @Flag(name: .customLong("ignore-missing"), help: "With --check: pass over files that do not exist.")
    var ignoreMissing = false

    @Flag(help: "With --check: lines that are not properly formatted are a failure.")
    var strict = false

    @Flag(name: .shortAndLong, help: "With --check: name each line that is not properly formatted.")
    var warn = false

    @Flag(name: .long, help: "With --check: print nothing; the exit status tells.")
    var status = false
  }

  // Short names for the options: parsed values stay in their group.
  var algorithm: HashAlgorithm { asked.algorithm }
  var tag: Bool { asked.tag }
  var check: Bool { asked.check }
  var ignoreMissing: Bool { asked.ignoreMissing }
  var strict: Bool { asked.strict }
  var warn: Bool { asked.warn }
  var status: Bool { asked.status }

  /// Refuses options that would have no effect; GNU sha256sum does so for all of them but -r, which it has not.
  func validate() throws {
    for (name, isGiven) in [
      ("ignore-missing", ignoreMissing), ("strict", strict), ("warn", warn), ("status", status),
    ] where isGiven && !check {
      throw ValidationError("--\(name) is meaningful only with --check")
    }
    if tag && check { throw ValidationError("--tag is meaningless with --check, which reads every form") }
    if operands.recursive && check { throw ValidationError("-r is meaningless with --check, which reads lists") }
  }

  func run() throws {
    if check { return try checkLists() }
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: true)
    // Called in the order of the inputs, whichever file was finished first.
    let record = try hash(operands.inputs, algorithm, printer, console) { file in
      if let failure = file.failure {
        // Digests of earlier files come before the message where both streams go to one terminal.
        printer.flush()
        console.say("lanes: \(file.name?.forDisplay ?? "standard input"): \(failure.reason)")
      }
      console.clear()
      if engine.json {
        printer.line(json(file))
      } else if file.failure == nil {
        // Bytes and not text: names need not be UTF-8, and a list must give them back exactly.
        printer.bytes(ChecksumLine.text(file, algorithm, tagged: tag))
      }
    }
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
  }

  /// Hashes inputs under the engine that is asked for.
  ///
  /// - Parameters:
  ///   - journal: the run file of a check, which has one batch for each list and closes it itself.
  ///   - onFile: hears of each input in order, of those that failed as well.
  func hash(
    _ inputs: [FileInput], _ algorithm: HashAlgorithm, _ printer: ResultPrinter, _ console: ProgressReporter,
    within journal: JournalSession? = nil, onFile: @escaping (HashedFile) -> Void
  ) throws -> RunRecord {
    var settings = operands.settings(cut: .anywhere, engine)
    // A slice that goes on from another one's result cannot be planned before that is there: files are taken whole then.
    if Division.isPlanning, !algorithm.isCombinable { settings.sliceBytes = .max }
    let workload = HashWorkload(algorithm)
    if algorithm.isCombinable {
      // CRC-32s of slices are combined, so that all lanes can work on one file.
      let rows = FileRows<CRCPartial> { row in
        onFile(HashedFile(name: row.name, digest: row.failure == nil ? row.partial.digest : [], failure: row.failure))
      }
      let job = BatchRun(files: workload, settings) {
        (FilePlan(inputs, settings: settings), OpenEndedFold(rows, printer))
      }
      return try job.run(engine, console, within: journal)
    }
    // Plan and fold are made together: what the fold hears of a slice makes the plan's next slice of that file ready.
    let job = BatchRun(files: workload, settings) {
      let plan = try SequentialHashPlan(inputs, settings: settings)
      return (plan, OpenEndedFold(SequentialHashRows(plan: plan, onFile: onFile), printer))
    }
    return try job.run(engine, console, within: journal)
  }

  /// One JSON object; `path` is null for standard input that was not named.
  private func json(_ file: HashedFile) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "hash")
      $0.member("algorithm", algorithm.rawValue)
      if let name = file.name { $0.member("path", utf8: name.rawBytes) } else { $0.member("path", String?.none) }
      if let failure = file.failure {
        $0.member("error", failure.reason)
      } else {
        $0.member("digest", file.hexadecimal)
      }
    }
    return json.text
  }
}
