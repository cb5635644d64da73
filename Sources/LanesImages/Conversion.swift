import LanesCore

/// The way of one image from bytes to bytes: decoder → resampler → turn → encoder, row by row.
struct Conversion {
  /// Rows that are decoded at a time.
  private static let band = 16

  private let options: ConvertOptions
  private let context: CodecContext
  private let decoder: any ImageDecoder
  private var report: ConvertedImage

  /// Reads the header and decides what is to be done.
  init(_ input: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext) throws(UnitFailure) {
    let (format, decoder) = try openDecoder(input, maxPixels: options.maxPixels, context: context)
    let header = decoder.header
    let orientation = options.autoOrient ? header.exif?.orientation ?? .upright : .upright
    let displayed = orientation.applied(to: header.shape.size)
    let target = options.resize?.target(for: displayed, enlarging: options.enlarge) ?? displayed
    let (area, overflows) = target.width.multipliedReportingOverflow(by: target.height)
    guard !overflows, area <= options.maxPixels else {
      throw tooManyPixels("its result would have", target, limit: options.maxPixels)
    }
    self.options = options
    self.context = context
    self.decoder = decoder
    report = ConvertedImage(
      inputSize: header.shape.size, outputSize: target, formats: (format, options.outputFormat(for: format)),
      orientation: orientation)
  }

  /// Converts `input`, the bytes this was made from, and says how.
  consuming func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> ConvertedImage {
    if canCopy {
      try decode(as: try decoder.start(eighths: 1), into: nil)
      try context.output.append(input)
      report.isCopy = true
    } else {
      try convert()
    }
    return report
  }

  private var canCopy: Bool {
    report.inputFormat == report.outputFormat && report.orientation == .upright
      && report.outputSize == report.inputSize && options.leavesAlone(report.inputFormat)
  }

  private func convert() throws(UnitFailure) {
    let full = decoder.header.shape.size
    let target = report.orientation.applied(to: report.outputSize)
    let eighths = report.inputFormat == .jpeg ? JPEGDecoder.eighths(from: full, to: target) : 8
    let rows = try decoder.start(eighths: eighths)
    let wanted = outputShape(of: rows, size: target)

    var turned = wanted
    turned.size = report.outputSize
    var stage = try encoder(turned)
    if report.orientation != .upright { stage = try OrientStage(report.orientation, shape: wanted, next: stage) }
    if rows != wanted {
      let extent = (Double(full.width * eighths) / 8, Double(full.height * eighths) / 8)
      stage = try ResampleStage(
        from: rows, extent: extent, to: wanted, background: options.background, next: stage)
    }
    try decode(as: rows, into: stage)
    try stage.finish()
  }

  /// A JPEG has 8 bits and no alpha; gray stays gray unless it lies on a coloured background.
  private func outputShape(of rows: RowShape, size: PixelSize) -> RowShape {
    var shape = rows
    shape.size = size
    guard report.outputFormat == .jpeg else { return shape }
    shape.depth = 8
    shape.hasAlpha = false
    if rows.lanes == 2 { shape.lanes = options.background.isGray ? 1 : 4 }
    return shape
  }

  private func encoder(_ shape: RowShape) throws(UnitFailure) -> any RowSink {
    let metadata = ImageMetadata(of: decoder.header, options: options, output: shape)
    switch report.outputFormat {
    case .jpeg: return try JPEGEncoder(shape, metadata: metadata, options: options, context: context)
    case .png: return try PNGEncoder(shape, metadata: metadata, options: options, context: context)
    }
  }

  /// Decodes all rows and what follows them; without a stage they are only checked.
  private func decode(as shape: RowShape, into stage: (any RowSink)?) throws(UnitFailure) {
    let rows = try PixelMemory(count: Self.band * shape.bytesPerRow)
    var row = 0
    while row < shape.size.height {
      let count = min(Self.band, shape.size.height - row)
      try decoder.read(count, into: rows.bytes)
      if let stage {
        for index in 0..<count { try stage.take(rows.bytes + index * shape.bytesPerRow) }
      }
      row += count
    }
    try decoder.finish()
  }
}
