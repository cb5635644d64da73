import LanesCore

/// Converts images: each unit is one file, decoded by what it holds, resized, turned and encoded.
package struct ConvertWorkload: Workload {
  package static let name = "images.convert"

  package let options: ConvertOptions

  package init(_ options: ConvertOptions) { self.options = options }

  package init(from reader: inout WireReader) throws(WireError) { options = try ConvertOptions(from: &reader) }

  package func describe(to writer: inout WireWriter) { options.describe(to: &writer) }

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, checkpoint: Checkpoint
  ) throws(UnitFailure) -> Bytes {
    try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      let context = CodecContext(checkpoint: checkpoint, output: output)
      let conversion = try Conversion(bytes, options: options, context: context)
      return try conversion.run(bytes).encoded()
    }
  }

  /// Reads back what `perform` returned.
  package static func decodePartial(_ bytes: Bytes) throws(WireError) -> ConvertedImage {
    var reader = WireReader(bytes)
    return try ConvertedImage(from: &reader)
  }
}
