import LanesCore

/// What happens to an image's shape: orient, crop, turn, resize, in this order.
///
/// The order is the one a user sees. The work is done in another: rows are cropped and resized as they are stored, and
/// turned last, when they are fewest, since turning holds them all. A crop is therefore carried back to stored pixels.
struct Geometry: Equatable {
  /// The stored pixels that are used.
  let crop: PixelRect
  /// The size that those are resized to, as stored.
  let scaled: PixelSize
  /// From stored to displayed pixels, the turn that was asked for included.
  let turn: Orientation
  /// The size of the result.
  let result: PixelSize

  /// - Parameters:
  ///   - stored: the size in the image's header.
  ///   - orientation: what its Exif says, or upright.
  /// - Throws: `UnitFailure` when the crop lies outside the image or the result would be too large.
  init(stored: PixelSize, orientation: Orientation, options: ConvertOptions) throws(UnitFailure) {
    let upright = orientation.applied(to: stored)
    let part = options.crop.map { $0.rect(in: upright) } ?? PixelRect(all: upright)
    guard let part else {
      let size = "\(upright.width) × \(upright.height)"
      throw UnitFailure(.rejected, "the crop \(options.crop!.text) lies outside its \(size) pixels")
    }
    crop = orientation.stored(part, in: stored)
    turn = orientation.then(options.turn)
    let displayed = options.turn.applied(to: part.size)
    result = options.resize?.target(for: displayed, enlarging: options.enlarge) ?? displayed
    scaled = turn.applied(to: result)
    let (area, overflows) = result.width.multipliedReportingOverflow(by: result.height)
    guard !overflows, area <= options.maxPixels else {
      throw tooManyPixels("its result would have", result, limit: options.maxPixels)
    }
  }

  /// True when the pixels of an image of `stored` stay where they are.
  func leavesAlone(_ stored: PixelSize) -> Bool {
    crop == PixelRect(all: stored) && scaled == stored && turn == .upright && result == stored
  }

  /// The rows and columns that show the crop after the decoder made `stored` into `rows` at `eighths`/8, and which part
  /// of them it covers: the decoder's pixels need not begin and end where the crop does.
  func window(in rows: PixelSize, eighths: Int) -> (part: PixelRect, covered: Covered) {
    let (x, width) = Self.span(crop.x, crop.size.width, rows.width, eighths)
    let (y, height) = Self.span(crop.y, crop.size.height, rows.height, eighths)
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
