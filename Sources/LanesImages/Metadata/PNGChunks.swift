import CCodecs
import LanesCore

/// The chunks of a PNG in order, those after the pixels included. Nothing is checked: that is the decoder's part.
///
/// Source: PNG specification, 5.3.
struct PNGChunks {
  struct Chunk {
    let name: String
    let bytes: UnsafeRawBufferPointer

    var block: MetadataBlock { MetadataBlock(name: Bytes(name.utf8), bytes: Bytes(bytes)) }
  }

  /// Valid as long as the file's bytes.
  private(set) var chunks: [Chunk] = []

  /// Entries of the palette; 0 where colors are not chosen from one (color type 3; PNG specification, 11.2.1).
  var palettes: Int {
    guard let header = chunks.first(where: { $0.name == "IHDR" })?.bytes, header.count > 9, header[9] == 3 else {
      return 0
    }
    return (chunks.first { $0.name == "PLTE" }?.bytes.count ?? 0) / 3
  }

  /// Goes from chunk to chunk by their lengths; what does not fit into the file ends the walk.
  init(_ file: UnsafeRawBufferPointer) {
    var at = 8
    while at + 12 <= file.count {
      let length = file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      guard at + 12 + length <= file.count else { return }
      let bytes = UnsafeRawBufferPointer(rebasing: file[(at + 8)..<(at + 8 + length)])
      let name = String(decoding: file[at + 4..<at + 8], as: UTF8.self)
      // Pixels are most of the file, and nobody looks for them here.
      if name != "IDAT" { chunks.append(Chunk(name: name, bytes: bytes)) }
      at += 12 + length
    }
  }
}

/// A text in a PNG.
struct PNGText: Equatable {
  static let xmpKeyword = "XML:com.adobe.xmp"
  static let commentKeyword = "Comment"
  /// Texts that are larger when they are inflated are not looked into.
  static let limit = 16 << 20

  let keyword: String
  let utf8: Bytes

  /// The keyword of 1 to 79 bytes that a text begins with; it ends with NUL (PNG specification, 11.3.3.1).
  static func keyword(of chunk: PNGChunks.Chunk) -> String? {
    guard let end = chunk.bytes.prefix(80).firstIndex(of: 0), end > 0 else { return nil }
    return fromLatin1(chunk.bytes[..<end])
  }

  /// nil for what is no text, for a damaged one, and for one of more than `limit` bytes that was compressed. Source: PNG
  /// specification, 11.3.3.
  init?(_ chunk: PNGChunks.Chunk, atMost limit: Int = Self.limit) {
    let bytes = chunk.bytes
    guard let keyword = Self.keyword(of: chunk), let end = bytes.firstIndex(of: 0) else { return nil }
    self.keyword = keyword
    let rest = bytes[(end + 1)...]
    switch chunk.name {
    case "tEXt": utf8 = Bytes(Self.fromLatin1(rest).utf8)
    case "zTXt":
      guard rest.first == 0, let text = Self.inflate(rest.dropFirst(), atMost: limit) else { return nil }
      utf8 = Bytes(Self.fromLatin1(text).utf8)
    case "iTXt":
      guard rest.count >= 2, let language = rest.dropFirst(2).firstIndex(of: 0),
        let translation = rest[(language + 1)...].firstIndex(of: 0)
      else { return nil }
      let text = rest[(translation + 1)...]
      guard rest[rest.startIndex] != 0 else {
        utf8 = Bytes(text)
        return
      }
      guard let inflated = Self.inflate(text, atMost: limit) else { return nil }
      utf8 = inflated
    default: return nil
    }
  }

  /// The chunk for a text: tEXt where Latin-1 can say it, else iTXt.
  static func block(_ keyword: String, _ text: Bytes) -> MetadataBlock {
    let decoded = String(decoding: text, as: UTF8.self)
    let isInternational = keyword == xmpKeyword || decoded.unicodeScalars.contains { $0.value > 255 }
    if isInternational {
      return MetadataBlock(name: Bytes("iTXt".utf8), bytes: Bytes(keyword.utf8) + [0, 0, 0, 0, 0] + text)
    }
    let latin1 = decoded.unicodeScalars.map { UInt8($0.value) }
    return MetadataBlock(name: Bytes("tEXt".utf8), bytes: Bytes(keyword.utf8) + [0] + latin1)
  }

  static func fromLatin1(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }

  /// What zlib made of a text or a profile, undone; nil when it is damaged or too large.
  static func inflate(_ bytes: Slice<UnsafeRawBufferPointer>, atMost limit: Int = Self.limit) -> Bytes? {
    let raw = UnsafeRawBufferPointer(rebasing: bytes)
    var size = 0
    guard let start = raw.baseAddress?.assumingMemoryBound(to: UInt8.self),
      let text = ccodecs_inflate(start, raw.count, limit, &size)
    else { return nil }
    defer { ccodecs_free(text) }
    return Bytes(UnsafeBufferPointer(start: text, count: size))
  }
}
