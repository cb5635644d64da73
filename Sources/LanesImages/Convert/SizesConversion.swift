import LanesCore
import LanesOS

/// Several results from one image that is decoded once.
///
/// The decoder works at the scale that the largest result needs; its rows go through the stages of all results in turn. A
/// result whose size stays is copied, or moved as it is stored, just as when it is made alone. A result is therefore at
/// least as good as one that is made alone.
struct SizesConversion {
  /// One of the results.
  private struct Part {
    let options: ConvertOptions
    let context: CodecContext
    let conversion: Conversion

    var output: OutputBuffer { context.output }
  }

  private let format: ImageFormat
  private let decoder: any ImageDecoder
  private let parts: [Part]
  private let target: OutputBuffer

  /// - Parameter sizes: what each result is resized to, at least one.
  init(
    of decoder: any ImageDecoder, _ format: ImageFormat, options: ConvertOptions, sizes: [ResizeSpec],
    context: CodecContext
  ) throws(UnitFailure) {
    (self.format, self.decoder) = (format, decoder)
    target = context.output
    var parts: [Part] = []
    for size in sizes {
      var options = options
      options.resize = size
      // Results are made side by side, row by row, so that each needs an output of its own until all are done.
      let context = CodecContext(deadline: context.deadline, output: OutputBuffer())
      let conversion = try Conversion(of: decoder, format, options: options, context: context)
      parts.append(Part(options: options, context: context, conversion: conversion))
    }
    self.parts = parts
  }

  /// Converts `input`, the bytes that the decoder reads; ends one part of the output per size.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> [ConvertedImage] {
    var moved: [ConvertedImage?] = []
    for part in parts {
      moved.append(try format.codec.move(input, decoder.header, options: part.options, context: part.context))
    }
    try decode(zip(parts, moved).filter { $1 == nil }.map(\.0))
    var reports: [ConvertedImage] = []
    for (part, moved) in zip(parts, moved) {
      var report = moved ?? part.conversion.report
      // In the order of the sizes, since parts of an output have no other name.
      if part.conversion.canCopy {
        report.method = .copied
        try target.append(input)
      } else {
        if moved == nil { report.damage = decoder.damage }
        try part.output.withBytes { (bytes) throws(UnitFailure) in try target.append(bytes) }
      }
      report.byteCount = part.conversion.canCopy ? input.count : part.output.count
      target.endPart()
      reports.append(report)
    }
    return reports
  }

  /// Decodes once for all of `parts`, those that are copied included: damage must not be.
  private func decode(_ parts: [Part]) throws(UnitFailure) {
    guard !parts.isEmpty else { return }
    let changing = parts.map(\.conversion).filter { !$0.canCopy }
    // The largest result decides: a decoder works at one scale at a time.
    var scale = changing.map(\.scale).reduce(DecodeScale.smallest) { $0.union($1) }
    let rows = try decoder.start(at: &scale)
    var stages: [any RowSink] = []
    for conversion in changing { stages.append(try conversion.stages(for: rows, scale: scale)) }
    try decodeRows(of: decoder, as: rows, into: FanOutStage(stages))
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
