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
  /// The decoder has to hold the image whole: a JPEG whose coefficients come in several scans, an interlaced PNG.
  var isHeldWhole: Bool

  /// What the decoder holds beside rows.
  var decoderBytes: Int {
    guard isHeldWhole else { return 0 }
    return format == .jpeg ? coefficients : size.area &* bytesPerPixel
  }
}

extension ImageProbe {
  /// nil when the file cannot be read or does not begin as an image does.
  package init?(reading path: FilePath) {
    guard let file = try? Descriptor.reading(path) else { return nil }
    self.init(FileHead(file.number))
  }

  /// What the first bytes of a file say.
  package init?(of bytes: Bytes) { self.init(FileHead(bytes)) }

  private init?(_ head: FileHead) {
    guard let start = head.bytes(at: 0, count: 29) else { return nil }
    switch start.withUnsafeBytes({ ImageFormat(sniffing: $0) }) {
    case .jpeg: self.init(jpeg: head)
    case .png: self.init(png: start)
    case nil: return nil
    }
  }

  /// IHDR stands at a fixed place; its last byte tells of interlacing. Source: PNG specification, 11.2.1.
  private init?(png start: Bytes) {
    guard let width = start.bigEndian(at: 16, count: 4), let height = start.bigEndian(at: 20, count: 4),
      let depth = start.bigEndian(at: 24, count: 1), let kind = start.bigEndian(at: 25, count: 1)
    else { return nil }
    let channels = kind == 0 ? 1 : kind == 4 ? 2 : 4
    self.init(
      format: .png, size: PixelSize(width, height), bytesPerPixel: channels * (depth == 16 ? 2 : 1),
      isHeldWhole: start[28] != 0)
  }

  /// Goes from segment to segment up to the first scan. Source: ITU-T T.81, annex B.
  private init?(jpeg head: FileHead) {
    var frame: (size: PixelSize, components: Int, coefficients: Int, isProgressive: Bool)?
    var orientation = Orientation.upright
    var at = 2
    while let start = head.bytes(at: at, count: 4), start[0] == 0xFF {
      let marker = start[1]
      guard let length = start.bigEndian(at: 2, count: 2), length >= 2, marker != 0xFF else {
        at += marker == 0xFF ? 1 : 2
        continue
      }
      switch marker {
      case 0xC4, 0xC8, 0xCC: break
      case 0xC0...0xCF:
        guard let body = head.bytes(at: at + 4, count: length - 2), let found = Self.frame(body) else { return nil }
        frame = (found.size, found.components, found.coefficients, marker & 3 == 2)
      case 0xE1 where orientation == .upright:
        let body = head.bytes(at: at + 4, count: min(length - 2, 4096)) ?? []
        if body.starts(with: Self.exifName) { orientation = Exif(Bytes(body.dropFirst(6)))?.orientation ?? .upright }
      case 0xDA:
        guard let frame, let count = head.bytes(at: at + 4, count: 1)?.first else { return nil }
        self.init(
          format: .jpeg, size: frame.size, orientation: orientation, bytesPerPixel: frame.components == 1 ? 1 : 4,
          coefficients: frame.coefficients, isHeldWhole: frame.isProgressive || Int(count) < frame.components)
        return
      default: break
      }
      at += 2 + length
    }
    return nil
  }

  private static let exifName: Bytes = [0x45, 0x78, 0x69, 0x66, 0, 0]

  /// A frame header: precision, height, width, and per component its number, sampling factors and table.
  private static func frame(_ body: Bytes) -> (size: PixelSize, components: Int, coefficients: Int)? {
    guard let height = body.bigEndian(at: 1, count: 2), let width = body.bigEndian(at: 3, count: 2),
      let components = body.bigEndian(at: 5, count: 1), components > 0, body.count >= 6 + 3 * components
    else { return nil }
    let sampling = (0..<components).map { (Int(body[7 + 3 * $0] >> 4), Int(body[7 + 3 * $0] & 15)) }
    let across = sampling.map(\.0).max()!
    let down = sampling.map(\.1).max()!
    guard across > 0, down > 0 else { return nil }
    let blocksPerUnit = sampling.reduce(0) { $0 + $1.0 * $1.1 }
    let units = ((width + 8 * across - 1) / (8 * across)) * ((height + 8 * down - 1) / (8 * down))
    return (PixelSize(width, height), components, units * blocksPerUnit * 64 * MemoryLayout<Int16>.size)
  }
}

/// Small pieces of an open file, with few reads.
private final class FileHead {
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
}

extension Bytes {
  fileprivate func bigEndian(at offset: Int, count: Int) -> Int? {
    guard offset + count <= self.count else { return nil }
    return self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }
}
