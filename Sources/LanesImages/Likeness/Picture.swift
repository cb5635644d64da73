import CCodecs
import LanesCore

/// All pixels of an image as it is displayed: turned as it says, in sRGB, red, green, blue and alpha, colors times alpha.
final class Picture {
  let size: PixelSize
  let depth: Int
  let hasAlpha: Bool
  private let memory: PixelMemory
  private let stride: Int

  fileprivate init(_ shape: RowShape, depth: Int) throws(UnitFailure) {
    (size, hasAlpha, self.depth) = (shape.size, shape.hasAlpha, depth)
    stride = shape.size.width * 4 * depth / 8
    memory = try PixelMemory(count: stride * shape.size.height)
  }

  func row(_ y: Int) -> UnsafeMutablePointer<UInt8> { memory.bytes + y * stride }
}

/// Two images that are opened and not decoded yet.
struct PicturePair {
  private let decoders: [any ImageDecoder]
  private let options: ConvertOptions
  private let sizes: [PixelSize]

  /// - Parameters:
  ///   - bytes: of both files; must outlive this.
  ///   - names: for messages; a unit is called by the first.
  /// - Throws: `UnitFailure` for an image that cannot be read, and for two of different sizes.
  init(
    _ bytes: [UnsafeRawBufferPointer], names: [String], options: ConvertOptions, codecs: Codecs, context: CodecContext
  ) throws(UnitFailure) {
    var (decoders, sizes): ([any ImageDecoder], [PixelSize]) = ([], [])
    for (file, name) in zip(bytes, names) {
      do throws(UnitFailure) {
        let decoder = try codecs.openDecoder(file, options: options, context: context).1
        sizes.append(decoder.header.orientation.applied(to: decoder.header.shape.size))
        decoders.append(decoder)
      } catch {
        throw decoders.isEmpty ? error : UnitFailure(error.kind, "\(name): \(error.reason)")
      }
    }
    guard sizes[0] == sizes[1] else {
      let texts = sizes.map { "\($0.width) \(Glyphs.times) \($0.height)" }
      throw UnitFailure(
        .rejected, "it has \(texts[0]) pixels, and \(names[1]) \(texts[1]): only pictures of one size can be compared")
    }
    (self.decoders, self.sizes, self.options) = (decoders, sizes, options)
  }

  /// Decodes both, with as many bits as the deeper one has.
  func decode(names: [String]) throws(UnitFailure) -> [Picture] {
    let depth = decoders.map(\.header.shape.depth).max()!
    var pictures: [Picture] = []
    for (decoder, name) in zip(decoders, names) {
      do throws(UnitFailure) {
        pictures.append(try decode(decoder, depth: depth))
      } catch {
        throw pictures.isEmpty ? error : UnitFailure(error.kind, "\(name): \(error.reason)")
      }
    }
    return pictures
  }

  private func decode(_ decoder: any ImageDecoder, depth: Int) throws(UnitFailure) -> Picture {
    var scale = DecodeScale.full
    let rows = try decoder.start(at: &scale)
    var shown = rows
    shown.size = decoder.header.orientation.applied(to: rows.size)
    let picture = try Picture(shown, depth: depth)
    var stage: any RowSink = PictureSink(shown, picture)
    if decoder.header.orientation != .upright {
      stage = try OrientStage(decoder.header.orientation, shape: rows, next: stage)
    }
    if case .converted(let colors) = decoder.header.colors(options) {
      stage = try ColorStage(colors, rows, next: stage)
    }
    try decodeRows(of: decoder, as: rows, into: stage)
    return picture
  }
}

/// Puts rows into a picture.
private final class PictureSink: RowSink {
  private let shape: RowShape
  private let picture: Picture
  private var count = 0

  init(_ shape: RowShape, _ picture: Picture) { (self.shape, self.picture) = (shape, picture) }

  func take(_ row: UnsafePointer<UInt8>) {
    var image = ccodecs_image(shape)
    ccodecs_spread(row, picture.row(count), &image, Int32(picture.depth))
    count += 1
  }

  func finish() {}
}
