import CAV1
import LanesCore

/// A decoded picture: planes that a decoder holds, or that were put together from tiles.
final class AVIFPlanes {
  private(set) var picture = cav1_picture()
  private var decoder: OpaquePointer?
  private let canvas: PixelMemory

  /// Decodes all tiles.
  ///
  /// - Parameter configuration: what the file says of its AV1, to which the color's has to keep.
  /// - Throws: for damage, and where a tile has another size or kind than the file says.
  init(_ source: AVIFPicture, _ configuration: AV1Configuration, context: CodecContext) throws(AVIFFault) {
    guard source.tiles.count > 1 else {
      canvas = try Self.memory(0)
      try Self.check(context)
      (decoder, picture) = try Self.decode(source.tiles[0])
      guard picture.size == source.size else { throw .damaged("its AV1 has another size than it says") }
      return
    }
    try Self.check(context)
    let (first, shape) = try Self.decode(source.tiles[0])
    defer { cav1_close(first) }
    let rows = source.tiles.count / source.columns
    let tile = shape.size
    // The last column and row of tiles may reach beyond the picture (ISO/IEC 23008-12, 6.6.2.3.1).
    guard tile.width * source.columns >= source.size.width, tile.width * (source.columns - 1) < source.size.width,
      tile.height * rows >= source.size.height, tile.height * (rows - 1) < source.size.height,
      tile.width.isMultiple(of: 1 << shape.shift_x) || source.columns == 1,
      tile.height.isMultiple(of: 1 << shape.shift_y) || rows == 1
    else { throw .damaged("its tiles do not make a picture of its size") }
    let layout = CanvasLayout(shape, size: source.size)
    canvas = try Self.memory(layout.count)
    picture = layout.picture(like: shape, in: canvas.bytes)
    copy(shape, column: 0, row: 0)
    for (index, tile) in source.tiles.enumerated().dropFirst() {
      try Self.check(context)
      let (decoder, part) = try Self.decode(tile)
      defer { cav1_close(decoder) }
      guard part.isLike(shape) else { throw .damaged("its tiles are of different kinds") }
      copy(part, column: index % source.columns, row: index / source.columns)
    }
  }

  deinit { if let decoder { cav1_close(decoder) } }

  /// Copies a tile to its place, without what reaches beyond the picture.
  private func copy(_ tile: cav1_picture, column: Int, row: Int) {
    for plane in 0..<(tile.is_monochrome ? 1 : 3) {
      let (shiftX, shiftY) = plane == 0 ? (0, 0) : (Int(tile.shift_x), Int(tile.shift_y))
      let sample = tile.is_wide ? 2 : 1
      let (left, top) = (column * tile.size.width >> shiftX, row * tile.size.height >> shiftY)
      let width = min(tile.size.width.halved(shiftX), picture.size.width.halved(shiftX) - left)
      let height = min(tile.size.height.halved(shiftY), picture.size.height.halved(shiftY) - top)
      let (from, to) = (tile.plane(plane), picture.plane(plane))
      for y in 0..<height {
        let target = UnsafeMutablePointer(mutating: to.start + (top + y) * to.stride + left * sample)
        target.update(from: from.start + y * from.stride, count: width * sample)
      }
    }
  }

  private static func decode(_ tile: AVIFPicture.Tile) throws(AVIFFault) -> (OpaquePointer, cav1_picture) {
    var picture = cav1_picture()
    var result = cav1_result()
    let decoder = tile.bytes.withBytes { bytes in
      cav1_decode(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, Int32(tile.operatingPoint), &picture,
        &result)
    }
    guard let decoder else {
      switch result.status {
      case cav1_no_memory: throw .unit(UnitFailure(.resources, "there is not enough memory for it"))
      case cav1_unsupported: throw .unsupported("an AVIF of a kind that libaom does not read (\(result.text))")
      default: throw .damaged(result.text)
      }
    }
    return (decoder, picture)
  }

  private static func memory(_ count: Int) throws(AVIFFault) -> PixelMemory {
    do throws(UnitFailure) { return try PixelMemory(count: count) } catch { throw .unit(error) }
  }

  private static func check(_ context: CodecContext) throws(AVIFFault) {
    do throws(UnitFailure) { try context.deadline.check() } catch { throw .unit(error) }
  }
}

/// Where planes lie that are put together from tiles.
private struct CanvasLayout {
  let size: PixelSize
  /// Bytes between two rows, and of all rows.
  private(set) var strides = [0, 0, 0]
  private(set) var counts = [0, 0, 0]

  init(_ tile: cav1_picture, size: PixelSize) {
    self.size = size
    for plane in 0..<(tile.is_monochrome ? 1 : 3) {
      strides[plane] = size.width.halved(plane == 0 ? 0 : Int(tile.shift_x)) * (tile.is_wide ? 2 : 1)
      counts[plane] = strides[plane] * size.height.halved(plane == 0 ? 0 : Int(tile.shift_y))
    }
  }

  var count: Int { counts.reduce(0, +) }

  func picture(like tile: cav1_picture, in memory: UnsafeMutablePointer<UInt8>) -> cav1_picture {
    var picture = tile
    (picture.width, picture.height) = (UInt32(size.width), UInt32(size.height))
    picture.strides = (strides[0], strides[1], strides[2])
    let color = memory + counts[0]
    picture.planes = (UnsafePointer(memory), UnsafePointer(color), UnsafePointer(color + counts[1]))
    return picture
  }
}

extension Int {
  /// Divided by 1 << `shift`, and rounded up.
  fileprivate func halved(_ shift: Int) -> Int { (self + (1 << shift) - 1) >> shift }
}

extension cav1_picture {
  var size: PixelSize { PixelSize(Int(width), Int(height)) }

  fileprivate func plane(_ index: Int) -> (start: UnsafePointer<UInt8>, stride: Int) {
    switch index {
    case 0: (planes.0!, strides.0)
    case 1: (planes.1!, strides.1)
    default: (planes.2!, strides.2)
    }
  }

  /// True when samples mean the same and are as many.
  fileprivate func isLike(_ other: cav1_picture) -> Bool {
    size == other.size && depth == other.depth && is_wide == other.is_wide && is_monochrome == other.is_monochrome
      && shift_x == other.shift_x && shift_y == other.shift_y && is_full_range == other.is_full_range
  }
}
