import LanesCore

/// Several results from one image that is decoded once.
///
/// The decoder works at the scale that the largest result needs; its rows go through the stages of all results in turn. A
/// result is therefore at least as good as one that is made alone.
struct SizesConversion {
  private let decoder: any ImageDecoder
  private let conversions: [Conversion]
  private let outputs: [OutputBuffer]
  private let target: OutputBuffer

  /// - Parameter sizes: what each result is resized to, at least one.
  init(
    _ input: UnsafeRawBufferPointer, options: ConvertOptions, sizes: [ResizeSpec], context: CodecContext
  ) throws(UnitFailure) {
    let (format, decoder) = try openDecoder(input, options: options, context: context)
    self.decoder = decoder
    target = context.output
    var conversions: [Conversion] = []
    var outputs: [OutputBuffer] = []
    for size in sizes {
      var options = options
      options.resize = size
      let output = OutputBuffer()
      let context = CodecContext(checkpoint: context.checkpoint, output: output)
      conversions.append(try Conversion(of: decoder, format, options: options, context: context))
      outputs.append(output)
    }
    self.conversions = conversions
    self.outputs = outputs
  }

  /// Converts `input`, the bytes this was made from; ends one part of the output per size.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> [ConvertedImage] {
    let changing = conversions.filter { !$0.canCopy }
    let eighths = changing.map(\.eighths).max() ?? 1
    let rows = try decoder.start(eighths: eighths)
    var stages: [any RowSink] = []
    for conversion in changing { stages.append(try conversion.stages(for: rows, eighths: eighths)) }
    try conversions[0].decode(as: rows, into: FanOutStage(stages))
    var reports: [ConvertedImage] = []
    for (conversion, output) in zip(conversions, outputs) {
      var report = conversion.report
      if conversion.canCopy { report.method = .copied }
      report.damage = decoder.damage
      report.byteCount = conversion.canCopy ? input.count : output.count
      if conversion.canCopy {
        try target.append(input)
      } else {
        try output.withBytes { (bytes) throws(UnitFailure) in try target.append(bytes) }
      }
      target.endPart()
      reports.append(report)
    }
    return reports
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
