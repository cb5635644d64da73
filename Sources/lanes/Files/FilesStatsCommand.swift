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
    abstract: "Print count, sum, min, max, mean and standard deviation of a column.",
    usage: "lanes files stats [OPTION]... --column N [FILE]...",
    discussion: """
      All files are one table; a file with a bad number or too few columns counts for nothing, and its first bad line is \
      named. Sums are exact, in decimal; mean and variance (of a sample, divided by n - 1) are rounded once from exact \
      sums, and the deviation is that variance's root, so that no way of running changes a digit. Numbers have digits, a \
      sign, a point, an exponent (up to 400) and blanks around them; the first 19 digits count. inf and nan are no \
      numbers. Empty fields and empty lines are passed over. Fields may be quoted, but not hold newlines. With --decimals \
      every number is rounded once from its exact value, to the nearest and halves up (17.95 to 18.0, -17.95 to -17.9), as in the \
      One Billion Row Challenge. A byte order mark at the start of a file belongs to no field.

      EXAMPLES
        lanes files stats -d ';' --column 2 --by 1 measurements.txt
        lanes files stats --header --column price --by city a.csv b.csv
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
    var delimiter = ","

    @Option(
      name: .long,
      help: ArgumentHelp("The column with the numbers: from 1, or a name with --header.", valueName: "N"))
    var column: String

    @Option(name: .long, help: ArgumentHelp("Group the lines by this column.", valueName: "N"))
    var by: String?

    @Flag(help: "The first line of every file names the columns.")
    var header = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Print N digits behind the point of every number, from 0 to 100.", valueName: "N"))
    var decimals: Int?

    @Option(
      help: ArgumentHelp(
        "What the lanes share: data, each a part of the lines; or tasks, each another statistic of the same lines.",
        valueName: "WHAT"))
    var split = StatsSplit.data
  }

  private var delimiter: String { asked.delimiter }
  private var column: String { asked.column }
  private var by: String? { asked.by }
  private var header: Bool { asked.header }
  private var decimals: Int? { asked.decimals }
  private var split: StatsSplit { asked.split }

  /// Refuses bad options before anything is read; `run` makes the same values again.
  func validate() throws {
    _ = try separator()
    _ = try choice(column, "--column")
    if let decimals, !(0...100).contains(decimals) {
      throw ValidationError("--decimals takes a number from 0 to 100, not \(decimals)")
    }
    _ = try by.map { try choice($0, "--by") }
  }

  func run() throws {
    let inputs = operands.inputs
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: false)
    // Files are told of in order, at most once each.
    let fold = StatsFold(split: split) { name, failure in console.tell(failure, of: name) }
    let options = StatsPlan.Options(
      delimiter: try separator(), column: try choice(column, "--column"), by: try by.map { try choice($0, "--by") },
      hasHeader: header, split: split)
    // Fields hold no newlines, even where they are quoted, so that slices can end at any of them.
    var settings = operands.settings(cut: .lines(.newline), engine)
    // Some ten milliseconds' work, against the table of a mebibyte that each slice starts with.
    settings.sliceBytes = 16 << 20
    // All statistics of a file come from the same units, which parts that end within lines are not.
    if split == .tasks { settings.unpacking?.divides = false }
    let job = BatchRun(files: StatsWorkload(delimiter: options.delimiter), settings) {
      (StatsPlan(FilePlan(inputs, settings: settings), options), fold)
    }
    let record = try job.run(engine, console)
    // `max`: a run without any file has a result, an empty one; a run whose files all failed has none.
    if record.ending == .complete && !fold.isSpoilt && fold.failedFiles < max(fold.fileCount, 1) {
      StatsPrinter(printer: printer, isGrouped: by != nil, isJSON: engine.json)
        .print(
          fold.summaries(isGrouped: by != nil, decimals: decimals), files: fold.fileCount, failed: fold.failedFiles)
    }
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
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

  /// A column by its number, or with --header by its name; whether a header has that name is known when it is read.
  private func choice(_ word: String, _ option: String) throws -> ColumnChoice {
    if header { return .named(word) }
    guard let number = Int(word), (1...1_000_000).contains(number) else {
      throw ValidationError("\(option) takes the number of a column, from 1; add --header to use its name")
    }
    return .number(number)
  }
}
