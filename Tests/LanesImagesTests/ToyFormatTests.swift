import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

/// Binary PPM of 8 bits, as `P6 width height 255` and rows of red, green and blue: a format that the program does not have.
private struct PPMCodec: Codec {
  let id = "ppm"
  let name = "PPM"
  let suffixes = ["ppm", "pnm"]
  let traits = CodecTraits(alpha: false, deepest: 8, profile: false, exif: false)
  let libraries: [(name: String, version: String)] = []
  let signatureLength = 2

  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool { start.starts(with: "P6".utf8) }

  func probe(_ head: FileHead) -> ImageProbe? {
    Self.header(head.start(64)).map {
      ImageProbe(format: .ppm, size: $0.size, bytesPerPixel: 4, isHeldWhole: false)
    }
  }

  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder {
    guard let header = Self.header(Bytes(bytes.prefix(64))) else {
      throw UnitFailure(.rejected, "its PPM header is damaged")
    }
    return PPMDecoder(bytes, header.size, start: header.end)
  }

  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink { try PPMEncoder(shape, context) }

  private static func header(_ start: Bytes) -> (size: PixelSize, end: Int)? {
    let words = start.split(maxSplits: 4, whereSeparator: { $0 == 0x0A || $0 == 0x20 })
    guard words.count > 3, let width = Int(String(decoding: words[1], as: UTF8.self)),
      let height = Int(String(decoding: words[2], as: UTF8.self)), words[3].elementsEqual("255".utf8)
    else { return nil }
    return (PixelSize(width, height), words[3].endIndex + 1)
  }
}

extension ImageFormat {
  fileprivate static let ppm = ImageFormat(PPMCodec())
}

private final class PPMDecoder: ImageDecoder {
  let header: ImageHeader
  let damage: String? = nil
  private var rest: UnsafeRawBufferPointer.SubSequence

  init(_ bytes: UnsafeRawBufferPointer, _ size: PixelSize, start: Int) {
    header = ImageHeader(RowShape(size: size, channels: 4, depth: 8, hasAlpha: false))
    rest = bytes[start...]
  }

  func start(at scale: inout DecodeScale) -> RowShape {
    scale = .full
    return header.shape
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    for pixel in 0..<count * header.shape.size.width {
      guard rest.count >= 3 else { throw UnitFailure(.rejected, "it ends inside the image data") }
      for channel in 0..<3 { rows[4 * pixel + channel] = rest[rest.startIndex + channel] }
      rest = rest.dropFirst(3)
    }
  }

  func finish() {}
}

private final class PPMEncoder: RowSink {
  private let shape: RowShape
  private let context: CodecContext

  init(_ shape: RowShape, _ context: CodecContext) throws(UnitFailure) {
    (self.shape, self.context) = (shape, context)
    try append(Bytes("P6\n\(shape.size.width) \(shape.size.height)\n255\n".utf8))
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    var line: Bytes = []
    for x in 0..<shape.size.width {
      for channel in 0..<3 { line.append(row[x * shape.channels + (shape.channels == 4 ? channel : 0)]) }
    }
    try append(line)
  }

  func finish() {}

  private func append(_ bytes: Bytes) throws(UnitFailure) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(UnitFailure) in
      try context.output.append(UnsafeRawBufferPointer(buffer))
    }
  }
}

/// A third format, added by what stands above and one entry in a table.
@Suite struct ToyFormatTests {
  private let codecs = Codecs(Codecs.standard.formats + [.ppm])

  /// Plans `input` to `output`, performs each unit, and writes its result.
  private func run(_ input: FilePath, to output: FilePath, _ change: (inout ConvertOptions) -> Void = { _ in }) throws
    -> [ConvertedImage]
  {
    let request = ConvertRequest(inputs: [input], destination: output, codecs: codecs)
    var options = options(change)
    options.format = request.writtenFormat
    let plan = try ConvertPlan(request, options: options)
    var images: [ConvertedImage] = []
    while case .unit(let unit) = plan.next() {
      guard case .file(let path) = unit.source, case .file(let target) = unit.sink else { break }
      let (result, reports) = try perform(unit, try read(path), options)
      try write(result, to: target.path)
      images += reports
    }
    return images
  }

  private func perform(_ unit: Unit, _ input: Bytes, _ options: ConvertOptions) throws -> (Bytes, [ConvertedImage]) {
    let output = OutputBuffer()
    let workload = ConvertWorkload(options, codecs: codecs)
    let partial = try workload.perform(unit, input: input.span.bytes, output: output, deadline: .never)
    return (output.withBytes { Bytes($0) }, try ConvertWorkload.decodePartial(partial, codecs: codecs))
  }

  @Test func `PNG becomes PPM, and PPM becomes JPEG, through plan and workload`() throws {
    let tree = try PlanTree([])
    let picture = Samples(40, 30, channels: 4) { x, y, channel in [6 * x, 8 * y, 100, 0][channel] }
    try write(try picture.encodedAsPNG, to: tree / "a.png")

    let first = try run(tree / "a.png", to: tree / "b.ppm")
    #expect(first.map(\.inputFormat) == [.png] && first.map(\.outputFormat) == [.ppm])
    let ppm = try read(tree / "b.ppm")
    #expect(ppm.starts(with: "P6\n40 30\n255\n".utf8) && ppm.count == 13 + 3 * 40 * 30)
    #expect(ppm[13..<19] == [0, 0, 100, 6, 0, 100])

    let second = try run(tree / "b.ppm", to: tree / "c.jpg") { $0.resize = ResizeSpec("20x") }
    #expect(second.map(\.outputFormat) == [.jpeg] && second.map(\.outputSize) == [PixelSize(20, 15)])
    #expect(try header(of: read(tree / "c.jpg")).shape.size == PixelSize(20, 15))
  }

  @Test func `walks, names, copies and messages know it`() throws {
    let tree = try PlanTree(["in/a.PNM", "in/b.tiff"])
    try write(Bytes("P6\n1 1\n255\nabc".utf8), to: tree / "in/a.PNM")
    var request = ConvertRequest(inputs: [tree / "in"], destination: tree / "out", codecs: codecs)
    request.name = NameTemplate("{name}-{format}.{ext}")
    #expect(outputs(try ConvertPlan(request)) == [(tree / "out/a-ppm.PNM").string])
    request = ConvertRequest(inputs: [tree / "in/a.PNM"], destination: tree / "x.tiff", codecs: codecs)
    #expect(
      refusal(request).first?.contains("JPEG (.jpg, .jpeg, .jpe, .jfif), PNG (.png)") == true
        && refusal(request).first?.contains(" and PPM (.ppm, .pnm) only") == true)
    #expect(try run(tree / "in/a.PNM", to: tree / "copy.ppm").map(\.method) == [.copied])
    #expect(failure(of: Bytes("P6\n1 1\n255\nabc".utf8))?.reason.contains("(JPEG") == true)
    let quality = options { ($0.format, $0.quality) = (ConvertOptions.Format(image: .ppm), 80) }
    #expect(
      codecs.objection(toSettingsOf: quality)
        == "--quality is for \(Self.listed(codecs.formats.filter { ![.png, .ppm].contains($0) }.map(\.name))), "
        + "and --to ppm writes none: leave out one of them")
    let probe = try #require(ImageProbe(reading: tree / "in/a.PNM", codecs: codecs))
    #expect(probe.size == PixelSize(1, 1) && MemoryEstimate(probe, fileSize: 20, options: options()).bytes > 0)
  }

  /// Such as "a, b and c".
  private static func listed(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : "\(names.dropLast().joined(separator: ", ")) and \(names.last!)"
  }
}
