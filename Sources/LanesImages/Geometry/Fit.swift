/// How a box of two sides is met.
package enum Fit: String, Sendable, CaseIterable {
  /// As large as fits into the box.
  case inside
  /// Large enough to fill the box; what hangs over is cut off.
  case cover
  /// Exactly the box, proportions or not.
  case fill
  /// As `inside`, on a background of the box's size.
  case pad
}

/// What a picture becomes: it is resized to `scaled`, of which `window` is kept and laid at `x`, `y` on `canvas`.
struct Fitted: Equatable {
  let scaled: PixelSize
  let window: PixelRect
  let canvas: PixelSize
  let x: Int
  let y: Int

  /// - Parameter size: the picture's size, cropped and turned.
  init(_ size: PixelSize, options: ConvertOptions) {
    guard case .inside(let width?, let height?) = options.resize else {
      self.init(whole: options.resize?.target(for: size, enlarging: options.enlarge) ?? size)
      return
    }
    // Only a box of two sides can be met in several ways.
    let box = PixelSize(width, height)
    let inside = ResizeSpec.scaled(size, into: box, covering: false, enlarging: options.enlarge)
    switch options.fit {
    case .inside: self.init(whole: inside)
    case .fill:
      self.init(whole: options.enlarge ? box : PixelSize(min(width, size.width), min(height, size.height)))
    case .cover:
      let scaled = ResizeSpec.scaled(size, into: box, covering: true, enlarging: options.enlarge)
      let kept = PixelSize(min(width, scaled.width), min(height, scaled.height))
      let place = options.gravity.place(in: scaled - kept)
      self.init(scaled, window: PixelRect(x: place.x, y: place.y, size: kept), canvas: kept, place: (0, 0))
    case .pad:
      self.init(
        inside, window: PixelRect(all: inside), canvas: box, place: options.gravity.place(in: box - inside))
    }
  }

  private init(whole size: PixelSize) {
    self.init(size, window: PixelRect(all: size), canvas: size, place: (0, 0))
  }

  private init(_ scaled: PixelSize, window: PixelRect, canvas: PixelSize, place: (x: Int, y: Int)) {
    self.scaled = scaled
    self.window = window
    self.canvas = canvas
    (x, y) = place
  }
}
