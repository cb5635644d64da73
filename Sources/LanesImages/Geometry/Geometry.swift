import LanesCore

/// What happens to an image's shape: orient, crop, turn, resize, in this order.
///
/// The order is the one a user sees. The work is done in another: rows are cropped and resized as they are stored, and
/// turned last, when they are fewest, since turning holds them all. A crop is therefore carried back to stored pixels.
struct Geometry {
  /// The stored pixels that are used.
  let crop: PixelRect
  /// The size that those are resized to, as stored.
  let scaled: PixelSize
  /// The part of `scaled` that is made, as stored; all of it when nothing is resized.
  let window: PixelRect
  /// From stored to displayed pixels, the turn that was asked for included.
  let turn: Orientation
  /// The size of the result, larger than the window when it is padded.
  let result: PixelSize
  /// Where the turned window lies on the result.
  let place: (x: Int, y: Int)

  /// - Parameters:
  ///   - stored: the size in the image's header.
  ///   - orientation: what its Exif says, or upright.
  /// - Throws: `UnitFailure` when the crop lies outside the image or the result would be too large.
  init(stored: PixelSize, orientation: Orientation, options: ConvertOptions) throws(UnitFailure) {
    let part = try Self.part(of: orientation.applied(to: stored), options.crop)
    let fitted = Fitted(options.turn.applied(to: part.size), options: options)
    turn = orientation.then(options.turn)
    result = fitted.canvas
    place = (fitted.x, fitted.y)
    let crop = orientation.stored(part, in: stored)
    let scaled = turn.applied(to: fitted.scaled)
    let window = turn.stored(fitted.window, in: scaled)
    // Nothing is resized: what is made is what is cropped, and the window is all of it.
    if scaled == crop.size {
      self.crop = PixelRect(x: crop.x + window.x, y: crop.y + window.y, size: window.size)
      (self.scaled, self.window) = (window.size, PixelRect(all: window.size))
    } else {
      (self.crop, self.scaled, self.window) = (crop, scaled, window)
    }
    // A result may be larger than its input, by percent or by a background.
    let (area, overflows) = result.width.multipliedReportingOverflow(by: result.height)
    guard !overflows, area <= options.maxPixels else {
      throw tooManyPixels("its result would have", result, limit: options.maxPixels)
    }
  }

  /// What happens to the image that `header` is of.
  init(of header: ImageHeader, options: ConvertOptions) throws(UnitFailure) {
    try self.init(stored: header.shape.size, orientation: options.applied(header.orientation), options: options)
  }

  private static func part(of size: PixelSize, _ crop: CropSpec?) throws(UnitFailure) -> PixelRect {
    guard let crop else { return PixelRect(all: size) }
    guard let part = crop.rect(in: size) else {
      throw UnitFailure(
        .rejected, "the crop \(crop.text) lies outside its \(size.width) \(Glyphs.times) \(size.height) pixels")
    }
    return part
  }

  /// True when the pixels of an image of `stored` stay where they are.
  func leavesAlone(_ stored: PixelSize) -> Bool {
    crop == PixelRect(all: stored) && scaled == stored && turn == .upright && result == stored
  }

  /// True when the result shows the picture of the image that `header` is of, pixel for pixel and in its colors.
  func keepsPicture(of header: ImageHeader, _ options: ConvertOptions) -> Bool {
    leavesAlone(header.shape.size) && !(options.grayscale && header.shape.channels == 4)
      && !header.colors(options).changesPixels
  }

  /// True when the result has the pixels of an image of `stored`, be they turned: as many, of the same places.
  func keepsSize(of stored: PixelSize) -> Bool { crop == PixelRect(all: stored) && !isResized }

  /// True when pixels are mixed.
  var isScaled: Bool { scaled != crop.size }

  /// True when pixels are mixed or added, so that they cannot be moved as they are stored.
  var isResized: Bool { isScaled || isPadded }

  /// True when the turned picture does not fill the result.
  var isPadded: Bool { turn.applied(to: window.size) != result }

  /// The rows and columns that show the crop after the decoder made `stored` into `rows` at `scale`, and which part
  /// of them it covers: the decoder's pixels need not begin and end where the crop does.
  func window(in rows: PixelSize, scale: DecodeScale) -> (part: PixelRect, covered: Covered) {
    let (x, width) = Self.span(crop.x, crop.size.width, rows.width, scale.across)
    let (y, height) = Self.span(crop.y, crop.size.height, rows.height, scale.down)
    let part = PixelRect(x: x.lowerBound, y: y.lowerBound, size: PixelSize(x.count, y.count))
    return (part, Covered(width: width, height: height))
  }

  private static func span(_ start: Int, _ count: Int, _ limit: Int, _ eighths: Int) -> (Range<Int>, Extent) {
    let first = start * eighths / 8
    let end = min(((start + count) * eighths + 7) / 8, limit)
    let extent = Extent(start: Double(start * eighths) / 8 - Double(first), length: Double(count * eighths) / 8)
    return (first..<end, extent)
  }
}

/// The part of a run of samples that a picture covers; both numbers count samples and need not be whole.
struct Extent: Equatable {
  var start: Double
  var length: Double
}

/// The part of rows that a picture covers.
struct Covered: Equatable {
  var width: Extent
  var height: Extent

  init(width: Extent, height: Extent) {
    self.width = width
    self.height = height
  }

  /// All of an image of `size`.
  init(all size: PixelSize) {
    width = Extent(start: 0, length: Double(size.width))
    height = Extent(start: 0, length: Double(size.height))
  }
}
