import CAV1
import LanesCore

extension CodingColor {
  /// The weights of red and blue in luma (ITU-T H.273, table 4); nil for matrices that are no such weights.
  ///
  /// What is unspecified is taken for BT.601, as libavif takes it.
  private var lumaWeights: (red: Double, blue: Double)? {
    switch matrix {
    case 1: (0.2126, 0.0722)
    case 2, 5, 6: (0.299, 0.114)
    case 4: (0.30, 0.11)
    case 7: (0.212, 0.087)
    case 9: (0.2627, 0.0593)
    case 12: primariesWeights
    default: nil
    }
  }

  /// Chromaticities of red, green, blue and white; nil for unknown primaries.
  var chromaticities: [(x: Double, y: Double)]? { Self.chromaticities[primaries] }

  /// By code point (ITU-T H.273, table 2).
  private static let chromaticities: [Int: [(x: Double, y: Double)]] = [
    1: [(0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290)],
    4: [(0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)],
    5: [(0.64, 0.33), (0.29, 0.60), (0.15, 0.06), (0.3127, 0.3290)],
    6: [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), (0.3127, 0.3290)],
    7: [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), (0.3127, 0.3290)],
    8: [(0.681, 0.319), (0.243, 0.692), (0.145, 0.049), (0.310, 0.316)],
    9: [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)],
    11: [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)],
    12: [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)],
    22: [(0.630, 0.340), (0.295, 0.605), (0.155, 0.077), (0.3127, 0.3290)],
  ]

  /// Weights that follow from the primaries: those that make white of them (ITU-T H.273, equations 32 to 37). Unknown ones
  /// are taken for BT.709's, as libavif takes them.
  private var primariesWeights: (red: Double, blue: Double) {
    let points = chromaticities ?? Self.chromaticities[1]!
    let (r, g, b, w) = (points[0], points[1], points[2], points[3])
    func z(_ point: (x: Double, y: Double)) -> Double { 1 - point.x - point.y }
    let divisor =
      w.y
      * (r.x * (g.y * z(b) - b.y * z(g)) + g.x * (b.y * z(r) - r.y * z(b)) + b.x * (r.y * z(g) - g.y * z(r)))
    let red =
      r.y
      * (w.x * (g.y * z(b) - b.y * z(g)) + w.y * (b.x * z(g) - g.x * z(b)) + z(w) * (g.x * b.y - b.x * g.y)) / divisor
    let blue =
      b.y
      * (w.x * (r.y * z(g) - g.y * z(r)) + w.y * (g.x * z(r) - r.x * z(g)) + z(w) * (r.x * g.y - g.x * r.y)) / divisor
    return (red, blue)
  }

  /// How samples of `depth` bits become rows of `channels` of `rowDepth` bits.
  ///
  /// Source: ITU-T H.273, equations 20 to 68.
  ///
  /// - Throws: for matrices that are not linear in what is encoded, or that nobody uses.
  func conversion(
    depth: Int, isMonochrome: Bool, alpha: (depth: Int, isFullRange: Bool)?, channels: Int, rowDepth: Int,
    isPremultiplied: Bool
  ) throws(AVIFFault) -> cav1_conversion {
    let most = Double(rowDepth == 8 ? 255 : 65535)
    let unit = Double(1 << (depth - 8))
    // Luma of 0…1 and colors of -0.5…0.5 are (sample - zero) · scale.
    let luma = isFullRange ? (zero: 0, scale: 1 / (256 * unit - 1)) : (zero: 16 * unit, scale: 1 / (219 * unit))
    let chroma = (zero: 128 * unit, scale: isFullRange ? 1 / (256 * unit - 1) : 1 / (224 * unit))
    func row(_ weights: [Double], _ planes: [(zero: Double, scale: Double)]) -> (Float, Float, Float, Float) {
      let scaled = zip(weights, planes).map { $0 * $1.scale * most }
      let offset = -zip(scaled, planes).reduce(0) { $0 + $1.0 * $1.1.zero }
      return (Float(scaled[0]), Float(scaled[1]), Float(scaled[2]), Float(offset))
    }
    let planes = matrix == 0 ? [luma, luma, luma] : [luma, chroma, chroma]
    var result = cav1_conversion()
    if isMonochrome {
      result.weights.0 = row([1, 0, 0], planes)
    } else {
      let weights = try rows()
      result.weights = (row(weights[0], planes), row(weights[1], planes), row(weights[2], planes))
    }
    if let alpha {
      // Alpha is of full range in every AVIF that follows the rules (AVIF 1.1, 4.1).
      let unit = Double(1 << (alpha.depth - 8))
      let scale = (alpha.isFullRange ? 1 / (256 * unit - 1) : 1 / (219 * unit)) * most
      result.alpha_weight = Float(scale)
      result.alpha_offset = alpha.isFullRange ? 0 : Float(-16 * unit * scale)
    }
    result.is_premultiplied = isPremultiplied
    (result.channels, result.depth) = (Int32(channels), Int32(rowDepth))
    return result
  }

  /// Red, green and blue by luma and both colors.
  private func rows() throws(AVIFFault) -> [[Double]] {
    if matrix == 0 { return [[0, 0, 1], [1, 0, 0], [0, 1, 0]] }
    if matrix == 8 { return [[1, -1, 1], [1, 1, 0], [1, -1, -1]] }
    guard let (red, blue) = lumaWeights else { throw .unsupported("an AVIF of color matrix \(matrix)") }
    let green = 1 - red - blue
    return [
      [1, 0, 2 * (1 - red)], [1, -2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green], [1, 2 * (1 - blue), 0],
    ]
  }
}
