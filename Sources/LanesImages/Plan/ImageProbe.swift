import LanesCore
import LanesOS
import SystemPackage

/// What the first bytes of an image say about the memory that converting it takes.
///
/// Made when a batch is planned, from a few small reads, without a decoder: what a damaged header says does no harm, since
/// it only weighs on how many images are worked on at a time.
package struct ImageProbe: Sendable, Equatable {
  var format: ImageFormat
  /// As stored.
  var size: PixelSize
  var orientation = Orientation.upright
  /// Bytes per pixel of decoded rows.
  var bytesPerPixel: Int
  /// Bytes of a JPEG's coefficients, 16 bits each, all components together.
  var coefficients = 0
  /// The file is of a format or coding without loss.
  var isLossless = false
  /// Bytes that the decoder holds beside what `bytesPerPixel` counts.
  var decoderExtra = 0
  /// The decoder has to hold the image whole, as for a JPEG whose coefficients come in several scans or an interlaced PNG.
  var isHeldWhole: Bool

  /// What the decoder holds beside rows.
  var decoderBytes: Int {
    guard isHeldWhole else { return 0 }
    return coefficients > 0 ? coefficients : size.area &* bytesPerPixel &+ decoderExtra
  }

  /// Nanoseconds of one core that converting takes, nearly: by pixels, twice as much where the decoder goes over the whole
  /// image several times, and by bytes. Shares of a plan are cut by it, so that only relations matter.
  func nanoseconds(fileSize: Int) -> Int {
    // What a header claims need not be so.
    let pixels = min(max(size.width, 0), 1 << 20) * min(max(size.height, 0), 1 << 20)
    return min(pixels, 1 << 32) * (isHeldWhole ? 16 : 8) + min(fileSize, 1 << 40) * 4 + 500_000
  }
}

extension ImageProbe {
  /// The format that the first bytes tell.
  package var contents: ImageFormat { format }
  /// The size once it is turned as its Exif says.
  package var displayedSize: PixelSize { orientation.applied(to: size) }

  /// nil when the file cannot be read or does not begin as an image does.
  package init?(reading path: FilePath, codecs: Codecs = .standard) {
    guard let file = try? Descriptor.reading(path) else { return nil }
    self.init(FileHead(file.number), codecs)
  }

  /// What the first bytes of a file say.
  package init?(of bytes: Bytes, codecs: Codecs = .standard) { self.init(FileHead(bytes), codecs) }

  private init?(_ head: FileHead, _ codecs: Codecs) {
    let start = head.start(codecs.signatureLength)
    guard let format = start.withUnsafeBytes({ codecs.format(sniffing: $0) }), let probe = format.codec.probe(head)
    else {
      return nil
    }
    self = probe
  }
}

/// Small pieces of an open file, with few reads.
final class FileHead {
  /// Bytes that are read at a time, so that neighboring segments cost one read.
  private static let window = 4096

  private let descriptor: Int32?
  private var start = 0
  private var held: Bytes

  /// Reads from `descriptor`, which stays open meanwhile and is left where it stands.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    held = []
  }

  /// Pieces of bytes that are there already.
  init(_ bytes: Bytes) {
    descriptor = nil
    held = bytes
  }

  /// nil when the file does not reach so far.
  func bytes(at offset: Int, count: Int) -> Bytes? {
    if let descriptor, offset < start || offset + count > start + held.count {
      held = Bytes(unsafeUninitializedCapacity: max(count, Self.window)) { room, filled in
        filled = (try? DescriptorIO.read(descriptor, at: offset, into: UnsafeMutableRawBufferPointer(room))) ?? 0
      }
      start = offset
    }
    guard offset + count <= start + held.count else { return nil }
    return Bytes(held[(offset - start)..<(offset - start + count)])
  }

  /// The first `count` bytes, or as many as there are.
  func start(_ count: Int) -> Bytes { bytes(at: 0, count: count) ?? held }

  /// A number of `count` bytes, the first of them most significant; nil when the file does not reach so far.
  func number(at offset: Int, count: Int) -> Int? {
    bytes(at: offset, count: count)?.reduce(0) { $0 << 8 | Int($1) }
  }
}
