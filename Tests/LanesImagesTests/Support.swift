import LanesCore
import SystemPackage

@testable import LanesImages

/// The bytes of one of the files in Fixtures/images, or of `kinds/…` or `avif/…`.
func fixture(_ name: String) throws -> Bytes {
  var folder = FilePath(#filePath)
  for _ in 0..<3 { folder.removeLastComponent() }
  let fixtures = folder.appending("Fixtures"), images = fixtures.appending("images")
  if ["kinds/", "avif/", "webp/"].contains(where: name.hasPrefix) { return try read(fixtures.pushing(FilePath(name))) }
  return try read(images.appending(name.hasPrefix("damaged-") ? "damaged" : "photos").appending(name))
}

func read(_ path: FilePath) throws -> Bytes {
  let file = try FileDescriptor.open(path, .readOnly)
  return try file.closeAfter {
    var bytes = Bytes()
    var piece = Bytes(repeating: 0, count: 1 << 16)
    while true {
      let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}

func write(_ bytes: Bytes, to path: FilePath) throws {
  let file = try FileDescriptor.open(path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
  _ = try file.closeAfter { try file.writeAll(bytes) }
}

/// Options with a few settings changed.
func options(_ change: (inout ConvertOptions) -> Void = { _ in }) -> ConvertOptions {
  var options = ConvertOptions()
  change(&options)
  return options
}

/// Performs one unit as an engine would.
func convert(
  _ input: Bytes, _ options: ConvertOptions, deadline: Deadline = .never
) throws(UnitFailure) -> (output: Bytes, image: ConvertedImage) {
  let output = OutputBuffer()
  let workload = ConvertWorkload(options)
  let partial = try workload.perform(
    Unit(number: 0, label: "test"), input: input.span.bytes, output: output, deadline: deadline)
  do {
    return (output.withBytes { Bytes($0) }, try ConvertWorkload.decodePartial(partial)[0])
  } catch {
    throw UnitFailure(.crashed, "the partial result cannot be read")
  }
}

/// Why converting `input` fails; nil when it does not.
func failure(of input: Bytes, _ options: ConvertOptions = ConvertOptions()) -> UnitFailure? {
  do {
    _ = try convert(input, options)
    return nil
  } catch {
    return error
  }
}

/// An image in memory: samples of 8 or 16 bits as numbers, row after row.
struct Samples: Equatable {
  var shape: RowShape
  var values: [Int]

  init(
    _ width: Int, _ height: Int, channels: Int = 1, depth: Int = 8, alpha: Bool = false, _ value: (Int, Int, Int) -> Int
  ) {
    shape = RowShape(size: PixelSize(width, height), channels: channels, depth: depth, hasAlpha: alpha)
    values = []
    for y in 0..<height { for x in 0..<width { for channel in 0..<channels { values.append(value(x, y, channel)) } } }
  }

  init(shape: RowShape, bytes: Bytes) {
    self.shape = shape
    values = bytes.withUnsafeBytes { raw in
      shape.depth == 8 ? raw.map { Int($0) } : raw.bindMemory(to: UInt16.self).map { Int($0) }
    }
  }

  var bytes: Bytes {
    shape.depth == 8
      ? values.map { UInt8($0) } : values.map { UInt16($0) }.withUnsafeBytes { Bytes($0) }
  }

  subscript(x: Int, y: Int, channel: Int = 0) -> Int { values[(y * shape.size.width + x) * shape.channels + channel] }

  /// Hands the rows to a stage.
  func send(to stage: any RowSink) throws(UnitFailure) {
    let bytes = bytes
    try bytes.withUnsafeBufferPointer { (buffer) throws(UnitFailure) in
      for row in 0..<shape.size.height { try stage.take(buffer.baseAddress! + row * shape.bytesPerRow) }
    }
    try stage.finish()
  }

  var encodedAsPNG: Bytes {
    get throws {
      let context = CodecContext(deadline: .never, output: OutputBuffer())
      let encoder = try PNGEncoder(shape, metadata: ImageMetadata(), options: ConvertOptions(), context: context)
      try send(to: encoder)
      return context.output.withBytes { Bytes($0) }
    }
  }

  init(decoding bytes: Bytes) throws {
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    (shape, values) = (RowShape(size: PixelSize(0, 0), channels: 1, depth: 8, hasAlpha: false), [])
    self = try bytes.withUnsafeBytes { raw in
      let (_, decoder) = try Codecs.standard.openDecoder(raw, options: ConvertOptions(), context: context)
      var scale = DecodeScale.full
      let shape = try decoder.start(at: &scale)
      var pixels = Bytes(repeating: 0, count: shape.bytesPerRow * shape.size.height)
      try pixels.withUnsafeMutableBufferPointer { try decoder.read(shape.size.height, into: $0.baseAddress!) }
      try decoder.finish()
      return Samples(shape: shape, bytes: pixels)
    }
  }
}

/// Keeps the rows it is given.
final class Collector: RowSink {
  let shape: RowShape
  private(set) var bytes: Bytes = []
  private(set) var isFinished = false

  init(_ shape: RowShape) { self.shape = shape }

  func take(_ row: UnsafePointer<UInt8>) {
    bytes += UnsafeBufferPointer(start: row, count: shape.bytesPerRow)
  }
  func finish() { isFinished = true }

  var samples: Samples { Samples(shape: shape, bytes: bytes) }
}

/// A small ICC profile of version 2.4 with one tag, such as libpng accepts: it takes none of less than 92 bytes when it is
/// compressed, whence the noise behind the header.
func iccProfile(_ space: String = "RGB ") -> Bytes {
  var bytes = Bytes(repeating: 0, count: 156) + (0..<88).map { UInt8($0 * $0 * $0 % 251) }
  let pieces: [(Int, Bytes)] = [
    (3, [244]), (8, [2, 0x40]), (12, Bytes("mntr\(space)XYZ ".utf8)), (36, Bytes("acsp".utf8)),
    (68, [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]), (131, [1]), (132, Bytes("desc".utf8)), (139, [144]),
    (143, [100]), (144, Bytes("desc".utf8)),
  ]
  for (offset, piece) in pieces { bytes.replaceSubrange(offset..<offset + piece.count, with: piece) }
  return bytes
}

/// An image with metadata in `format`.
func encode(_ image: Samples, as format: ImageFormat, _ metadata: ImageMetadata = ImageMetadata()) throws -> Bytes {
  let context = CodecContext(deadline: .never, output: OutputBuffer())
  let fine = options { ($0.quality, $0.subsampling) = (95, .quarter) }
  try image.send(to: format.codec.makeEncoder(image.shape, metadata: metadata, options: fine, context: context))
  return context.output.withBytes { Bytes($0) }
}

/// An Exif structure with one entry.
func tiff(orientation: UInt8, isLittle: Bool = true) -> Bytes {
  isLittle
    ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
    : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
}

/// Performs one unit of several sizes; the results in the order of `positions`.
func convertSizes(
  _ input: Bytes, _ options: ConvertOptions, _ positions: [UInt8]
) throws -> [(output: Bytes, image: ConvertedImage)] {
  let buffer = OutputBuffer()
  let unit = Unit(number: 0, label: "test", task: positions)
  let partial = try ConvertWorkload(options).perform(unit, input: input.span.bytes, output: buffer, deadline: .never)
  let images = try ConvertWorkload.decodePartial(partial)
  let output = buffer.withBytes { Bytes($0) }
  var start = 0
  return zip(buffer.partEnds, images).map { end, image in
    guard end != OutputBuffer.omitted else { return ([], image) }
    defer { start = end }
    return (Bytes(output[start..<end]), image)
  }
}

/// The header of an image.
func header(of bytes: Bytes) throws -> ImageHeader {
  let context = CodecContext(deadline: .never, output: OutputBuffer())
  return try bytes.withUnsafeBytes {
    try Codecs.standard.openDecoder($0, options: ConvertOptions(), context: context).1.header
  }
}
