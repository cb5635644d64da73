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
