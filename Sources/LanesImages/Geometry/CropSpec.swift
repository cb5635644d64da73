import LanesCore

/// Which part of an image is to be kept, as `WxH+X+Y`.
package struct CropSpec: Sendable, Equatable {
  package let size: PixelSize
  /// Distance of the part's left side from the image's, negative outside.
  package let x: Int
  /// Distance of the part's upper side from the image's, negative outside.
  package let y: Int

  /// Reads `WxH` or `WxH+X+Y`, where a minus places the part to the left or above; nil for anything else, for sides of
  /// 0, and for numbers above 1,000,000.
  package init?(_ text: String) {
    let start = text.firstIndex { "+-".contains($0) } ?? text.endIndex
    let sides = text[..<start].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
    guard (1...1_000_000).contains(width), (1...1_000_000).contains(height) else { return nil }
    size = PixelSize(width, height)
    guard start < text.endIndex else {
      (x, y) = (0, 0)
      return
    }
    let places = text[start...]
    guard
      let second = places.dropFirst().firstIndex(where: { "+-".contains($0) }), let x = Int(places[..<second]),
      let y = Int(places[second...]), max(x.magnitude, y.magnitude) <= 1_000_000
    else { return nil }
    (self.x, self.y) = (x, y)
  }

  init(size: PixelSize, x: Int, y: Int) {
    (self.size, self.x, self.y) = (size, x, y)
  }

  /// The part as it was written.
  var text: String { "\(size.width)x\(size.height)" + [x, y].map { $0 < 0 ? "\($0)" : "+\($0)" }.joined() }

  /// What of the part lies inside an image of `size`; nil when nothing does.
  func rect(in size: PixelSize) -> PixelRect? {
    let (left, top) = (max(x, 0), max(y, 0))
    let width = min(x + self.size.width, size.width) - left
    let height = min(y + self.size.height, size.height) - top
    return width > 0 && height > 0 ? PixelRect(x: left, y: top, size: PixelSize(width, height)) : nil
  }
}

extension WireWriter {
  mutating func write(_ crop: CropSpec) {
    for number in [crop.size.width, crop.size.height, crop.x, crop.y] { write(number) }
  }
}

extension WireReader {
  mutating func readCropSpec() throws(WireError) -> CropSpec {
    CropSpec(size: PixelSize(try read(), try read()), x: try read(), y: try read())
  }
}
