import ArgumentParser
import LanesCore
import LanesImages
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
    let names = inputs.map { FilePath($0) }
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
final class InfoTable: Fold {

  private let printer: ResultPrinter
  private let console: ProgressReporter
  private let json: Bool
  private var hasHeading = false

  init(printer: ResultPrinter, console: ProgressReporter, json: Bool) {
    self.printer = printer
    self.console = console
    self.json = json
  }

  var ending: Ending? { printer.isOpen ? nil : .outputClosed }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial):
      guard let info = try? InfoWorkload.decodePartial(partial) else {
        preconditionFailure("a result that InfoWorkload did not make")
      }
      if json { printer.line(line(unit, info)) } else { row(unit, info) }
    case .failed(let failure):
      printer.flush()
      console.failed(unit, failure)
      if json { printer.line(line(unit, failure)) }
    }
  }

  private func row(_ unit: Unit, _ info: ImageInfo) {
    console.clear()
    if !hasHeading {
      printer.line(
        Self.row(
          [
            "FORMAT", "WIDTH", "HEIGHT", "CHANNELS", "BITS", "COLOR", "SAMPLING", "CODING", "ICC", "EXIF", "XMP",
            "TURN", "COMMENTS",
            "BYTES",
          ], "FILE"))
      hasHeading = true
    }
    let cells = [
      info.format.name, "\(info.size.width)", "\(info.size.height)", "\(info.channels)", "\(info.bits)", info.color,
      info.subsampling.isEmpty ? "-" : info.subsampling, info.coding, info.profileCell,
      info.hasExif ? "yes" : "no", info.hasXMP ? "yes" : "no", "\(info.orientation.rawValue)", "\(info.comments.count)",
      "\(info.byteCount)",
    ]
    printer.line(Self.row(cells, unit.label))
  }

  /// Words to the left, numbers to the right of their columns.
  private static func row(_ cells: [String], _ file: String) -> String {
    let widths = [-6, 7, 7, 8, 4, -7, -8, -11, -3, -4, -3, 4, 8, 11]
    let padded = zip(cells, widths).map { cell, width in
      let room = String(repeating: " ", count: max(abs(width) - cell.utf8.count, 0))
      return width < 0 ? cell + room : room + cell
    }
    return padded.joined(separator: " ") + "  " + file
  }

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

  private func line(_ unit: Unit, _ failure: UnitFailure) -> String {
    member(unit) {
      $0.member("kind", "\(failure.kind)")
      $0.member("error", failure.reason)
    }
  }

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
  fileprivate var profileCell: String { profileFault != nil ? "bad" : hasProfile ? "yes" : "no" }

  /// What colors are made of; whether there is alpha the number of channels tells.
  var color: String {
    if paletteSize > 0 { return "palette" }
    if isCMYK { return "CMYK" }
    return channels <= 2 ? "gray" : "RGB"
  }

  /// The order in which the file holds its pixels, by the format's own word.
  var coding: String {
    guard isProgressive else { return "sequential" }
    return format.progressiveWord
  }
}
