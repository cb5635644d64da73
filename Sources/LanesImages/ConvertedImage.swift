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
  /// The output is the input, byte for byte, after the input was decoded to its end.
  package var isCopy: Bool

  /// What is worth saying about the way it was done, or empty.
  package var note: String { isCopy ? "copied after checking, since nothing was to change" : "" }

  init(inputSize: PixelSize, outputSize: PixelSize, formats: (ImageFormat, ImageFormat), orientation: Orientation) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    (inputFormat, outputFormat) = formats
    self.orientation = orientation
    isCopy = false
  }

  func encoded() -> Bytes {
    var writer = WireWriter()
    for side in [inputSize.width, inputSize.height, outputSize.width, outputSize.height] { writer.write(UInt32(side)) }
    writer.write(inputFormat.rawValue)
    writer.write(outputFormat.rawValue)
    writer.write(orientation.rawValue)
    writer.write(isCopy)
    return writer.bytes
  }

  init(from reader: inout WireReader) throws(WireError) {
    inputSize = PixelSize(Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
    outputSize = PixelSize(Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
    guard
      let inputFormat = ImageFormat(rawValue: try reader.read()),
      let outputFormat = ImageFormat(rawValue: try reader.read()),
      let orientation = Orientation(rawValue: try reader.read())
    else { throw WireError("an unknown image format or orientation") }
    self.inputFormat = inputFormat
    self.outputFormat = outputFormat
    self.orientation = orientation
    isCopy = try reader.readBool()
  }
}
