/// From what to what an image is resized.
struct Resampling {
  /// The part of the input rows that the picture covers.
  var covered: Covered
  /// The size that this part becomes.
  var scaled: PixelSize
  /// The part of that which is made.
  var window: PixelRect
  var filter = ResampleFilter.lanczos3
  /// Colors are added up in proportion to their light, by the curve of sRGB.
  var isLinear = false

  /// All of an image of `size` to all of `scaled`.
  init(all size: PixelSize, to scaled: PixelSize) {
    self.init(covered: Covered(all: size), scaled: scaled, window: PixelRect(all: scaled))
  }

  init(covered: Covered, scaled: PixelSize, window: PixelRect) {
    self.covered = covered
    self.scaled = scaled
    self.window = window
  }
}
