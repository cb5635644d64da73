import CCodecs
import LanesCore

/// Encodes a PNG in the form that takes the fewest bytes for the same pixels: without an alpha that is opaque throughout, as gray
/// where red, green and blue are equal, with 8 bits where 16 say no more, with a palette where there are up to 256 colors, and with
/// fewer than 8 bits where these suffice.
///
/// All rows are kept until the last has come.
final class ReducedPNGEncoder: RowSink {
  /// Bytes of the rows of an image that is reduced, at most; the rows of larger ones are not kept.
  static let mostBytes = 64 << 20

  private let plain: PNGForm
  private var next: UnsafeMutablePointer<UInt8>
  private let bytesPerRow: Int
  private let metadata: ImageMetadata
  private let options: ConvertOptions
  private let context: CodecContext

  /// - Parameter shape: of the rows that arrive.
  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) {
    plain = try PNGForm(shape)
    (next, bytesPerRow) = (plain.rows.bytes, shape.bytesPerRow)
    (self.metadata, self.options, self.context) = (metadata, options, context)
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    next.update(from: row, count: bytesPerRow)
    next += bytesPerRow
  }

  /// Encodes all rows in the form whose file is the smallest.
  func finish() throws(UnitFailure) {
    let keepsDepth = options.pngDepth != nil
    if !keepsDepth { plain.narrow() }
    // A profile of colors is none for gray, and the other way around (PNG, 11.3.2.3).
    plain.simplify(mayBeGray: metadata.profile == nil)
    try context.deadline.check()
    let mayBeIndexed = !keepsDepth && (metadata.profile == nil || plain.shape.channels == 4)
    guard mayBeIndexed, let indexed = try plain.indexed() else { return try encode(plain, context) }
    let files = try (encoded(plain), encoded(indexed))
    let smaller = files.1.count < files.0.count ? files.1 : files.0
    try smaller.withBytes { (bytes) throws(UnitFailure) in try context.output.append(bytes) }
  }

  /// A file of its own. Few colors compress well, so both are quickly made; a lower level is often wrong about which is smaller.
  private func encoded(_ form: PNGForm) throws(UnitFailure) -> OutputBuffer {
    let output = OutputBuffer()
    try encode(form, CodecContext(deadline: context.deadline, output: output))
    return output
  }

  private func encode(_ form: PNGForm, _ context: CodecContext) throws(UnitFailure) {
    let encoder = try PNGEncoder(
      form.shape, metadata: metadata, options: options, storage: form.storage, context: context)
    for row in 0..<form.shape.size.height { try encoder.take(form.rows.bytes + row * form.shape.bytesPerRow) }
    try encoder.finish()
  }
}
