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
  static func - (whole: PixelSize, part: PixelSize) -> PixelSize {
    PixelSize(whole.width - part.width, whole.height - part.height)
  }

  var transposed: PixelSize { PixelSize(height, width) }
}

/// A rectangle of whole pixels, of at least one.
package struct PixelRect: Sendable, Equatable {
  package var x: Int
  package var y: Int
  package var size: PixelSize

  init(x: Int, y: Int, size: PixelSize) {
    self.x = x
    self.y = y
    self.size = size
  }

  var columns: Range<Int> { x..<x + size.width }
  var rows: Range<Int> { y..<y + size.height }

  /// All pixels of an image of `size`.
  init(all size: PixelSize) { self.init(x: 0, y: 0, size: size) }
}
