import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

/// `lanes files search`: what `grep` finds.
struct FilesSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Print lines that match a pattern, as LC_ALL=C grep does.",
    usage:
      "lanes files search [<options>] PATTERN [FILE ...]\n       lanes files search [<options>] -e PATTERN ... [FILE ...]",
    discussion: """
      PATTERN is a regular expression in Perl's syntax, matched byte by byte. With -r hidden files are searched too, and \
      no file is left out on account of a .gitignore; names come in byte order. Without FILE standard input is searched, \
      or with -r the current directory.

      Exit status: 0 found, 1 not found, 2 trouble.
      """,
    helpNames: [.long])

  @OptionGroup(title: "Search options")
  var search: SearchArguments

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func validate() throws {
    if search.expressions.isEmpty, operands.files.isEmpty { throw ValidationError("Which PATTERN?") }
  }

  func run() throws {
    let (patterns, inputs, isImplied) = meaning
    let isNamed = search.showsNames(inputs, recursive: operands.recursive)
    let options = search.options(patterns, isNamed: isNamed, isJSON: engine.json, noColor: engine.noColor)
    let program = try makeProgram(options)
    let printer = ResultPrinter()
    let console = Console(engine, resultsOnScreen: true)
    let output = SearchOutput(options, isNamed: isNamed, isJSON: engine.json, printer, console)
    output.hidesDot = isImplied
    let settings = operands.settings(cut: .lines(options.isText ? .newline : .newlineOrZero))
    // A comparison from a cold cache makes a second plan, which is not the one that runs.
    var plan: FilePlan?
    let results = SearchResults(options, plan: { plan }, onLines: output.tell, onFile: output.tell)
    let job = Job(
      workload: SearchWorkload(program),
      makePlan: {
        let made = FilePlan(inputs, settings: settings)
        if plan == nil { plan = made }
        return made
      }, fold: OpenEndedFold(results, printer))
    let record = try job.run(engine, console)
    record.printStatistics(engine, to: printer)
    printer.flush()
    throw status(output, record)
  }

  /// What the words mean: without -e the first is the pattern, and -r alone searches the current directory.
  private var meaning: (patterns: [Bytes], inputs: [FileInput], isImplied: Bool) {
    var words = operands.files
    var patterns = search.expressions.map { RawArguments.bytes($0) }
    if patterns.isEmpty { patterns = [RawArguments.bytes(words.removeFirst())] }
    guard words.isEmpty, operands.recursive else {
      return (patterns, FileInput.inputs(from: words, path: RawArguments.path), false)
    }
    return (patterns, [.path(".")], true)
  }

  private func makeProgram(_ options: SearchOptions) throws -> SearchProgram {
    do {
      return try SearchProgram(options)
    } catch {
      let pattern = FilePath(rawBytes: error.pattern).forDisplay
      throw ExitStatus.trouble.failing(
        "the pattern '\(pattern)' is malformed at offset \(error.offset): \(error.reason)")
    }
  }

  private func status(_ output: SearchOutput, _ record: RunRecord) -> ExitCode {
    // Tells of endings that are not the search's doing.
    if let early = ExitStatus.of(record), early.rawValue != ExitStatus.someFailed.rawValue { return early }
    if output.hasTrouble { return ExitCode(ExitStatus.trouble.rawValue) }
    return output.hasFound ? .success : ExitCode(ExitStatus.someFailed.rawValue)
  }
}
