import ArgumentParser
import LanesCore
import LanesFiles
import LanesReport

/// `lanes files count`: what `wc` counts.
struct FilesCountCommand: FilesOperation, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Count lines, words, characters and bytes, as LC_ALL=C wc does.",
    usage: "lanes files count [OPTION]... [FILE]...",
    discussion: """
      Without FILE, or where FILE is -, standard input is read.

      EXAMPLES
        lanes files count huge.log
        lanes files count -r /usr/share/doc -l
        dmesg | lanes files count
      """)

  static let statuses = ExitStatus.page("Every file was counted.", "Finished; some files could not be read.")

  @OptionGroup(title: "What to count")
  var asked: Asked

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// The options that say what is counted.
  struct Asked: ParsableArguments {
    @Flag(name: [.short, .long], help: "Print the number of newlines.")
    var lines = false

    @Flag(name: [.short, .long], help: "Print the number of words.")
    var words = false

    @Flag(name: [.customShort("c"), .long], help: "Print the number of bytes.")
    var bytes = false

    @Flag(name: [.customShort("m"), .long], help: "Print the number of characters in UTF-8, as wc does in C.UTF-8.")
    var chars = false

    /// The columns that were asked for; lines, words and bytes without any option, as with wc.
    var columns: CountColumns {
      var columns: CountColumns = []
      if lines { columns.insert(.lines) }
      if words { columns.insert(.words) }
      if bytes { columns.insert(.bytes) }
      if chars { columns.insert(.characters) }
      return columns.isEmpty ? .all : columns
    }
  }

  private var columns: CountColumns { asked.columns }

  func run() throws {
    let inputs = operands.inputs
    // The width of the columns comes from sizes of files, so that rows can be printed before the last file is counted.
    let layout = Division.frozen("layout") { CountTable.layout(columns, inputs, recursive: operands.recursive) }
    let table = CountTable(columns: columns, layout: layout)
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: true)
    var total = Counts()
    let rows = FileRows<CountPartial> { row in
      // Without effect for a file that failed: its partial result is the neutral element.
      total += row.partial.counts
      self.print(row, table, printer, console)
    }
    // A word or a character may lie across two slices: partial results say what is at their ends.
    let settings = operands.settings(cut: .anywhere, engine)
    let job = BatchRun(files: CountWorkload(columns: columns), settings) {
      // Ends the run when nobody reads rows any more, as with `| head`.
      (FilePlan(inputs, settings: settings), OpenEndedFold(rows, printer))
    }
    let record = try job.run(engine, console)
    // A run that was cut short has no total: the sum of a part would be taken for that of the whole.
    if record.ending == .complete { printTotal(total, rows, table, printer) }
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
    // A row can fail although all its units were done: partial results that cannot be read or put together.
    if rows.failedRows > 0 { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// Prints one file as soon as all its slices are counted.
  private func print(
    _ row: FileRow<CountPartial>, _ table: CountTable, _ printer: ResultPrinter, _ console: ProgressReporter
  ) {
    if let failure = row.failure {
      // Rows of earlier files come before the message where both streams go to one terminal.
      printer.flush()
      console.say("lanes: \(row.name?.forDisplay ?? "standard input"): \(failure.reason)")
    }
    if engine.json {
      printer.line(json(row))
    } else if let line = table.line(row) {
      console.clear()
      printer.bytes(line)
    }
  }

  /// Prints the sums: in JSON always, as text where wc has a line for them.
  private func printTotal(
    _ total: Counts, _ rows: FileRows<CountPartial>, _ table: CountTable, _ printer: ResultPrinter
  ) {
    if engine.json {
      var json = JSONWriter()
      json.object {
        $0.member("type", "total")
        write(total, to: &$0)
        $0.member("files", rows.rowCount)
        $0.member("files_failed", rows.failedRows)
      }
      printer.line(json.text)
    } else if let line = table.totalLine(total) {
      printer.bytes(line)
    }
  }

  /// One JSON object; `path` is null for standard input that was not named.
  private func json(_ row: FileRow<CountPartial>) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "count")
      if let name = row.name { $0.member("path", utf8: name.rawBytes) } else { $0.member("path", String?.none) }
      if let failure = row.failure { $0.member("error", failure.reason) } else { write(row.partial.counts, to: &$0) }
    }
    return json.text
  }

  /// Writes the columns that were asked for. The others were not counted and are left out instead of being 0.
  private func write(_ counts: Counts, to json: inout JSONWriter) {
    // In wc's order, whatever the order of the options.
    if columns.contains(.lines) { json.member("lines", counts.lines) }
    if columns.contains(.words) { json.member("words", counts.words) }
    if columns.contains(.characters) { json.member("characters", counts.characters) }
    if columns.contains(.bytes) { json.member("bytes", counts.bytes) }
  }
}
