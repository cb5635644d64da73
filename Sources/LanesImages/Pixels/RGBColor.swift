/// A color of 8 bits per channel.
package struct RGBColor: Sendable, Equatable {
  package var red: UInt8
  package var green: UInt8
  package var blue: UInt8

  package init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  package static let white = RGBColor(red: 255, green: 255, blue: 255)

  /// Reads `#rrggbb`, `#rgb` (the `#` may be left out) or one of the eight corner colors and gray by name.
  package init?(_ text: String) {
    if let named = Self.names[text.lowercased()] {
      self = named
      return
    }
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), let value = UInt32(digits, radix: 16) else { return nil }
    switch digits.count {
    case 6: self.init(red: UInt8(value >> 16), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
    case 3: self.init(red: UInt8(value >> 8) * 17, green: UInt8(value >> 4 & 15) * 17, blue: UInt8(value & 15) * 17)
    default: return nil
    }
  }

  var isGray: Bool { red == green && green == blue }

  /// The gray that `GrayStage` makes of it.
  var gray: RGBColor {
    let level = UInt8(luma(red, green, blue))
    return RGBColor(red: level, green: level, blue: level)
  }

  private static let names: [String: RGBColor] = [
    "white": white, "black": RGBColor(red: 0, green: 0, blue: 0), "gray": RGBColor(red: 128, green: 128, blue: 128),
    "grey": RGBColor(red: 128, green: 128, blue: 128), "red": RGBColor(red: 255, green: 0, blue: 0),
    "lime": RGBColor(red: 0, green: 255, blue: 0), "blue": RGBColor(red: 0, green: 0, blue: 255),
    "yellow": RGBColor(red: 255, green: 255, blue: 0), "cyan": RGBColor(red: 0, green: 255, blue: 255),
    "magenta": RGBColor(red: 255, green: 0, blue: 255),
  ]
}
