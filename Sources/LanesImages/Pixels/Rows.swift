import LanesCore

/// The shape of rows that stages hand on: `channels` samples per pixel, each of 8 or 16 bits in native byte order.
///
/// One channel is gray, two are gray and alpha, four are red, green, blue and alpha; without alpha the fourth channel has no
/// meaning. Alpha is not premultiplied.
struct RowShape: Equatable {
  var size: PixelSize
  var channels: Int
  var depth: Int
  var hasAlpha: Bool

  var bytesPerPixel: Int { channels * depth / 8 }
  var bytesPerRow: Int { size.width * bytesPerPixel }
}

/// Takes the rows of an image from top to bottom: an encoder, or a stage before one.
protocol RowSink: AnyObject {
  /// Takes the next row, valid during the call only.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure)
  /// Is called once, after the last row.
  func finish() throws(UnitFailure)
}
