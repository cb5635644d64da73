import ArgumentParser
import LanesCore
import LanesEngines
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

extension FilesHashCommand {
  /// What a check came to.
  private struct Tally {
    /// Files with another digest than the list gives.
    var failed = 0
    /// Files that could not be opened or read to their end.
    var unreadable = 0
    /// Lines that are no checksum of the algorithm in question; empty lines and comments are not among them.
    var misformatted = 0
    /// Files with the digest that the list gives.
    var matched = 0
    /// There was no line to check, or the list could not be read.
    var isHopeless = false
    /// True when the trace that was asked for could not be written whole.
    var lacksTrace = false
    /// How the run ended where that was early.
    var early: ExitCode?
  }

  /// Checks what each list says, one list after the other, with the verdicts and warnings of sha256sum.
  func checkLists() throws {
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: true)
    var isGood = true
    // Shared by all lists: see `ChecksumLine.Separation`.
    var separation = ChecksumLine.Separation.unknown
    // One run file for all lists, each of which is a batch of its own.
    let journal = try JournalSession.open(engine)
    for input in operands.inputs {
      let tally = try checkList(input, &separation, printer, console, journal)
      printer.flush()
      if let early = tally.early { throw early }
      // No match at all is a failure, too, as in digest_check of GNU coreutils' src/digest.c.
      if tally.lacksTrace || tally.failed + tally.unreadable > 0 || tally.matched == 0
        || strict && tally.misformatted > 0
      {
        isGood = false
      }
      // Of a hopeless list the reason was told already.
      if !tally.isHopeless { warn(tally, of: shown(input), console) }
    }
    try journal?.close()
    if !isGood { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  private func shown(_ input: FileInput) -> String { input.path?.forDisplay ?? "standard input" }

  /// Reads a list, hashes the files that it names and prints a verdict for each.
  private func checkList(
    _ input: FileInput, _ separation: inout ChecksumLine.Separation, _ printer: ResultPrinter,
    _ console: ProgressReporter, _ journal: JournalSession?
  ) throws -> Tally {
    var tally = Tally()
    guard let bytes = read(input, console) else {
      tally.isHopeless = true
      return tally
    }
    let entries = parse(bytes, input, &separation, &tally, console)
    guard let first = entries.first else {
      tally.isHopeless = true
      console.say("lanes: \(shown(input)): no properly formatted checksum lines found")
      return tally
    }
    // Left out before hashing, so that there is neither a verdict nor a failed unit for what is missing.
    let wanted = ignoreMissing ? entries.filter { !isMissing($0.name) } : entries
    var next = 0
    let inputs: [FileInput] = wanted.map { $0.name == "-" ? .standardInput(named: true) : .path($0.name) }
    // The list's own algorithm goes before that of the option.
    let record = try hash(inputs, first.algorithm ?? algorithm, printer, console, within: journal) { file in
      // Inputs are never walked here, so each entry gives one result, in the order of the list.
      defer { next += 1 }
      tell(file, wanted[next], &tally, printer, console)
    }
    record.printStatistics(engine, to: printer)
    tally.lacksTrace = record.isTraceIncomplete
    // Units that failed do not decide the status here: the tally counts them as unreadable files.
    if record.ending != .complete { tally.early = ExitStatus.of(record) }
    return tally
  }

  /// The whole list; nil, and told, when it cannot be read.
  private func read(_ input: FileInput, _ console: ProgressReporter) -> Bytes? {
    // A list is held whole, within the memory budget.
    let loader = BlockingLoader(budget: engine.options.memory)
    do {
      try loader.load(.file(input.path ?? "/dev/stdin"))
    } catch {
      console.say("lanes: \(shown(input)): \(error.reason)")
      return nil
    }
    return loader.withInput { input in input.withUnsafeBytes { Bytes($0) } }
  }

  /// The lines of a list that can be checked together: those that name another algorithm than the first are misformatted.
  private func parse(
    _ list: Bytes, _ input: FileInput, _ separation: inout ChecksumLine.Separation, _ tally: inout Tally,
    _ console: ProgressReporter
  ) -> [ChecksumLine] {
    var entries: [ChecksumLine] = []
    for (number, line) in list.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      // Carriage returns are those of lists that were written on Windows.
      if line.isEmpty || line.elementsEqual([0x0D]) || line.first == UInt8(ascii: "#") { continue }
      let entry = ChecksumLine(line, algorithm, &separation)
      // One run hashes with one algorithm. The first line decides: by its own name for it, or by --algorithm.
      let expected = entries.first.map { $0.algorithm ?? algorithm }
      // The list itself, read from standard input, cannot be hashed too.
      if let entry, (entry.algorithm ?? algorithm) == expected ?? entry.algorithm ?? algorithm,
        input.path != nil || entry.name != "-"
      {
        entries.append(entry)
        continue
      }
      tally.misformatted += 1
      guard warn else { continue }
      let name = (expected ?? algorithm).tag
      console.say("lanes: \(shown(input)): \(number + 1): improperly formatted \(name) checksum line")
    }
    return entries
  }

  /// True where there is no such file. One that exists and cannot be looked at is hashed, and fails then.
  private func isMissing(_ name: FilePath) -> Bool {
    guard name != "-" else { return false }
    do {
      _ = try FileStatus(of: name)
      return false
    } catch {
      return error.isMissing
    }
  }

  /// Counts the outcome of one file and prints its verdict.
  private func tell(
    _ file: HashedFile, _ line: ChecksumLine, _ tally: inout Tally, _ printer: ResultPrinter,
    _ console: ProgressReporter
  ) {
    let name = ChecksumLine.shown(file.name ?? "-")
    if let failure = file.failure {
      tally.unreadable += 1
      console.say("lanes: \(file.name?.forDisplay ?? "-"): \(failure.reason)")
      // The words of sha256sum.
      report(name, "FAILED open or read", printer, console)
    } else if file.digest != line.digest {
      tally.failed += 1
      report(name, "FAILED", printer, console)
    } else {
      tally.matched += 1
      if !engine.quiet || engine.json { report(name, "OK", printer, console) }
    }
  }

  /// Prints `name: verdict`, or the same as JSON; nothing with --status.
  private func report(_ name: Bytes, _ verdict: String, _ printer: ResultPrinter, _ console: ProgressReporter) {
    guard !status else { return }
    console.clear()
    guard engine.json else { return printer.bytes(name + Bytes(": \(verdict)\n".utf8)) }
    var json = JSONWriter()
    json.object {
      $0.member("type", "check")
      $0.member("path", utf8: name)
      $0.member("result", verdict)
    }
    printer.line(json.text)
  }

  /// Says in the words of sha256sum how many of each kind there were.
  private func warn(_ tally: Tally, of list: String, _ console: ProgressReporter) {
    guard !status else { return }
    func say(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { console.say("lanes: WARNING: \(count) \(count == 1 ? one : many)") }
    }
    say(tally.misformatted, "line is improperly formatted", "lines are improperly formatted")
    say(tally.unreadable, "listed file could not be read", "listed files could not be read")
    say(tally.failed, "computed checksum did NOT match", "computed checksums did NOT match")
    if ignoreMissing, tally.matched == 0 { console.say("lanes: \(list): no file was verified") }
  }
}
