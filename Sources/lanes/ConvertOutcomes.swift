import LanesCore
import LanesImages
import LanesReport
import SystemPackage

/// Tells of every converted image and counts them.
final class ConvertOutcomes: Fold {
  private let printer: ResultPrinter
  private let console: Console
  private let json: Bool
  private var copies = 0
  private var isHalted = false
  private var skipped: Int?

  init(printer: ResultPrinter, console: Console, json: Bool) {
    self.printer = printer
    self.console = console
    self.json = json
  }

  /// Tells of what `plan` skips, once; returns the plan.
  func knowing(_ plan: ConvertPlan) -> ConvertPlan {
    guard skipped == nil else { return plan }
    var count = 0
    defer { skipped = count }
    for file in plan.skippedFiles {
      count += 1
      if json { printer.line(line(skipping: file.input, file.output)) }
    }
    return plan
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    var image: ConvertedImage?
    switch outcome {
    case .done(let partial): image = try? ConvertWorkload.decodePartial(partial)
    case .failed(let failure):
      // A full disk fails everything in flight in the same way; once is enough.
      if !(failure.haltsBatch && isHalted) { console.failed(unit, failure) }
      isHalted = isHalted || failure.haltsBatch
    }
    if image?.isCopy == true { copies += 1 }
    if json { printer.line(line(unit, outcome, image)) }
  }

  var ending: Ending? { printer.isOpen ? nil : .outputClosed }

  /// Such as "94 images converted, 2 of them copied unchanged, 1 failed in 3.2 s".
  func summary(_ record: RunRecord) -> String {
    var parts = ["\(Readable.counted(record.unitsDone, "image")) converted"]
    if copies > 0 { parts.append("\(Readable.count(copies)) of them copied unchanged") }
    if let skipped, skipped > 0 { parts.append("\(Readable.count(skipped)) skipped") }
    if record.unitsFailed > 0 { parts.append("\(Readable.count(record.unitsFailed)) failed") }
    if record.ending != .complete { parts.append("the rest not begun") }
    return parts.joined(separator: ", ") + " in \(Readable.duration(nanoseconds: record.wall))"
  }

  private func line(skipping input: FilePath, _ output: FilePath) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "image")
      $0.member("input", utf8: input.rawBytes)
      $0.member("output", utf8: output.rawBytes)
      $0.member("outcome", "skipped")
    }
    return json.text
  }

  private func line(_ unit: Unit, _ outcome: Outcome, _ image: ConvertedImage?) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "image")
      if case .file(let path) = unit.source { $0.member("input", utf8: path.rawBytes) }
      if case .file(let target) = unit.sink { $0.member("output", utf8: target.path.rawBytes) }
      if let image {
        $0.member("outcome", "done")
        $0.member("input_format", image.inputFormat.name)
        $0.member("input_width", image.inputSize.width)
        $0.member("input_height", image.inputSize.height)
        $0.member("output_format", image.outputFormat.name)
        $0.member("output_width", image.outputSize.width)
        $0.member("output_height", image.outputSize.height)
        $0.member("copied", image.isCopy)
      } else if case .failed(let failure) = outcome {
        $0.member("outcome", "failed")
        $0.member("kind", "\(failure.kind)")
        $0.member("cause", failure.reason)
      }
    }
    return json.text
  }
}
