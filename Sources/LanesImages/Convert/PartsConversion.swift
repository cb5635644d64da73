import LanesCore
import LanesOS

/// Several results from one image that is decoded once, or one whose size in bytes decides what becomes of it.
///
/// The decoder works at the scale that the largest result needs; its rows go through the stages of all results in turn. A
/// result whose size stays is copied, or moved as it is stored, just as when it is made alone. A result is therefore at
/// least as good as one that is made alone.
struct PartsConversion {
  private let format: ImageFormat
  private let decoder: any ImageDecoder
  private let parts: [ConvertedPart]
  private let preview: ConvertedPart?
  private let target: OutputBuffer

  /// - Parameters:
  ///   - results: what is asked of each result, at least one, settled for `format`.
  ///   - byteCount: of the file that the decoder reads.
  init(
    of decoder: any ImageDecoder, _ format: ImageFormat, results: [ConvertOptions], byteCount: Int,
    context: CodecContext
  ) throws(UnitFailure) {
    (self.format, self.decoder) = (format, decoder)
    target = context.output
    var parts: [ConvertedPart] = []
    func part(_ options: ConvertOptions) throws(UnitFailure) -> ConvertedPart {
      // Results are made side by side, row by row, so that each needs an output of its own until all are done.
      let context = CodecContext(
        deadline: context.deadline, output: OutputBuffer(), usesLibrary: context.usesLibrary)
      return ConvertedPart(
        try Conversion(of: decoder, format, options: options, byteCount: byteCount, context: context), context)
    }
    for options in results { parts.append(try part(options)) }
    self.parts = parts
    guard let side = results[0].preview else {
      preview = nil
      return
    }
    var asked = results[0].preview(side, of: parts[0].conversion.geometry.result)
    // It has no profile. What becomes of inks was settled when the decoder was opened.
    if !decoder.header.isCMYK { asked.profile = .srgb }
    preview = try part(asked)
  }

  /// Converts `input`, the bytes that the decoder reads; ends one part of the output per result.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> [ConvertedImage] {
    for part in parts { try part.move(input, format, decoder.header) }
    try decode()
    var reports: [ConvertedImage] = []
    // In the order of the results, since parts of an output have no other name.
    for part in parts {
      try part.fit()
      reports.append(try part.deliver(input, damage: decoder.damage, to: target))
    }
    if let preview { reports[0].preview = preview.output.withBytes { Bytes($0) } }
    return reports
  }

  /// Decodes once for all results, those that are copied included: damage must not be.
  private func decode() throws(UnitFailure) {
    let waiting = parts.filter { !$0.isMoved }
    guard !waiting.isEmpty || preview != nil else { return }
    let changing = waiting.filter { !$0.conversion.canCopy } + (preview.map { [$0] } ?? [])
    // The largest result decides: a decoder works at one scale at a time.
    var scale = changing.map(\.conversion.scale).reduce(DecodeScale.smallest) { $0.union($1) }
    let rows = try decoder.start(at: &scale)
    var stages: [any RowSink] = []
    for part in changing { stages.append(try part.stages(for: rows, scale: scale)) }
    try decodeRows(of: decoder, as: rows, into: FanOutStage(stages))
  }
}

/// One of the results of an image while it is made.
private final class ConvertedPart {
  let conversion: Conversion
  private(set) var output: OutputBuffer
  private let context: CodecContext
  private var options: ConvertOptions { conversion.options }
  /// What was made without decoding pixels.
  private var moved: ConvertedImage?
  /// The result's rows, where they may have to be encoded more than once.
  private var kept: RowKeeper?
  private var reduced: EncoderStep?

  init(_ conversion: Conversion, _ context: CodecContext) {
    self.conversion = conversion
    self.context = context
    output = context.output
  }

  var isMoved: Bool { moved != nil }

  /// Makes the result from what the file stores, where that is possible and small enough.
  func move(_ input: UnsafeRawBufferPointer, _ format: ImageFormat, _ header: ImageHeader) throws(UnitFailure) {
    moved = try format.codec.move(input, header, options: options, context: context)
    guard let limit = options.maxBytes, output.count > limit else { return }
    moved = nil
    output.restart()
  }

  /// The stages for rows that are decoded at `scale`; the last of them encode.
  func stages(for rows: RowShape, scale: DecodeScale) throws(UnitFailure) -> any RowSink {
    try conversion.stages(for: rows, scale: scale) { (shape) throws(UnitFailure) in
      let encoder = try conversion.encoder(shape)
      guard options.maxBytes != nil else { return encoder }
      let keeper = try RowKeeper(shape, next: encoder)
      kept = keeper
      return keeper
    }
  }

  /// Encodes a result that has too many bytes again, until it has as many as it may.
  func fit() throws(UnitFailure) {
    guard let limit = options.maxBytes, let kept, output.count > limit else { return }
    let format = conversion.report.outputFormat
    var search = StepSearch(output.count)
    // Two buffers by turns: what fits is held until something better does.
    var (best, spare) = (OutputBuffer(), output)
    try search.run(conversion.smallerSteps, limit: limit) { (step) throws(UnitFailure) in
      spare.restart()
      var options = options
      step.apply(to: &options)
      let context = CodecContext(deadline: context.deadline, output: spare, usesLibrary: context.usesLibrary)
      try kept.send(to: try conversion.encoder(kept.shape, options, context))
      let count = spare.count
      if count <= limit { swap(&best, &spare) }
      return count
    }
    self.kept = nil
    guard let step = search.best else { throw tooLarge(search.smallest, limit, format) }
    (output, reduced) = (best, step)
  }

  private func tooLarge(_ smallest: (count: Int, step: EncoderStep?), _ limit: Int, _ format: ImageFormat)
    -> UnitFailure
  {
    let size = conversion.report.outputSize
    let how = smallest.step.map { " with \($0.option) \($0.value)" } ?? ""
    let text =
      "its \(format.name) of \(size.width) \(Glyphs.times) \(size.height) pixels has at least \(grouped(smallest.count)) bytes\(how); --max-bytes allows \(grouped(limit))"
    return UnitFailure(.rejected, text)
  }

  /// Appends the result to `target`, or what takes its place, and says how it was made.
  func deliver(
    _ input: UnsafeRawBufferPointer, damage: String?, to target: OutputBuffer
  ) throws(UnitFailure) -> ConvertedImage {
    var report = moved ?? conversion.report
    let copies = moved == nil && conversion.canCopy
    if moved == nil, !copies { report.damage = damage }
    report.reduced = reduced
    if !copies { report.larger = fate(input.count, damage: damage) }
    if copies || report.larger == .copied {
      report.method = .copied
      report.reduced = nil
      report.byteCount = input.count
      try target.append(input)
    } else {
      report.byteCount = output.count
      guard report.larger != .skipped else {
        target.omitPart()
        return report
      }
      try output.withBytes { (bytes) throws(UnitFailure) in try target.append(bytes) }
    }
    target.endPart()
    return report
  }

  /// What becomes of the result beside a source of `count` bytes; nil where that is no question.
  private func fate(_ count: Int, damage: String?) -> ConvertedImage.Larger? {
    guard options.ifLarger != .keep, output.count > count, conversion.keepsSize else { return nil }
    if options.ifLarger == .skip { return .skipped }
    return conversion.mayBeSource && damage == nil ? .copied : .kept
  }
}

/// Hands every row to several stages.
private final class FanOutStage: RowSink {
  private let stages: [any RowSink]

  init(_ stages: [any RowSink]) { self.stages = stages }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    for stage in stages { try stage.take(row) }
  }

  func finish() throws(UnitFailure) {
    for stage in stages { try stage.finish() }
  }
}
