import LanesCore

/// What became of one image: the partial result of a unit.
package struct ConvertedImage: Sendable, Equatable {
  /// As stored, before any turning.
  package var inputSize: PixelSize
  package var outputSize: PixelSize
  package var inputFormat: ImageFormat
  package var outputFormat: ImageFormat
  /// The turn that was applied.
  package var orientation: Orientation
  package enum Method: UInt8, Sendable, CaseIterable {
    /// Pixels were decoded and encoded.
    case converted
    /// A JPEG's coefficients were moved; no pixel was decoded.
    case lossless
    /// The output is the input, byte for byte, after the input was decoded to its end.
    case copied
  }

  /// How the output came about.
  package var method = Method.converted
  /// What is wrong with the input, such as "it ends inside the image data", and was made up for; nil for a sound one.
  package var damage: String?
  /// What is to be told of the input though the output is sound, such as "its ICC profile is broken (…) and was left out".
  package var remark: String?

  /// Of the output.
  package var byteCount = 0

  package var isCopy: Bool { method == .copied }

  init(inputSize: PixelSize, outputSize: PixelSize, formats: (ImageFormat, ImageFormat), orientation: Orientation) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    (inputFormat, outputFormat) = formats
    self.orientation = orientation
  }

  func encoded() -> Bytes {
    var writer = WireWriter()
    for side in [inputSize.width, inputSize.height, outputSize.width, outputSize.height] { writer.write(UInt32(side)) }
    writer.write(inputFormat.id)
    writer.write(outputFormat.id)
    writer.write(orientation.rawValue)
    writer.write(method.rawValue)
    writer.write(byteCount)
    writer.write(damage ?? "")
    writer.write(remark ?? "")
    return writer.bytes
  }

  init(from reader: inout WireReader, codecs: Codecs) throws(WireError) {
    inputSize = PixelSize(Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
    outputSize = PixelSize(Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
    guard
      let inputFormat = codecs.format(named: try reader.readString()),
      let outputFormat = codecs.format(named: try reader.readString()),
      let orientation = Orientation(rawValue: try reader.read()),
      let method = Method(rawValue: try reader.read())
    else { throw WireError("an unknown image format, orientation or method") }
    self.inputFormat = inputFormat
    self.outputFormat = outputFormat
    self.orientation = orientation
    self.method = method
    byteCount = try reader.read()
    let damage = try reader.readString()
    self.damage = damage.isEmpty ? nil : damage
    let remark = try reader.readString()
    self.remark = remark.isEmpty ? nil : remark
  }
}
