import LanesCore

/// Turns an image as its orientation says.
///
/// Mirroring works row by row; every other turn holds the whole image, which is why this stage follows the
/// resampler.
final class OrientStage: RowSink {
  private let orientation: Orientation
  private let shape: RowShape
  private let next: any RowSink
  private let image: PixelMemory
  private let turned: PixelMemory
  private var received = 0

  /// - Parameter shape: of the rows that arrive.
  init(_ orientation: Orientation, shape: RowShape, next: any RowSink) throws(UnitFailure) {
    self.orientation = orientation
    self.shape = shape
    self.next = next
    // Mirroring needs no image, only a row.
    image = try PixelMemory(count: orientation.keepsRowOrder ? 0 : shape.bytesPerRow * shape.size.height)
    turned = try PixelMemory(count: orientation.applied(to: shape.size).width * shape.bytesPerPixel)
  }

  /// Passes a mirrored row on at once; for every other turn it keeps the row.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    if orientation.keepsRowOrder {
      let line = PixelSize(shape.size.width, 1)
      gather(0, from: row, size: line)
      try next.take(turned.bytes)
    } else {
      (image.bytes + received * shape.bytesPerRow).update(from: row, count: shape.bytesPerRow)
      received += 1
    }
  }

  /// Passes on the rows that had to be kept, from top to bottom of the display.
  func finish() throws(UnitFailure) {
    if !orientation.keepsRowOrder {
      for row in 0..<orientation.applied(to: shape.size).height {
        gather(row, from: image.bytes, size: shape.size)
        try next.take(turned.bytes)
      }
    }
    try next.finish()
  }

  /// Collects one row of the display from the stored pixels.
  private func gather(_ row: Int, from pixels: UnsafePointer<UInt8>, size: PixelSize) {
    let path = orientation.path(in: size)
    let start = (path.start.y + row * path.down.y) * size.width + path.start.x + row * path.down.x
    let step = path.right.y * size.width + path.right.x
    let count = orientation.applied(to: size).width
    // A pixel is moved as one integer of its size, whatever its channels are.
    switch shape.bytesPerPixel {
    case 1: copy(UInt8.self, pixels, start, step, count)
    case 2: copy(UInt16.self, pixels, start, step, count)
    case 4: copy(UInt32.self, pixels, start, step, count)
    default: copy(UInt64.self, pixels, start, step, count)
    }
  }

  private func copy<Pixel>(_: Pixel.Type, _ pixels: UnsafePointer<UInt8>, _ start: Int, _ step: Int, _ count: Int) {
    let source = UnsafeRawPointer(pixels).assumingMemoryBound(to: Pixel.self)
    let target = UnsafeMutableRawPointer(turned.bytes).assumingMemoryBound(to: Pixel.self)
    for index in 0..<count { target[index] = source[start + index * step] }
  }
}
