import LanesCore

/// The way of one image from bytes to bytes: decoder → crop → resampler → sharpening → gray → turn → padding
/// → encoder, row by row. Colors become sRGB's before the resampler or after it.
struct Conversion {
  let options: ConvertOptions
  private let context: CodecContext
  private let decoder: any ImageDecoder
  let geometry: Geometry
  private let colors: ColorTreatment
  /// Bytes of the file.
  private let byteCount: Int
  private(set) var report: ConvertedImage

  /// Decides what is to be done with what `decoder` gives.
  /// - Parameters:
  ///   - options: those of one result, settled for `format`.
  ///   - byteCount: of the file that the decoder reads.
  /// - Throws: `UnitFailure` when the crop lies outside the image, or the result would be too large.
  init(
    of decoder: any ImageDecoder, _ format: ImageFormat, options: ConvertOptions, byteCount: Int, context: CodecContext
  ) throws(UnitFailure) {
    let header = decoder.header
    geometry = try Geometry(of: header, options: options)
    self.options = options
    self.context = context
    self.decoder = decoder
    self.byteCount = byteCount
    report = ConvertedImage(
      inputSize: header.shape.size, outputSize: geometry.result, formats: (format, options.outputFormat(for: format)),
      orientation: geometry.turn)
    colors = decoder.header.colors(options)
    report.note(colors)
    if !canCopy { report.remark = header.remark(options) ?? header.remarkOnDecoding(options, to: report.outputFormat) }
  }

  /// Converts `input`, the bytes this was made from, and says how.
  consuming func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> ConvertedImage {
    if canCopy {
      // A copy must not pass damage on, so that the image is decoded to its end, as small as the decoder can make it. The
      // smallest scale reads every bit of the file all the same.
      var scale = DecodeScale.smallest
      try decode(as: try decoder.start(at: &scale), into: nil)
      try context.output.append(input)
      report.method = .copied
    } else {
      try convert()
      report.damage = decoder.damage
    }
    report.byteCount = context.output.count
    return report
  }

  /// True when the input is its own result.
  var canCopy: Bool {
    !options.salvage && byteCount <= options.maxBytes ?? .max
      && decoder.header.meets(options, report.inputFormat, geometry)
  }

  /// True when the result has the pixels of the input, be they turned.
  var keepsSize: Bool { geometry.keepsSize(of: decoder.header.shape.size) }

  /// True when the input is what was asked for, but for how it is encoded.
  var mayBeSource: Bool { !options.salvage && decoder.header.standsFor(options, report.inputFormat, geometry) }

  /// The scale at which the decoder need make the image at least.
  var scale: DecodeScale {
    guard options.allowsDecoderScaling else { return .full }
    return DecodeScale(of: decoder.header.shape.size, part: geometry.crop.size, to: geometry.scaled)
  }

  private func convert() throws(UnitFailure) {
    var scale = scale
    let rows = try decoder.start(at: &scale)
    let stages = try stages(for: rows, scale: scale) { (shape) throws(UnitFailure) in try encoder(shape) }
    try decode(as: rows, into: stages)
  }

  /// Builds the stages, from the last to the first, for rows that are decoded at `scale`.
  ///
  /// - Parameter end: makes what takes the rows of the result.
  func stages(
    for rows: RowShape, scale: DecodeScale, _ end: (RowShape) throws(UnitFailure) -> any RowSink
  ) throws(UnitFailure) -> any RowSink {
    // Cropping comes first: what is not shown need not be resized.
    let (part, covered) = geometry.window(in: rows.size, scale: scale)
    var cropped = rows
    cropped.size = part.size
    var resized = report.outputFormat.codec.outputShape(of: rows, options: options)
    resized.size = geometry.window.size
    var stage = try stages(after: resized, end)
    if let amount = options.sharpen, geometry.isScaled {
      stage = try SharpenStage(resized, amount: amount, next: stage)
    }
    let isConvertedLate = convertsColors(after: resized, from: cropped)
    if case .converted(let colors) = colors, isConvertedLate { stage = try ColorStage(colors, resized, next: stage) }
    // The resampler also converts depth and lays on the background, so that it is needed where only these change.
    if cropped != resized || geometry.scaled != geometry.window.size {
      var resampling = Resampling(covered: covered, scaled: geometry.scaled, window: geometry.window)
      resampling.filter = options.filter
      resampling.isLinear = options.linearLight
      stage = try ResampleStage(
        from: cropped, to: resized, resampling, background: options.background, next: stage)
    }
    if case .converted(let colors) = colors, !isConvertedLate { stage = try ColorStage(colors, cropped, next: stage) }
    return cropped != rows ? CropStage(part, of: rows, next: stage) : stage
  }

  /// True when colors are converted after the resampler, where pixels are fewer. They are converted before it when it
  /// mixes light of sRGB, lays pixels on a background that is of sRGB or makes colors of gray, when pixels are inks, and when
  /// samples lose bits.
  private func convertsColors(after resized: RowShape, from cropped: RowShape) -> Bool {
    resized.size.area <= cropped.size.area && !options.linearLight && resized.hasAlpha == cropped.hasAlpha
      && resized.channels == cropped.channels && !decoder.header.isCMYK && resized.depth >= cropped.depth
  }

  /// What follows the resampler.
  private func stages(
    after resized: RowShape, _ end: (RowShape) throws(UnitFailure) -> any RowSink
  ) throws(UnitFailure) -> any RowSink {
    // Gray comes after resizing, where rows are fewer.
    let isGrayed = options.grayscale && resized.channels == 4
    let colored = isGrayed ? GrayStage.shape(of: resized) : resized
    let background = options.grayscale ? options.background.gray : options.background
    var turned = colored
    turned.size = geometry.turn.applied(to: colored.size)
    var result = geometry.isPadded ? PadStage.shape(of: turned, on: background) : turned
    result.size = geometry.result

    var stage = try end(result)
    if geometry.isPadded {
      stage = try PadStage(from: turned, to: result, at: geometry.place, on: background, next: stage)
    }
    // Turning holds the whole image, and comes when it is smallest, but before a background makes it larger.
    if geometry.turn != .upright { stage = try OrientStage(geometry.turn, shape: colored, next: stage) }
    return isGrayed ? try GrayStage(resized, next: stage) : stage
  }

  /// Settings that make the result smaller than it was asked for, those of the smallest files first. What is to stay without
  /// loss has none that would lose.
  var smallerSteps: [EncoderStep] {
    report.outputFormat.codec.smallerSteps(than: options.lossless == nil ? options : settled(options))
  }

  private func settled(_ options: ConvertOptions) -> ConvertOptions {
    options.settled(isLossless: decoder.header.isLossless, from: report.inputFormat, to: report.outputFormat)
  }

  /// The encoder of the result, whose rows are of `shape`.
  func encoder(_ shape: RowShape) throws(UnitFailure) -> any RowSink {
    try encoder(shape, options, context)
  }

  /// The same with other settings and another place to write to.
  func encoder(
    _ shape: RowShape, _ options: ConvertOptions, _ context: CodecContext
  ) throws(UnitFailure) -> any RowSink {
    let metadata = ImageMetadata(
      of: decoder.header, report.inputFormat, options: options, output: shape, report.outputFormat,
      keepsThumbnail: geometry.keepsPicture(of: decoder.header, options))
    return try report.outputFormat.codec.makeEncoder(
      shape, metadata: metadata, options: settled(options), context: context)
  }

  /// Decodes all rows and what follows them, and finishes `stage`; without one they are only checked.
  func decode(as shape: RowShape, into stage: (any RowSink)?) throws(UnitFailure) {
    try decodeRows(of: decoder, as: shape, into: stage)
  }
}
