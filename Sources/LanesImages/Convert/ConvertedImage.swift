import LanesCore

extension ImageFormat {
  /// What web pages call it: IANA has registered every format under the name that `--to` has for it.
  package var mediaType: String { "image/\(id)" }
}

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
    /// What is coded was moved, such as a JPEG's coefficients; no pixel was encoded anew.
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

  package enum Colors: UInt8, Sendable, CaseIterable {
    /// As they were: nothing else was asked, or they are sRGB's already.
    case kept
    /// They became sRGB's.
    case converted
    /// That was asked and cannot be done; `warning` tells why.
    case unconverted
  }

  /// What became of the colors.
  package var colors = Colors.kept
  /// What the user has to know of the output, as a sentence's end after the image's name; nil for nothing.
  package var warning: String?

  /// What became of a result that is larger than its source, where that was asked for.
  package enum Larger: UInt8, Sendable, CaseIterable {
    /// The source took its place.
    case copied
    /// It was kept, since the source is not what was asked for.
    case kept
    /// No file was made.
    case skipped
  }

  /// nil for a result that is not larger, or that nothing was asked about.
  package var larger: Larger?
  /// The encoder's setting that made the result small enough; nil when it was so as it was asked for.
  package var reduced: EncoderStep?
  /// A small JPEG of the image, with the first of its results; empty for none.
  package var preview: Bytes = []

  /// Of the output, also of one that was not kept.
  package var byteCount = 0

  package var isCopy: Bool { method == .copied }

  init(inputSize: PixelSize, outputSize: PixelSize, formats: (ImageFormat, ImageFormat), orientation: Orientation) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    (inputFormat, outputFormat) = formats
    self.orientation = orientation
  }

  /// Of an image of which what is stored moved into a result of its own format, with what there is to tell of its metadata and
  /// its colors.
  init(
    moving header: ImageHeader, _ format: ImageFormat, _ geometry: Geometry, options: ConvertOptions, byteCount: Int
  ) {
    self.init(
      inputSize: header.shape.size, outputSize: geometry.result, formats: (format, format), orientation: geometry.turn)
    remark = header.remark(options)
    note(header.colors(options))
    self.byteCount = byteCount
  }

  /// Takes down what becomes of the colors.
  mutating func note(_ treatment: ColorTreatment) {
    switch treatment {
    case .kept: colors = .kept
    case .converted, .plainInks(nil): colors = .converted
    case .plainInks(let fault?):
      colors = .converted
      warning = "its inks became sRGB without its ICC profile, which \(fault)"
    case .unusable(let fault):
      colors = .unconverted
      warning = "its colors were not converted to sRGB, since its ICC profile \(fault)"
    }
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
    writer.write(colors.rawValue)
    writer.write(warning ?? "")
    writer.write(optional: larger?.rawValue)
    writer.write(reduced?.option ?? "")
    writer.write(reduced?.value ?? 0)
    writer.write(preview)
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
    guard let colors = Colors(rawValue: try reader.read()) else { throw WireError("unknown colors") }
    self.colors = colors
    let warning = try reader.readString()
    self.warning = warning.isEmpty ? nil : warning
    larger = try reader.readOptional(UInt8.self).flatMap(Larger.init)
    let (option, value) = (try reader.readString(), try reader.read(Int.self))
    reduced = EncoderStep.named(option, value)
    preview = try reader.readBytes()
  }
}
