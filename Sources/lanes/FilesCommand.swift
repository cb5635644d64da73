import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesReport

/// `lanes files`: operations on large files and many files.
struct FilesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files", abstract: "Read large files, many files and pipes on all cores.",
    subcommands: [FilesCountCommand.self])
}

/// `lanes files count`: what `wc` counts.
struct FilesCountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Count lines, words and bytes, as LC_ALL=C wc does.",
    discussion: "Without FILE, or where FILE is -, standard input is read.")

  @Argument(help: ArgumentHelp("Files, and directories with -r.", valueName: "FILE"), completion: .file())
  var files: [String] = []

  @Flag(name: [.short, .long], help: "Print the number of newlines.")
  var lines = false

  @Flag(name: [.short, .long], help: "Print the number of words.")
  var words = false

  @Flag(name: [.customShort("c"), .long], help: "Print the number of bytes.")
  var bytes = false

  @Flag(name: [.short, .long], help: "Walk directories; links inside them are not followed.")
  var recursive = false

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func run() throws {
    let inputs = CountInput.inputs(from: files, path: RawArguments.path)
    let table = CountTable(columns: columns, inputs: inputs, recursive: recursive)
    let printer = ResultPrinter()
    let console = Console(engine, resultsOnScreen: true)
    let totals = CountTotals { row in self.print(row, table, printer, console) }
    let settings = CountPlan.Settings(recursive: recursive)
    let job = Job(
      workload: CountWorkload(columns: columns), makePlan: { CountPlan(inputs, settings: settings) },
      fold: OpenEndedFold(totals, printer))
    let record = try job.run(engine, console)
    printTotal(totals, table, printer, isComplete: record.ending == .complete)
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
  }

  private var columns: CountColumns {
    var columns: CountColumns = []
    if lines { columns.insert(.lines) }
    if words { columns.insert(.words) }
    if bytes { columns.insert(.bytes) }
    return columns.isEmpty ? .all : columns
  }

  private func print(_ row: CountRow, _ table: CountTable, _ printer: ResultPrinter, _ console: Console) {
    if let failure = row.failure {
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

  private func printTotal(_ totals: CountTotals, _ table: CountTable, _ printer: ResultPrinter, isComplete: Bool) {
    guard isComplete else { return }
    if engine.json {
      var json = JSONWriter()
      json.object {
        $0.member("type", "total")
        write(totals.total, to: &$0)
        $0.member("files", totals.rowCount)
        $0.member("files_failed", totals.failedRows)
      }
      printer.line(json.text)
    } else if let line = table.totalLine(totals.total) {
      printer.bytes(line)
    }
  }

  private func json(_ row: CountRow) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "count")
      if let name = row.name { $0.member("path", utf8: name.rawBytes) } else { $0.member("path", String?.none) }
      if let failure = row.failure { $0.member("error", failure.reason) } else { write(row.counts, to: &$0) }
    }
    return json.text
  }

  private func write(_ counts: Counts, to json: inout JSONWriter) {
    if columns.contains(.lines) { json.member("lines", counts.lines) }
    if columns.contains(.words) { json.member("words", counts.words) }
    if columns.contains(.bytes) { json.member("bytes", counts.bytes) }
  }
}

/// A fold that has had enough once nobody reads its results any more.
final class OpenEndedFold: Fold {
  private let inner: any Fold
  private let printer: ResultPrinter

  init(_ inner: any Fold, _ printer: ResultPrinter) {
    self.inner = inner
    self.printer = printer
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) { inner.absorb(unit, outcome) }
  var wantsMore: Bool { printer.isOpen }
}
