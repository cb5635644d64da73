import LanesCore

/// Width and height in pixels.
package struct PixelSize: Sendable, Equatable {
  package var width: Int
  package var height: Int

  package init(_ width: Int, _ height: Int) {
    self.width = width
    self.height = height
  }

  /// Pixels in total; wraps around for sizes that no image has.
  var area: Int { width &* height }
  var transposed: PixelSize { PixelSize(height, width) }
}

/// The shape of rows that stages hand on: `lanes` samples per pixel, each of 8 or 16 bits in native byte order.
///
/// One lane is gray, two are gray and alpha, four are red, green, blue and alpha; without alpha the fourth lane has no
/// meaning. Alpha is not premultiplied.
struct RowShape: Equatable {
  var size: PixelSize
  var lanes: Int
  var depth: Int
  var hasAlpha: Bool

  var bytesPerPixel: Int { lanes * depth / 8 }
  var bytesPerRow: Int { size.width * bytesPerPixel }
}

/// Takes the rows of an image from top to bottom: an encoder, or a stage before one.
protocol RowSink: AnyObject {
  /// Takes the next row, valid during the call only.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure)
  /// Is called once, after the last row.
  func finish() throws(UnitFailure)
}
