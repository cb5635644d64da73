import CCodecs

/// The curve of sRGB as tables, made when it is first asked for and kept until the end of the process.
struct SRGBTransfer {
  /// The level, 0…1, of every step of light, and one more.
  static let levels = table(Int(ccodecs_curve_steps) + 2) { ccodecs_fill_level($0) }
  private static let lightOf8Bits = table(1 << 8) { ccodecs_fill_light($0, 8) }
  private static let lightOf16Bits = table(1 << 16) { ccodecs_fill_light($0, 16) }

  /// Of the samples that are turned into light.
  let depth: Int

  /// Lends the tables to C for the length of a call.
  func withC(_ body: (UnsafePointer<ccodecs_curve>) -> Void) {
    (depth == 8 ? Self.lightOf8Bits : Self.lightOf16Bits).withUnsafeBufferPointer { light in
      Self.levels.withUnsafeBufferPointer { level in
        var curve = ccodecs_curve(light: light.baseAddress, level: level.baseAddress)
        body(&curve)
      }
    }
  }

  private static func table(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    var table = [Float](repeating: 0, count: count)
    table.withUnsafeMutableBufferPointer { fill($0.baseAddress!) }
    return table
  }
}

extension SRGBTransfer? {
  /// Lends the tables, or NULL where there is no curve.
  func withC(_ body: (UnsafePointer<ccodecs_curve>?) -> Void) {
    if let self { self.withC { body($0) } } else { body(nil) }
  }
}
