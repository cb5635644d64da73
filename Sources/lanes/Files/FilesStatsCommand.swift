import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesReport

extension StatsSplit: ExpressibleByArgument {}

/// `lanes files stats`: count, sum, extremes, mean and standard deviation of a column.
struct FilesStatsCommand: FilesOperation, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Print count, sum, min, max, mean, standard deviation and percentiles of a column.",
    usage: "lanes files stats [OPTION]... --column N [FILE]...",
    discussion: """
      All files are one table; a file with a bad number or too few columns counts for nothing, and its first bad line is \
      named. Sums are exact, in decimal; mean and variance (of a sample, divided by n - 1) are rounded once from exact \
      sums, and the deviation is that variance's root, so that no way of running changes a digit. Numbers have digits, a \
      sign, a point, an exponent (up to 400) and blanks around them; the first 19 digits count. inf and nan are no \
      numbers. Empty fields and empty lines are passed over. Fields may be quoted, and with --csv hold newlines, in records of up to 1 MiB. \
      Percentiles are exact too, by definition 7 of Hyndman and Fan, as NumPy, R and DuckDB's quantile_cont have it: all numbers are kept for \
      them, equal ones once, in as much memory as --memory grants; with --approximate a t-digest is kept instead, off by a few of 1000 ranks \
      at the median and less at the ends. With --json-lines strings, true, false, objects and arrays are no numbers, null and what is missing are passed \
      over, and the last of several members with one name counts; a name with a point is written a\\.b. With --decimals \
      every number is rounded once from its exact value, to the nearest and halves up (17.95 to 18.0, -17.95 to -17.9), as in the \
      One Billion Row Challenge. A byte order mark at the start of a file belongs to no field.

      EXAMPLES
        lanes files stats -d ';' --column 2 --by 1 measurements.txt
        lanes files stats --header --column price --by city a.csv b.csv
        lanes files stats --csv --header --column price --percentiles 50,95,99 a.csv
        lanes files stats --json-lines --column request.ms --by host requests.jsonl
      """)

  static let statuses = ExitStatus.page(
    "Every file was read.", "Some files could not be read, or had a bad line, and count for nothing.")

  @OptionGroup(title: "What to compute")
  var asked: Asked

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// The options of this command alone.
  struct Asked: ParsableArguments {
    @Option(
      name: [.customShort("d"), .long],
      help: ArgumentHelp("What is between columns: one byte, or tab.", valueName: "C"))
    var delimiter: String?

    @Option(
      name: .long,
      help: ArgumentHelp("The column with the numbers: from 1, or a name with --header.", valueName: "N"))
    var column: String

    @Option(name: .long, help: ArgumentHelp("Group the lines by this column.", valueName: "N"))
    var by: String?

    @Flag(help: "Fields in quotation marks may hold newlines, as RFC 4180 has it.")
    var csv = false

    @Flag(help: "Each line is a JSON text; --column and --by name members, as in a.b or a.0.")
    var jsonLines = false

    @Flag(help: "The first line of every file names the columns.")
    var header = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Print N digits behind the point of every number, from 0 to 100.", valueName: "N"))
    var decimals: Int?

    @Option(
      help: ArgumentHelp(
        "Percentiles to print, such as 50,95,99.9: exact, between two numbers in proportion.", valueName: "LIST"),
      transform: parsePercentiles)
    var percentiles: [Percentile] = []

    @Flag(help: "Estimate percentiles from a digest, in little memory.")
    var approximate = false

    @Option(
      help: ArgumentHelp(
        "What the lanes share: data, each a part of the lines; or tasks, each another statistic of the same lines.",
        valueName: "WHAT"))
    var split = StatsSplit.data
  }

  private var delimiter: String { asked.delimiter ?? "," }
  private var column: String { asked.column }
  private var by: String? { asked.by }
  private var header: Bool { asked.header }
  private var decimals: Int? { asked.decimals }
  private var split: StatsSplit { asked.split }
  private var keeping: ValueKeeping {
    asked.percentiles.isEmpty ? .none : asked.approximate ? .digest : .exact
  }

  /// Refuses bad options before anything is read; `run` makes the same values again.
  func validate() throws {
    _ = try format()
    if let decimals, !(0...100).contains(decimals) {
      throw ValidationError("--decimals takes a number from 0 to 100, not \(decimals)")
    }
    if asked.csv, operands.decompress, engine.isIsolated || Division.isDivided {
      throw ValidationError(
        "--csv and -z go together in one process only, without --isolation and plans; write zcat FILE | lanes files stats --csv"
      )
    }
    if asked.approximate, asked.percentiles.isEmpty {
      throw ValidationError("--approximate is about percentiles; add --percentiles LIST or leave it out")
    }
  }

  func run() throws {
    let inputs = operands.inputs
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: false)
    // Files are told of in order, at most once each.
    let format = try format()
    let fold = StatsFold(format, split: split, keeping: keeping, memory: engine.options.memory) { name, failure in
      console.tell(failure, of: name)
    }
    let options = StatsPlan.Options(
      format: format, column: try column(column, "--column"), by: try by.map { try column($0, "--by") },
      hasHeader: header, split: split, keeping: keeping)
    // Slices end at newlines, also where those may be inside of fields: see `RecordSlice`.
    var settings = operands.settings(cut: .lines(.newline), engine)
    // Some ten milliseconds' work, against the table of a mebibyte that each slice starts with.
    settings.sliceBytes = 16 << 20
    // More than a record with newlines may have: units of a pipe need then not carry all their bytes along, see `RecordSlice`.
    if asked.csv { settings.chunkBytes = 4 << 20 }
    // Parts that end within lines are put together line by line, which records may have several of.
    if asked.csv { settings.unpacking?.streamsAll = true }
    // All statistics of a file come from the same units, which parts that end within lines are not.
    if split == .tasks { settings.unpacking?.divides = false }
    let job = BatchRun(files: StatsWorkload(format, keeping: keeping), settings) {
      (StatsPlan(FilePlan(inputs, settings: settings), options), fold)
    }
    let record = try job.run(engine, console)
    // `max`: a run without any file has a result, an empty one; a run whose files all failed has none.
    if record.ending == .complete && !fold.isSpoilt && fold.failedFiles < max(fold.fileCount, 1) {
      let groups = fold.summaries(isGrouped: by != nil, decimals: decimals, percentiles: asked.percentiles)
      StatsPrinter(
        printer: printer, isGrouped: by != nil, isJSON: engine.json, percentiles: asked.percentiles
      ).print(groups, files: fold.fileCount, failed: fold.failedFiles)
    }
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
    // Results of another run that are put together have ended, whatever the fold says.
    if case .halted(let reason) = fold.ending { throw ExitStatus.stoppedEarly.failing(reason) }
    // The unit that found a bad line was done; it is the fold that fails the file.
    if fold.failedFiles > 0 { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// The byte between columns. Quotation marks and line ends have a meaning of their own in a table.
  private func separator() throws -> UInt8 {
    // Bytes that are hard to type or to see have names.
    let names = ["tab": UInt8(ascii: "\t"), "\\t": UInt8(ascii: "\t"), "space": UInt8(ascii: " ")]
    if let byte = names[delimiter] { return byte }
    guard delimiter.utf8.count == 1, let byte = delimiter.utf8.first, ![0x0A, 0x0D, 0x22].contains(byte) else {
      throw ValidationError("--delimiter takes one byte that is no quotation mark and no line end, or tab")
    }
    return byte
  }

  /// How lines hold what is asked for; refuses options that do not go together.
  private func format() throws -> TableFormat {
    guard asked.jsonLines else {
      _ = try choice(column, "--column")
      _ = try by.map { try choice($0, "--by") }
      return asked.csv ? .records(delimiter: try separator()) : .lines(delimiter: try separator())
    }
    for (isGiven, option) in [(asked.csv, "--csv"), (header, "--header"), (asked.delimiter != nil, "--delimiter")]
    where isGiven {
      throw ValidationError("\(option) is about columns, and --json-lines has none; leave one out")
    }
    return .jsonLines(column: try path(column, "--column"), by: try by.map { try path($0, "--by") })
  }

  private func path(_ word: String, _ option: String) throws -> JSONPath {
    guard let path = JSONPath(word) else {
      throw ValidationError(
        "\(option) takes names with points between them, such as a.b, with \\. for a point and \\\\ for a backslash in a name"
      )
    }
    return path
  }

  /// The column of a table; the first, which nothing asks for, where there are none.
  private func column(_ word: String, _ option: String) throws -> ColumnChoice {
    asked.jsonLines ? .number(1) : try choice(word, option)
  }

  /// A column by its number, or with --header by its name; whether a header has that name is known when it is read.
  private func choice(_ word: String, _ option: String) throws -> ColumnChoice {
    if header { return .named(word) }
    guard let number = Int(word), (1...1_000_000).contains(number) else {
      throw ValidationError("\(option) takes the number of a column, from 1; add --header to use its name")
    }
    return .number(number)
  }
}

/// `--percentiles`: numbers from 0 to 100 with commas between them.
@Sendable func parsePercentiles(_ text: String) throws -> [Percentile] {
  let words = text.split(separator: ",", omittingEmptySubsequences: false)
  let percentiles = words.compactMap { Percentile(String($0)) }
  guard percentiles.count == words.count, (1...100).contains(words.count) else {
    throw ValidationError(
      "--percentiles takes up to a hundred numbers from 0 to 100 with commas between them, such as 50,95,99.9, "
        + "not '\(text)'")
  }
  return percentiles
}
