import LanesCore
import LanesImages
import LanesReport
import SystemPackage

/// Tells of every converted image and counts them.
///
/// As an observer it hears of units as they end, as a fold of their results in order; all on the coordinating thread.
final class ConvertOutcomes: Fold, Observer {
  private let printer: ResultPrinter
  private let console: ProgressReporter
  private let json: Bool
  private let quiet: Bool
  /// Counts of results; `degraded`, `profilesLeftOut`, `converted` and `unconverted` count inputs.
  private var copies = 0
  private var lossless = 0
  private var degraded = 0
  private var profilesLeftOut = 0
  private var converted = 0
  private var unconverted = 0
  /// Of images that were converted: their files, and those of their results.
  private var bytesBefore = 0
  private var bytesAfter = 0
  /// Of units that ended and whose turn has not come, by number.
  /// Kept for JSON only.
  private var records: [Int: UnitRecord] = [:]
  /// Files that were made; more than images with --sizes.
  private var results = 0
  /// A failure that every other unit would share was told.
  private var isHalted = false
  /// Results that were there already; nil until the first plan is made.
  private var skipped: Int?
  /// Results of --max-bytes, and the range of qualities that they got instead of the one that was asked for.
  private var reduced = 0
  private var qualities: ClosedRange<Int>?
  /// Results that were larger than their sources, by what became of them.
  private var larger: [ConvertedImage.Larger: Int] = [:]
  /// Is told of results as they come, in order.
  var manifest: Manifest?
  /// Images that the whole batch has, when that is known.
  private var total: Int?

  init(printer: ResultPrinter, console: ProgressReporter, json: Bool, quiet: Bool) {
    self.printer = printer
    self.console = console
    self.json = json
    self.quiet = quiet
  }

  /// Tells of what `plan` skips, once; returns the plan.
  func knowing(_ plan: ConvertPlan) -> ConvertPlan {
    guard skipped == nil else { return plan }
    know(plan.leavesOutDestination ? plan.destination : nil, plan.skippedFiles)
    return plan
  }

  private func know(_ leftOut: FilePath?, _ files: some Sequence<(input: FilePath, output: FilePath)>) {
    skipped = 0
    if let leftOut, !quiet {
      console.say("lanes: note: \(leftOut.forDisplay) is left out of the inputs, since results go there")
    }
    for file in files { skip(file.input, file.output) }
  }

  /// What a frozen plan calls what `wire` gives.
  static let note = "skipped"

  /// What is told of a plan, for whoever puts parts of it together.
  func wire(of plan: ConvertPlan) -> Bytes {
    var writer = WireWriter()
    writer.write(plan.leavesOutDestination)
    for file in plan.skippedFiles {
      writer.write(file.input)
      writer.write(file.output)
    }
    return writer.bytes
  }

  /// Tells of what `wire` wrote, whose checksum was right.
  func know(_ wire: Bytes, _ destination: FilePath) {
    var reader = WireReader(wire)
    let leavesOut = (try? reader.readBool()) ?? false
    var files: [(input: FilePath, output: FilePath)] = []
    while reader.remaining > 0, let input = try? reader.readPath(), let output = try? reader.readPath() {
      files.append((input, output))
    }
    know(leavesOut ? destination : nil, files)
  }

  /// The total is nil while names still arrive.
  func batchStarted(totalUnits: Int?) { total = totalUnits }
  func planGrew(totalUnits: Int?) { total = totalUnits }

  /// Hears of units as they end, in any order; `absorb` hears of them in order, later. What both need is kept meanwhile.
  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
    // An image that failed or was left out has no result: its bytes would look like a saving.
    if !record.failed, record.bytesOut > 0 {
      bytesBefore += record.bytesIn
      bytesAfter += record.bytesOut
    }
    if json { records[unit.number] = record }
  }

  /// Takes a result when its turn has come.
  func absorb(_ unit: Unit, _ outcome: Outcome) {
    var images: [ConvertedImage] = []
    switch outcome {
    case .done(let partial): images = (try? ConvertWorkload.decodePartial(partial)) ?? []
    case .failed(let failure):
      // A full disk fails everything in flight in the same way; once is enough.
      if !(failure.haltsBatch && isHalted) { console.failed(unit, failure) }
      isHalted = isHalted || failure.haltsBatch
    }
    copies += images.count { $0.isCopy && $0.larger == nil }
    for image in images { count(image) }
    if let manifest, case .done = outcome, case .file(let input) = unit.source {
      manifest.add(input, unit.sink.destinations, images)
    }
    lossless += images.count { $0.method == .lossless }
    if images.contains(where: { $0.remark != nil }) { profilesLeftOut += 1 }
    // All results of a unit come from one decoding, so the first one tells of its damage.
    if let damage = images.first?.damage {
      degraded += 1
      console.say("lanes: \(unit.label): degraded: \(damage)")
    }
    if let warning = images.first?.warning { console.say("lanes: \(unit.label): \(warning)") }
    switch images.first?.colors {
    case .converted: converted += 1
    case .unconverted: unconverted += 1
    case .kept, nil: break
    }
    results += images.count { $0.larger != .skipped }
    if json { tell(unit, outcome, images) }
  }

  private func count(_ image: ConvertedImage) {
    if let larger = image.larger { self.larger[larger, default: 0] += 1 }
    guard let step = image.reduced else { return }
    reduced += 1
    guard case .quality(let value) = step else { return }
    qualities = min(qualities?.lowerBound ?? value, value)...max(qualities?.upperBound ?? value, value)
  }

  /// One line per result, or per input that failed.
  /// An image on standard output has no destination. A failed unit has made no file, so of several none is named.
  private func tell(_ unit: Unit, _ outcome: Outcome, _ images: [ConvertedImage]) {
    let targets = unit.sink.destinations
    let record = records.removeValue(forKey: unit.number)
    guard case .done = outcome else {
      return printer.line(line(unit, targets.count == 1 ? targets[0] : nil, outcome, nil, record))
    }
    for (index, image) in images.enumerated() {
      let target = targets.isEmpty || image.larger == .skipped ? nil : targets[index]
      var image = image
      image.preview = images[0].preview
      printer.line(line(unit, target, outcome, image, record))
    }
  }

  /// Tells of a result that is there already.
  func skip(_ input: FilePath, _ output: FilePath) {
    skipped = (skipped ?? 0) + 1
    manifest?.skip(input, output)
    if json { printer.line(line(skipping: input, output)) }
  }

  /// True when there was nothing to do.
  func isIdle(_ record: RunRecord) -> Bool {
    record.ending == .complete && record.unitsDone + record.unitsFailed + (skipped ?? 0) == 0
  }

  /// Such as "94 images converted, 2 of them copied unchanged, 1 failed in 3.2 s; 66 MiB to 8.1 MiB (88% saved)".
  func summary(_ record: RunRecord) -> String {
    // `results == copies`: with --sizes one image may give a copy and other files.
    let areAllCopies = copies > 0 && copies == record.unitsDone && results == copies
    var parts = ["\(Readable.counted(record.unitsDone, "image")) \(areAllCopies ? "copied unchanged" : "converted")"]
    if results != record.unitsDone { parts[0] += " to \(Readable.counted(results, "file"))" }
    if copies > 0, !areAllCopies { parts.append("\(Readable.count(copies)) of them copied unchanged") }
    if lossless > 0 { parts.append("\(Readable.count(lossless)) without loss") }
    if reduced > 0 {
      let range = qualities.map {
        $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
      }
      parts.append("\(Readable.count(reduced)) made to fit\(range.map { " by quality \($0)" } ?? "")")
    }
    if let count = larger[.copied] { parts.append("\(Readable.count(count)) larger, so that the source was copied") }
    if let count = larger[.kept] { parts.append("\(Readable.count(count)) larger than the source") }
    if let count = larger[.skipped] { parts.append("\(Readable.count(count)) larger and left out") }
    if degraded > 0 { parts.append("\(Readable.count(degraded)) degraded") }
    if profilesLeftOut > 0 { parts.append("\(Readable.count(profilesLeftOut)) stripped of an unusable ICC profile") }
    if converted > 0 { parts.append("\(Readable.count(converted)) with colors made sRGB") }
    if unconverted > 0 { parts.append("\(Readable.count(unconverted)) whose colors could not be made sRGB") }
    if let skipped, skipped > 0 { parts.append("\(Readable.count(skipped)) skipped") }
    if record.unitsFailed > 0 { parts.append("\(Readable.count(record.unitsFailed)) failed") }
    // A stop that comes with the last unit leaves nothing out.
    let isWhole = total.map { record.unitsDone + record.unitsFailed >= $0 } ?? false
    if record.ending != .complete, !isWhole { parts.append("the rest not begun") }
    let bytes = results > 0 ? "; \(Readable.change(from: bytesBefore, to: bytesAfter))" : ""
    return parts.joined(separator: ", ") + " in \(Readable.duration(nanoseconds: record.wall))" + bytes
  }

  /// A skipped input is no unit and has no record.
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

  /// A result or a failure; members that are not known are left out.
  private func line(
    _ unit: Unit, _ target: Destination?, _ outcome: Outcome, _ image: ConvertedImage?, _ record: UnitRecord?
  ) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "image")
      if case .file(let path) = unit.source { $0.member("input", utf8: path.rawBytes) }
      if let target { $0.member("output", utf8: target.path.rawBytes) }
      if let image {
        let outcome = image.damage == nil ? "done" : "degraded"
        $0.member("outcome", image.larger == .skipped ? "skipped" : outcome)
        if image.larger == .skipped { $0.member("cause", "its result is larger than its source") }
        if let damage = image.damage { $0.member("cause", damage) }
        if let remark = image.remark { $0.member("remark", remark) }
        if image.colors != .kept { $0.member("colors", "\(image.colors)") }
        if let warning = image.warning { $0.member("warning", warning) }
        // The names of the cases are part of the output, as are those of `kind` below.
        $0.member("method", "\(image.method)")
        $0.member("input_format", image.inputFormat.name)
        $0.member("input_width", image.inputSize.width)
        $0.member("input_height", image.inputSize.height)
        $0.member("output_format", image.outputFormat.name)
        $0.member("output_media_type", image.outputFormat.mediaType)
        $0.member("output_width", image.outputSize.width)
        $0.member("output_height", image.outputSize.height)
        $0.member("output_bytes", image.byteCount)
        if let larger = image.larger { $0.member("larger", "\(larger)") }
        // `--png-level` as `png_level`.
        if let step = image.reduced { $0.member(step.member, step.value) }
        if !image.preview.isEmpty { $0.member("preview", DataURI.jpeg(image.preview)) }
      } else if case .failed(let failure) = outcome {
        $0.member("outcome", "failed")
        $0.member("kind", "\(failure.kind)")
        $0.member("cause", failure.reason)
      }
      if let record {
        $0.member("input_bytes", record.bytesIn)
        $0.member("seconds", record.seconds)
      }
    }
    return json.text
  }
}

extension UnitRecord {
  /// What loading, performing and storing took together.
  var seconds: Double {
    Double(load.nanoseconds + perform.nanoseconds + store.nanoseconds) / 1e9
  }
}
