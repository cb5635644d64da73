import LanesCore

/// A box of an ISO base media file: its kind and what stands in it (ISO/IEC 14496-12, 4.2).
struct Box {
  let kind: FourCC
  /// Without the header. Lies in the bytes that it was read from.
  let body: UnsafeRawBufferPointer

  /// A reader of the body.
  var reader: BoxReader { BoxReader(body) }

  /// A reader of what follows version and flags, with both; every full box begins with them.
  func fullReader() throws(AVIFFault) -> (version: Int, flags: Int, reader: BoxReader) {
    var reader = reader
    let word = try reader.number(4)
    return (word >> 24, word & 0xFF_FFFF, reader)
  }
}

/// Reads numbers, the most significant byte first, texts and boxes from bytes that nobody vouches for.
///
/// Every read is checked against what is left, and each takes something away, so that loops over it end.
struct BoxReader {
  private(set) var rest: UnsafeRawBufferPointer

  /// - Parameter bytes: must outlive the reader and the boxes that come out of it.
  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  var isAtEnd: Bool { rest.count == 0 }

  /// The next `count` bytes, 0 to 8, as a number; none of them is 0.
  mutating func number(_ count: Int) throws(AVIFFault) -> Int {
    let bytes = try bytes(count)
    guard count < 8 || bytes[0] < 0x80 else { throw .damaged("a number in it is too large") }
    return bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  /// The next four characters.
  mutating func fourCC() throws(AVIFFault) -> FourCC { FourCC(UInt32(try number(4))) }

  mutating func bytes(_ count: Int) throws(AVIFFault) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= rest.count else { throw .damaged("a box ends too early") }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
    return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
  }

  /// What stands before the next zero byte, which is read too.
  mutating func text() throws(AVIFFault) -> String {
    guard let end = rest.firstIndex(of: 0) else { throw .damaged("a text in it does not end") }
    let text = String(decoding: rest[..<end], as: UTF8.self)
    _ = try bytes(end + 1)
    return text
  }

  /// The next box; nil at the end.
  ///
  /// A size of 0 reaches to the end, 1 means that eight more bytes hold it.
  mutating func box() throws(AVIFFault) -> Box? {
    guard !isAtEnd else { return nil }
    let header = try boxHeader()
    guard let size = header.bodySize else { return Box(kind: header.kind, body: try bytes(rest.count)) }
    return Box(kind: header.kind, body: try bytes(size))
  }

  /// The kind of the next box and the size of its body; nil where it reaches to the end.
  mutating func boxHeader() throws(AVIFFault) -> (kind: FourCC, bodySize: Int?) {
    let size = try number(4)
    let kind = try fourCC()
    if size == 0 { return (kind, nil) }
    let (whole, header) = size == 1 ? (try number(8), 16) : (size, 8)
    guard whole >= header else { throw .damaged("a box is smaller than its header") }
    return (kind, whole - header)
  }
}
