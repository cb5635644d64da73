import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import LanesReport
import SystemPackage

/// `lanes images compare`: how alike images are.
struct ImagesCompareCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tell how alike two images are, or all images of two trees: SSIM, DSSIM and PSNR, the least alike first.",
    usage: "lanes images compare [OPTION]... A B",
    discussion: """
      A and B are two images, or two directories whose images have the same names, but for the suffix where no other name \
      fits. Pictures are compared as they are shown: turned as EXIF says and in sRGB. They must be of one size.

      SSIM is that of Wang et al. (2004) on luma, 1 for the same; P10 is the SSIM of the block of 32 x 32 windows below which a \
      tenth of all are, which tells of damage in one place; DSSIM is (1 - SSIM) / 2; PSNR is that of red, green, blue and alpha, \
      in decibels.

      EXAMPLES
        lanes images compare photo.png photo.jpg
        lanes images compare photos small --min-ssim 0.95
      """)

  static let statuses = ExitStatus.page(
    "Every pair was compared, and none is less alike than was asked.",
    "Finished; some pairs could not be compared or are less alike than was asked, or an image has no counterpart.")

  @Argument(help: ArgumentHelp("An image or a directory.", valueName: "A"), completion: .file())
  var one: String

  @Argument(help: ArgumentHelp("What it is compared with.", valueName: "B"), completion: .file())
  var other: String

  @Option(
    name: .customLong("min-ssim"),
    help: ArgumentHelp("End with status 1 when a pair's SSIM is lower, such as 0.95.", valueName: "N"))
  var minSSIM: Double?

  @Option(
    name: .customLong("max-dssim"),
    help: ArgumentHelp("End with status 1 when a pair's DSSIM is higher, such as 0.02.", valueName: "N"))
  var maxDSSIM: Double?

  @Option(
    name: .customLong("min-psnr"),
    help: ArgumentHelp("End with status 1 when a pair's PSNR is lower, such as 35.", valueName: "DECIBELS"))
  var minPSNR: Double?

  @Option(
    name: .customLong("max-pixels"), parsing: .unconditional,
    help: ArgumentHelp("Refuse larger images. (default: \(ConvertOptions.defaultMaxPixels))", valueName: "N"),
    transform: parseCount)
  var maxPixels: UInt64?

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func validate() throws {
    for (option, value, range) in [
      ("--min-ssim", minSSIM, -1.0...1), ("--max-dssim", maxDSSIM, 0...1), ("--min-psnr", minPSNR, 0...1000),
    ] {
      if let value, !range.contains(value) {
        throw ValidationError(
          "\(option) takes a number from \(Int(range.lowerBound)) to \(Int(range.upperBound)), not \(value)")
      }
    }
    if maxPixels == 0 { throw ValidationError("--max-pixels takes a number above 0") }
  }

  func run() throws {
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: false)
    let limits = LikenessTable.Limits(ssim: minSSIM, dssim: maxDSSIM, psnr: minPSNR)
    let table = LikenessTable(printer: printer, console: console, json: engine.json, limits: limits)
    let (one, other) = (RawArguments.path(one), RawArguments.path(other))
    let workload = LikenessWorkload(maxPixels: maxPixels.map { Int(clamping: $0) } ?? ConvertOptions.defaultMaxPixels)
    do {
      let job = BatchRun(workload: workload, makePlan: { try PairPlan(one, other) }, fold: table)
      let record = try job.run(engine, console)
      table.printResults()
      record.printStatistics(engine, to: printer)
      printer.flush()
      if let status = ExitStatus.of(record) { throw status }
      if table.isBelowLimits { throw ExitCode(ExitStatus.someFailed.rawValue) }
    } catch let refusal as PlanRefusal {
      throw ExitStatus.of(refusal)
    }
  }
}

/// Keeps what was found of every pair, and prints it when all are there, the least alike first.
final class LikenessTable: Fold {
  /// What pairs are asked to reach; nil for anything.
  struct Limits {
    var ssim: Double?
    var dssim: Double?
    var psnr: Double?

    func allow(_ found: Likeness) -> Bool {
      found.ssim >= ssim ?? -.infinity && found.dssim <= dssim ?? .infinity && found.psnr >= psnr ?? 0
    }
  }

  private struct Row {
    let unit: Unit
    let found: Likeness
  }

  private let printer: ResultPrinter
  private let console: ProgressReporter
  private let json: Bool
  private let limits: Limits
  private var rows: [Row] = []
  private(set) var isBelowLimits = false

  init(printer: ResultPrinter, console: ProgressReporter, json: Bool, limits: Limits) {
    self.printer = printer
    self.console = console
    self.json = json
    self.limits = limits
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial):
      guard let found = try? LikenessWorkload.decodePartial(partial) else {
        // From a worker that went astray: its word ends no more than this pair.
        return absorb(unit, .failed(UnitFailure(.crashed, "its result cannot be read")))
      }
      rows.append(Row(unit: unit, found: found))
      if !limits.allow(found) { isBelowLimits = true }
    case .failed(let failure):
      console.failed(unit, failure)
      if json { printer.line(line(unit, failure)) }
    }
  }

  /// Pairs of the same likeness stay in the order of the plan.
  func printResults() {
    let sorted = rows.sorted {
      ($0.found.ssim, $0.found.psnr, $0.unit.number) < ($1.found.ssim, $1.found.psnr, $1.unit.number)
    }
    if !json, !sorted.isEmpty {
      printer.line("     SSIM       P10     DSSIM      PSNR  FILES")
    }
    for row in sorted { printer.line(json ? line(row) : text(row)) }
  }

  private func text(_ row: Row) -> String {
    let found = row.found
    let numbers = [found.ssim, found.tenthPercentile, found.dssim].map {
      Readable.fixed($0, digits: 6).leftPadded(to: 9)
    }
    let psnr = (found.isSame ? "same" : Readable.fixed(found.psnr, digits: 2) + " dB").leftPadded(to: 9)
    let names = row.unit.source.paths.map(\.forDisplay).joined(separator: "  ")
    return (numbers + [psnr]).joined(separator: " ") + "  " + names + (limits.allow(found) ? "" : "  (below)")
  }

  private func line(_ row: Row) -> String {
    let found = row.found
    return object(row.unit) {
      $0.member("width", found.size.width)
      $0.member("height", found.size.height)
      $0.member("ssim", found.ssim)
      $0.member("dssim", found.dssim)
      $0.member("ssim_p10", found.tenthPercentile)
      $0.key("worst_block")
      $0.object {
        $0.member("ssim", found.worst)
        $0.member("x", found.worstBlock.x)
        $0.member("y", found.worstBlock.y)
        $0.member("width", found.worstBlock.size.width)
        $0.member("height", found.worstBlock.size.height)
      }
      $0.member("same", found.isSame)
      // JSON has no infinity: pictures without a difference have no number.
      $0.member("psnr", found.isSame ? nil : found.psnr)
      $0.member("mse", found.meanSquaredError)
      $0.member("below", !limits.allow(found))
    }
  }

  private func line(_ unit: Unit, _ failure: UnitFailure) -> String {
    object(unit) {
      $0.member("kind", "\(failure.kind)")
      $0.member("error", failure.reason)
    }
  }

  /// An object that begins with its type and the files' paths as bytes.
  private func object(_ unit: Unit, _ members: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "likeness")
      for (name, path) in zip(["a", "b"], unit.source.paths) { $0.member(name, utf8: path.rawBytes) }
      members(&$0)
    }
    return json.text
  }
}

extension Source {
  /// The files that are read.
  fileprivate var paths: [FilePath] {
    switch self {
    case .files(let paths): paths
    case .file(let path), .head(let path, _): [path]
    case .none, .bytes, .slice: []
    }
  }
}
