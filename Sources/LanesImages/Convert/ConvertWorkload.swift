import LanesCore

/// Converts images: each unit is one file, decoded by what it holds, resized, turned and encoded.
package struct ConvertWorkload: Workload {
  package static let name = "images.convert"
  package static let isHazardous = true
  package static let noun = UnitNoun("image", "images")

  package let options: ConvertOptions
  private let codecs: Codecs

  /// - Parameter codecs: the formats that are read and written; worker processes know those of the program only.
  package init(_ options: ConvertOptions, codecs: Codecs = .standard) {
    self.options = options
    self.codecs = codecs
  }

  package init(from reader: inout WireReader) throws(WireError) {
    self.init(try ConvertOptions(from: &reader, codecs: .standard))
  }

  package func describe(to writer: inout WireWriter) { options.describe(to: &writer) }

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    // What comes through a pipe has no size before it is there.
    if let failure = options.objection(toBytes: input.byteCount) { throw failure }
    return try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      // `attempt` must not see `salvage`: it changes what decoders take for an error.
      var strict = options
      strict.salvage = false
      do throws(UnitFailure) {
        return try attempt(unit, bytes, strict, output, deadline)
      } catch {
        // Only what is damaged is salvaged, so that a sound image becomes the same with and without.
        guard options.salvage, error.kind == .rejected else { throw error }
        // What the first try has written is dropped; performing a unit has no other effect.
        output.restart(at: output.start)
        return try convert(unit, bytes, options, CodecContext(deadline: deadline, output: output))
      }
    }
  }

  /// Converts, and once more from the start by libjpeg-turbo or libpng alone when the quicker decoder found something odd,
  /// be it after rows that are encoded already: whether an image is sound must not depend on the size it is wanted at.
  private func attempt(
    _ unit: Unit, _ bytes: UnsafeRawBufferPointer, _ options: ConvertOptions, _ output: OutputBuffer,
    _ deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let context = CodecContext(deadline: deadline, output: output)
    do throws(UnitFailure) {
      return try convert(unit, bytes, options, context)
    } catch {
      guard context.isUndecided else { throw error }
      output.restart(at: output.start)
      return try convert(
        unit, bytes, options, CodecContext(deadline: deadline, output: output, usesLibrary: true))
    }
  }

  /// Takes the way that changes least.
  private func convert(
    _ unit: Unit, _ bytes: UnsafeRawBufferPointer, _ options: ConvertOptions, _ context: CodecContext
  ) throws(UnitFailure) -> Bytes {
    let (format, decoder) = try codecs.openDecoder(bytes, options: options, context: context)
    guard options.needsParts else {
      let options = options.settled(for: format)
      if let image = try format.codec.move(bytes, decoder.header, options: options, context: context) {
        return image.encoded()
      }
      let conversion = try Conversion(
        of: decoder, format, options: options, byteCount: bytes.count, context: context)
      return try conversion.run(bytes).encoded()
    }
    // The unit's task holds the positions of the results that are asked for.
    let results = options.makesSeveral ? unit.task.map { options.result(Int($0)) } : [options]
    let conversion = try PartsConversion(
      of: decoder, format, results: results.map { $0.settled(for: format) }, byteCount: bytes.count, context: context)
    return try conversion.run(bytes).flatMap { $0.encoded() }
  }

  /// Reads back what `perform` returned: one report per result.
  package static func decodePartial(
    _ bytes: Bytes, codecs: Codecs = .standard
  ) throws(WireError) -> [ConvertedImage] {
    var reader = WireReader(bytes)
    var images: [ConvertedImage] = []
    // Reports of several results stand one after the other, without a count.
    while reader.remaining > 0 { images.append(try ConvertedImage(from: &reader, codecs: codecs)) }
    return images
  }
}
