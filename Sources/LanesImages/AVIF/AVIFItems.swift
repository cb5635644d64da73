import LanesCore

/// An item's bytes: a part of the file where they lie in one piece.
enum ItemBytes {
  case lent(UnsafeRawBufferPointer)
  case joined(Bytes)

  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .lent(let bytes): try body(bytes)
    case .joined(let bytes): try bytes.span.bytes.withUnsafeBytes(body)
    }
  }

  var copy: Bytes { withBytes { Bytes($0) } }
}

/// A picture of one item, or of several beside each other.
struct AVIFPicture {
  /// As stored.
  let size: PixelSize
  /// From left to right and from top to bottom.
  let tiles: [Tile]
  let columns: Int

  struct Tile {
    let bytes: ItemBytes
    let operatingPoint: Int
    let stream: AV1Stream
  }

  /// Of all pictures that are decoded into it, the one with the most pixels. A header may allow more than the file says.
  var largest: PixelSize { tiles.map(\.stream.largest).max { Self.area($0) < Self.area($1) } ?? size }

  /// Without a trap, whatever a header says.
  private static func area(_ size: PixelSize) -> Int { size.width &* size.height }
}

extension AVIFLayout {
  /// The bytes of an item.
  ///
  /// - Parameter file: the whole file that the layout is of.
  func bytes(of id: Int, in file: UnsafeRawBufferPointer) throws(AVIFFault) -> ItemBytes {
    guard let item = meta.items[id], !item.pieces.isEmpty, !item.isElsewhere else {
      throw .damaged("an item has no bytes")
    }
    guard let source = item.isInMeta ? meta.data : file else { throw .damaged("an item has no bytes") }
    var pieces: [UnsafeRawBufferPointer] = []
    var total = 0
    for piece in item.pieces {
      guard piece.offset <= source.count else { throw .truncated }
      let count = piece.count ?? source.count - piece.offset
      guard count <= source.count - piece.offset else { throw .truncated }
      total += count
      // Pieces that overlap could be put together to any size.
      guard total <= file.count else { throw .damaged("pieces of an item overlap") }
      pieces.append(UnsafeRawBufferPointer(rebasing: source[piece.offset..<piece.offset + count]))
    }
    guard pieces.count > 1 else { return .lent(pieces[0]) }
    return .joined(Bytes(pieces.joined()))
  }

  /// The picture, or its alpha.
  func picture(_ id: Int, in file: UnsafeRawBufferPointer) throws(AVIFFault) -> AVIFPicture {
    guard meta.items[id]?.kind == "grid" else {
      return AVIFPicture(size: size, tiles: [try tile(id, in: file)], columns: 1)
    }
    let ids = Self.tiles(of: id, in: meta)
    let columns = try bytes(of: id, in: file).withBytes { (bytes) throws(AVIFFault) in
      try grid(bytes, tiles: ids.count)
    }
    var tiles: [AVIFPicture.Tile] = []
    for id in ids {
      guard meta.items[id]?.kind == "av01" else { throw .unsupported("an AVIF whose tiles are no AV1") }
      tiles.append(try tile(id, in: file))
    }
    return AVIFPicture(size: size, tiles: tiles, columns: columns)
  }

  private func tile(_ id: Int, in file: UnsafeRawBufferPointer) throws(AVIFFault) -> AVIFPicture.Tile {
    guard let item = meta.items[id] else { throw .damaged("an item is missing") }
    let bytes = try bytes(of: id, in: file)
    let stream = try bytes.withBytes { (bytes) throws(AVIFFault) in try AV1Stream(bytes) }
    return AVIFPicture.Tile(bytes: bytes, operatingPoint: item.operatingPoint, stream: stream)
  }

  /// Reads how tiles lie; returns how many stand beside each other (ISO/IEC 23008-12, 6.6.2.3.2).
  private func grid(_ bytes: UnsafeRawBufferPointer, tiles: Int) throws(AVIFFault) -> Int {
    var reader = BoxReader(bytes)
    guard try reader.number(1) == 0 else { throw .unsupported("an AVIF of a later version") }
    let width = try reader.number(1) & 1 == 1 ? 4 : 2
    let (rows, columns) = (try reader.number(1) + 1, try reader.number(1) + 1)
    let said = PixelSize(try reader.number(width), try reader.number(width))
    guard said == size else { throw .damaged("its tiles make a picture of another size") }
    guard rows * columns == tiles else { throw .damaged("tiles are missing in it") }
    return columns
  }
}
