import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import LanesReport
import SystemPackage

/// `lanes images info`: what the headers of images say.
struct ImagesInfoCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Print format, size, channels, bits, colors, coding, metadata and orientation of images.",
    usage: "lanes images info [OPTION]... INPUT...",
    discussion: """
      A directory is walked. Only headers are read: pixels may be damaged all the same.

      EXAMPLES
        lanes images info photos
        lanes images info --json photos | jq .width
      """)

  static let statuses = ExitStatus.page("Every image was examined.", "Finished; some images could not be read.")

  @Argument(
    help: ArgumentHelp("Images, directories, or - for standard input.", valueName: "INPUT"), completion: .file())
  var inputs: [String]

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func run() throws {
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: true)
    let table = InfoTable(printer: printer, console: console, json: engine.json)
    let names = inputs.map(RawArguments.path)
    do {
      let job = BatchRun(workload: InfoWorkload(), makePlan: { try InfoPlan(names) }, fold: table)
      let record = try job.run(engine, console)
      record.printStatistics(engine, to: printer)
      printer.flush()
      if let status = ExitStatus.of(record) { throw status }
    } catch let refusal as PlanRefusal {
      throw ExitStatus.of(refusal)
    }
  }
}

/// Prints a row for every image.
///
/// On a terminal, columns are left out that do not fit beside a name, and a name that is too long loses its beginning:
/// rows that wrap are no table. Everywhere else all columns stand with whole names.
final class InfoTable: Fold {
  private struct Column: Sendable {
    let heading: String
    /// In columns of the terminal; negative for words, which are aligned to the left.
    let width: Int
    /// Columns of lower rank are taken first where there is no room for all.
    let rank: Int
    let cell: @Sendable (ImageInfo) -> String

    init(_ heading: String, _ width: Int, rank: Int, _ cell: @escaping @Sendable (ImageInfo) -> String) {
      self.heading = heading
      self.width = width
      self.rank = rank
      self.cell = cell
    }
  }

  /// Room for a name beside the columns.
  private static let nameWidth = 20

  private let columns: [Column]
  /// Room for a name where that is limited.
  private let nameLimit: Int?
  private let printer: ResultPrinter
  private let console: ProgressReporter
  private let json: Bool
  private var hasHeading = false

  init(printer: ResultPrinter, console: ProgressReporter, json: Bool) {
    self.printer = printer
    self.console = console
    self.json = json
    // Nil where no terminal reads: all columns then, and names of any length.
    let width = Terminal.wrapping(1)
    columns = width.map { Self.columns(fitting: $0 - Self.nameWidth - 1) } ?? Self.all
    // A blank after each column, and one more before the name.
    nameLimit = width.map { [columns] in max(Self.nameWidth, $0 - columns.reduce(1) { $0 + 1 + abs($1.width) }) }
  }

  /// In the order of the table. Those of rank 0 are shown however narrow the terminal is.
  private static let all = [
    Column("FORMAT", -6, rank: 0) { $0.format.name },
    Column("WIDTH", 7, rank: 0) { "\($0.size.width)" },
    Column("HEIGHT", 7, rank: 0) { "\($0.size.height)" },
    Column("CHANNELS", 8, rank: 4) { "\($0.channels)" },
    Column("BITS", 4, rank: 5) { "\($0.bits)" },
    Column("COLOR", -7, rank: 2) { $0.color },
    Column("SAMPLING", -8, rank: 7) { $0.subsampling.isEmpty ? "-" : $0.subsampling },
    Column("CODING", -11, rank: 6) { $0.coding },
    Column("ICC", -3, rank: 8) { $0.profileCell },
    Column("EXIF", -4, rank: 9) { $0.hasExif ? "yes" : "no" },
    Column("XMP", -3, rank: 10) { $0.hasXMP ? "yes" : "no" },
    Column("TURN", 4, rank: 3) { "\($0.orientation.rawValue)" },
    Column("COMMENTS", 8, rank: 11) { "\($0.comments.count)" },
    Column("BYTES", 11, rank: 1) { "\($0.byteCount)" },
  ]

  /// The columns of lowest rank that fit into `width` with a blank after each.
  ///
  /// The first that does not fit ends the choice, even if a narrower one of higher rank would fit.
  private static func columns(fitting width: Int) -> [Column] {
    var left = width
    let most =
      all.sorted { $0.rank < $1.rank }.prefix { column in
        left -= abs(column.width) + 1
        return left >= 0
      }.last?.rank ?? 0
    return all.filter { $0.rank <= most }
  }

  /// Ends the run when nobody reads any more, as with `| head`.
  var ending: Ending? { printer.isOpen ? nil : .outputClosed }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial):
      guard let info = try? InfoWorkload.decodePartial(partial) else {
        // From a worker that went astray: its word ends no more than this image.
        return absorb(unit, .failed(UnitFailure(.crashed, "its result cannot be read")))
      }
      if json { printer.line(line(unit, info)) } else { row(unit, info) }
    case .failed(let failure):
      // Rows so far come before the message, as they came before the failure.
      printer.flush()
      console.failed(unit, failure)
      if json { printer.line(line(unit, failure)) }
    }
  }

  private func row(_ unit: Unit, _ info: ImageInfo) {
    // A progress line may stand where the row goes.
    console.clear()
    if !hasHeading { printer.line(row(columns.map(\.heading), "FILE")) }
    hasHeading = true
    let name = unit.label
    let shown =
      nameLimit.map { limit in
        name.displayWidth > limit ? Glyphs.ellipsis + name.suffix(columns: limit - Glyphs.ellipsis.count) : name
      } ?? name
    printer.line(row(columns.map { $0.cell(info) }, shown))
  }

  /// A line of the table: words are aligned to the left of their columns, numbers to the right.
  private func row(_ cells: [String], _ file: String) -> String {
    let padded = zip(cells, columns).map { cell, column in
      column.width < 0 ? cell.rightPadded(to: -column.width) : cell.leftPadded(to: column.width)
    }
    return padded.joined(separator: " ") + "  " + file
  }

  /// One JSON object. Members that mean nothing for an image are left out, such as the size of a palette.
  private func line(_ unit: Unit, _ info: ImageInfo) -> String {
    member(unit) {
      $0.member("format", info.format.name)
      $0.member("width", info.size.width)
      $0.member("height", info.size.height)
      $0.member("channels", info.channels)
      $0.member("bits", info.bits)
      $0.member("color", info.color)
      if info.paletteSize > 0 { $0.member("palette", info.paletteSize) }
      if !info.subsampling.isEmpty { $0.member("subsampling", info.subsampling) }
      $0.member("coding", info.coding)
      $0.member("icc", info.hasProfile)
      if let fault = info.profileFault { $0.member("remark", "its ICC profile is broken (\(fault))") }
      $0.member("exif", info.hasExif)
      $0.member("xmp", info.hasXMP)
      $0.key("comments")
      $0.array { array in for comment in info.comments { array.value(comment) } }
      $0.member("orientation", info.orientation.rawValue)
      $0.member("bytes", info.byteCount)
    }
  }

  /// A failed image has an object, too, so that there is one for each input.
  private func line(_ unit: Unit, _ failure: UnitFailure) -> String {
    member(unit) {
      // The case's name is part of the output.
      $0.member("kind", "\(failure.kind)")
      $0.member("error", failure.reason)
    }
  }

  /// An object that begins with its type and the image's path as bytes, which `JSONWriter` makes valid UTF-8.
  private func member(_ unit: Unit, _ members: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "info")
      if case .file(let path) = unit.source { $0.member("path", utf8: path.rawBytes) }
      members(&$0)
    }
    return json.text
  }
}

extension ImageInfo {
  /// The word for the table's column ICC.
  fileprivate var profileCell: String { profileFault != nil ? "bad" : hasProfile ? "yes" : "no" }

  /// What colors are made of. The number of channels tells whether there is alpha.
  var color: String {
    if paletteSize > 0 { return "palette" }
    if isCMYK { return "CMYK" }
    return channels <= 2 ? "gray" : "RGB"
  }

  /// How the file holds its pixels, or in which order, by the format's own word.
  var coding: String {
    guard codingWord.isEmpty else { return codingWord }
    guard isProgressive else { return "sequential" }
    return format.progressiveWord
  }
}
