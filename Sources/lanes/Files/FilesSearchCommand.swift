import ArgumentParser
import LanesCore
import LanesEngines
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

/// `lanes files search`: what `grep` finds.
struct FilesSearchCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Print lines that match a pattern, as LC_ALL=C grep does.",
    usage:
      "lanes files search [<options>] PATTERN [FILE ...]\nlanes files search [<options>] -e PATTERN ... [-f FILE ...] [FILE ...]",
    discussion: """
      PATTERN is a regular expression in Perl's syntax, matched byte by byte; with -E it is one of POSIX's extended expressions, \
      and with -F it is text. With -E and -F the longest of several matches at one place counts, unless an expression refers back to \
      a group; otherwise the first alternative does. Lines of PATTERN are patterns of their own.

      With -q nothing is printed, and the first selected line ends the search with status 0 whatever became of other files. \
      With -r hidden files are searched too, and no file is left out on account of a .gitignore; names come in byte order. Without \
      FILE standard input is searched, or with -r the current directory. That a binary file matches is told on standard error. \
      Colors are those that GREP_COLORS states.

      Exit status: 0 found, 1 not found, 2 trouble.

      EXAMPLES
        lanes files search -n 'error [45]\\d\\d' huge.log
        lanes files search -rl TODO src
        lanes files search -F -e one -e two a.txt b.txt
        lanes files search --vimgrep -rI 'TODO|FIXME' src
        lanes files search -o --replace '$2 $1' '(\\w+)=(\\d+)' huge.log
      """,
    helpNames: [.long])

  static let statuses = ExitStatus.page(
    "A line was found.", "No line was found.", trouble: "A file could not be read, or the pattern is malformed.")

  @OptionGroup(title: "Search options")
  var search: SearchArguments

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// Without -e and -f the first operand is the pattern, so there must be one; `meaning` relies on that.
  func validate() throws {
    if search.expressions.isEmpty, search.patternFiles.isEmpty, operands.files.isEmpty {
      throw ValidationError("which PATTERN?")
    }
  }

  func run() throws {
    let (patterns, inputs, isImplied) = try meaning()
    let isNamed =
      Division.frozen("names") { [search.showsNames(inputs, recursive: operands.recursive) ? 1 : 0] } == [1]
    let options = search.options(
      patterns, isNamed: isNamed, isQuiet: engine.quiet, isJSON: engine.json, noColor: engine.noColor)
    guard options.canReplace else {
      throw ExitStatus.trouble.failing(
        "with -E and -F, --replace can use the whole match alone, $0; leave them out to use groups")
    }
    // As with GNU grep nothing is read then, and files that do not exist are not told of.
    if options.isHopeless { throw ExitCode(ExitStatus.someFailed.rawValue) }
    // Compiled before anything is read, so that a malformed pattern is the only message.
    let program = try makeProgram(options)
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: true)
    let style = SearchOutput.Style(
      isNamed: isNamed, isJSON: engine.json, endsNames: search.null, hidesDot: isImplied,
      hidesTrouble: search.noMessages, isNumbered: search.lineNumber || search.layout.vimgrep,
      label: search.layout.label.map { RawArguments.bytes($0) } ?? Bytes("(standard input)".utf8),
      gap: search.layout.noGroupSeparator ? nil : RawArguments.bytes(search.layout.groupSeparator),
      isPrompt: search.layout.lineBuffered)
    let output = SearchOutput(options, style, printer, console)
    // Zero bytes end lines of binary files, as with grep; with -a they are bytes like any other.
    var settings = operands.settings(cut: .lines(options.ends), engine)
    settings.filter = search.filter
    settings.isPrompt = search.layout.lineBuffered
    settings.filtersInputs = !isImplied
    // Plan and fold are made together: the fold tells the plan which inputs are answered before their end.
    // Lines that are found in one unit are held until its end.
    if options.report == .lines { settings.unpacking?.mostWhole = 8 << 20 }
    let job = BatchRun(files: SearchWorkload(program), settings) {
      let plan = FilePlan(inputs, settings: settings)
      let results = SearchResults(
        options, plan: plan, isPrompt: search.layout.lineBuffered, onLines: output.tell, onFile: output.tell)
      return (plan, OpenEndedFold(results, printer))
    }
    let record = try job.run(engine, console)
    record.printStatistics(engine, to: printer)
    printer.flush()
    // Success is thrown as well: status 0 needs a line that was found.
    throw status(output, record)
  }

  /// What the words mean: without -e and -f the first is the pattern, and -r alone searches the current directory.
  ///
  /// `isImplied` tells the latter: "./" is left off names then, and no glob applies to the directory itself.
  private func meaning() throws -> (patterns: [Bytes], inputs: [FileInput], isImplied: Bool) {
    var words = operands.files
    var patterns = search.expressions.flatMap { Self.lines(of: RawArguments.bytes($0)) }
    for list in search.patternFiles { patterns += try Self.patterns(in: list) }
    if search.expressions.isEmpty, search.patternFiles.isEmpty {
      patterns = Self.lines(of: RawArguments.bytes(words.removeFirst()))
    }
    guard words.isEmpty, operands.recursive else {
      return (patterns, FileInput.inputs(from: words, path: RawArguments.path), false)
    }
    return (patterns, [.path(".")], true)
  }

  /// Whether inputs or patterns come from standard input. A comparison asks, whose runs cannot share it.
  var readsStandardInput: Bool {
    let isPatternAnOption = !search.expressions.isEmpty || !search.patternFiles.isEmpty
    let files = isPatternAnOption ? operands.files[...] : operands.files.dropFirst()
    return search.patternFiles.contains("-") || files.contains("-") || files.isEmpty && !operands.recursive
  }

  /// The patterns of one argument or file. An empty line is an empty pattern, which matches every line.
  private static func lines(of text: Bytes) -> [Bytes] {
    text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Bytes.init)
  }

  /// The patterns that a file lists; `-` is standard input.
  private static func patterns(in list: String) throws -> [Bytes] {
    let loader = BlockingLoader()
    do {
      try loader.load(.file(list == "-" ? "/dev/stdin" : RawArguments.path(list)))
    } catch {
      throw ExitStatus.trouble.failing("the patterns in \(list) cannot be read: \(error.reason)")
    }
    let bytes = loader.withInput { input in input.withUnsafeBytes { Bytes($0) } }
    // The last newline ends a line and begins no empty pattern. An empty file has no pattern, so it matches nothing.
    return bytes.isEmpty ? [] : lines(of: bytes.last == 0x0A ? bytes.dropLast() : bytes)
  }

  /// Compiles the patterns; a malformed one ends the command with status 2, as with grep.
  private func makeProgram(_ options: SearchOptions) throws -> SearchProgram {
    do {
      return try SearchProgram(options)
    } catch {
      let pattern = FilePath(rawBytes: error.pattern).forDisplay
      let place = error.offset.map { " at offset \($0)" } ?? ""
      throw ExitStatus.trouble.failing("the pattern '\(pattern)' is malformed\(place): \(error.reason)")
    }
  }

  /// The exit status by the rules of POSIX's grep: 0 found, 1 not found, 2 trouble.
  private func status(_ output: SearchOutput, _ record: RunRecord) -> ExitCode {
    // Endings that are not the search's doing. Status 1 of a run means failed units, which is 2 here.
    if let early = ExitStatus.of(record), early.rawValue != ExitStatus.someFailed.rawValue { return early }
    // POSIX: with -q the status is 0 when a line was selected, even if an error was detected.
    if engine.quiet, output.hasFound, !record.isTraceIncomplete { return .success }
    if output.hasTrouble || record.isTraceIncomplete { return ExitCode(ExitStatus.trouble.rawValue) }
    return output.hasFound ? .success : ExitCode(ExitStatus.someFailed.rawValue)
  }
}
