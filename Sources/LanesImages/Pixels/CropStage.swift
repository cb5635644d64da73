import LanesCore

/// Passes on a part of the rows, without copying them.
final class CropStage: RowSink {
  private let part: PixelRect
  private let offset: Int
  private let next: any RowSink
  private var received = 0

  /// - Parameters:
  ///   - part: lies inside the rows that arrive.
  ///   - shape: of the rows that arrive.
  init(_ part: PixelRect, of shape: RowShape, next: any RowSink) {
    self.part = part
    self.next = next
    offset = part.x * shape.bytesPerPixel
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    defer { received += 1 }
    if received >= part.y && received < part.y + part.size.height { try next.take(row + offset) }
  }

  func finish() throws(UnitFailure) { try next.finish() }
}
