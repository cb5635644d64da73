import LanesCore

/// How large an image is to become.
package enum ResizeSpec: Sendable, Equatable {
  /// Fits inside a box, proportions kept; nil leaves that side free. At least one side is given.
  case inside(width: Int?, height: Int?)
  /// Percent of width and height.
  case percent(Double)

  /// Reads `WxH`, `Wx`, `xH`, `N` (the longest side) or `P%`; nil for anything else, for sides of 0, and for sides above
  /// 1,000,000.
  package init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent > 0, percent <= 100_000 else { return nil }
      self = .percent(percent)
      return
    }
    var sides = text.split(separator: "x", omittingEmptySubsequences: false)
    // A single number is the longest side: it fits into a square.
    if sides.count == 1, !text.isEmpty { sides.append(sides[0]) }
    guard sides.count == 2, !(sides[0].isEmpty && sides[1].isEmpty) else { return nil }
    let numbers = sides.map { Int($0) }
    for (side, number) in zip(sides, numbers) where !side.isEmpty {
      guard let number, (1...1_000_000).contains(number), side.first != "+" else { return nil }
    }
    self = .inside(width: numbers[0], height: numbers[1])
  }

  /// The size that `size` becomes, at least 1 × 1; never larger than `size` unless `enlarging`.
  package func target(for size: PixelSize, enlarging: Bool) -> PixelSize {
    switch self {
    case .percent(let percent):
      let scale = enlarging ? percent / 100 : min(percent / 100, 1)
      return PixelSize(Self.scaled(size.width, by: scale), Self.scaled(size.height, by: scale))
    case .inside(let width, let height):
      let box = PixelSize(width ?? .max, height ?? .max)
      return Self.scaled(size, into: box, covering: false, enlarging: enlarging)
    }
  }

  /// `size` with its proportions, as large as fits into `box`, or as small as covers it.
  static func scaled(_ size: PixelSize, into box: PixelSize, covering: Bool, enlarging: Bool) -> PixelSize {
    let byWidth = Double(box.width) / Double(size.width)
    let byHeight = Double(box.height) / Double(size.height)
    let scale = covering ? max(byWidth, byHeight) : min(byWidth, byHeight)
    if scale >= 1 && !enlarging { return size }
    // The side that decides is met exactly, whatever rounding makes of the product.
    return scale == byWidth
      ? PixelSize(box.width, scaled(size.height, by: scale)) : PixelSize(scaled(size.width, by: scale), box.height)
  }

  private static func scaled(_ side: Int, by scale: Double) -> Int {
    max(1, Int((Double(side) * scale).rounded()))
  }
}

extension WireWriter {
  mutating func write(_ spec: ResizeSpec) {
    switch spec {
    case .inside(let width, let height):
      write(UInt8(0))
      write(optional: width)
      write(optional: height)
    case .percent(let percent):
      write(UInt8(1))
      write(percent)
    }
  }
}

extension WireReader {
  mutating func readResizeSpec() throws(WireError) -> ResizeSpec {
    switch try read(UInt8.self) {
    case 0: .inside(width: try readOptional(), height: try readOptional())
    case 1: .percent(try readDouble())
    default: throw WireError("an unknown way to resize")
    }
  }
}
