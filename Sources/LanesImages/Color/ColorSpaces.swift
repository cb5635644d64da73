import CCodecs

/// Three rows of three factors.
struct Matrix3: Sendable, Equatable {
  var rows: [Double]

  init(_ rows: [Double]) { self.rows = rows }

  /// - Parameter columns: three of three numbers.
  init(columns: [[Double]]) { rows = (0..<3).flatMap { row in columns.map { $0[row] } } }

  func callAsFunction(_ x: Color) -> Color {
    var product = Color()
    for row in 0..<3 { product[row] = rows[3 * row] * x[0] + rows[3 * row + 1] * x[1] + rows[3 * row + 2] * x[2] }
    return product
  }

  static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(
      (0..<9).map { at -> Double in
        var sum = 0.0
        for term in 0..<3 { sum += a.rows[at / 3 * 3 + term] * b.rows[3 * term + at % 3] }
        return sum
      })
  }

  /// By cofactors; nil when there is none to speak of.
  var inverse: Matrix3? {
    let m = rows
    func cofactor(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double { m[a] * m[d] - m[b] * m[c] }
    let adjugate = [
      cofactor(4, 5, 7, 8), -cofactor(1, 2, 7, 8), cofactor(1, 2, 4, 5),
      -cofactor(3, 5, 6, 8), cofactor(0, 2, 6, 8), -cofactor(0, 2, 3, 5),
      cofactor(3, 4, 6, 7), -cofactor(0, 1, 6, 7), cofactor(0, 1, 3, 4),
    ]
    let determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6]
    guard determinant.magnitude > 1e-12 else { return nil }
    return Matrix3(adjugate.map { $0 / determinant })
  }
}

/// The space in which profiles meet: XYZ under D50, in which white has a Y of 1.
///
/// Source: ICC.1:2022, 6.3 and 7.2.16 (the white), annex E.3 (Bradford's adaptation).
enum ConnectionSpace {
  static let white = Color(0.9642, 1, 0.8249, 0)

  private static let cones = Matrix3([0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296])

  /// The matrix from light of three colors to this space, adapted from their white; nil for chromaticities that span nothing.
  ///
  /// - Parameter points: x and y of white, red, green and blue.
  static func matrix(points: [Double]) -> Matrix3? {
    let xyz = stride(from: 0, to: 8, by: 2).map { at -> [Double] in
      let (x, y) = (points[at], points[at + 1])
      return [x / y, 1, (1 - x - y) / y]
    }
    guard xyz.joined().allSatisfy(\.isFinite) else { return nil }
    let colors = Matrix3(columns: Array(xyz[1...]))
    let from = Color(xyz[0][0], xyz[0][1], xyz[0][2], 0)
    guard let shares = colors.inverse?(from), let back = cones.inverse else { return nil }
    let (own, other) = (cones(from), cones(white))
    let factors = (0..<3).map { other[$0] / own[$0] }
    guard factors.allSatisfy(\.isFinite) else { return nil }
    let adapted = back * Matrix3([factors[0], 0, 0, 0, factors[1], 0, 0, 0, factors[2]]) * cones
    return adapted * colors * Matrix3([shares[0], 0, 0, 0, shares[1], 0, 0, 0, shares[2]])
  }

  /// Lab's roots of X, Y and Z (ICC.1:2022, annex D; CIE 15, 8.2.1).
  static func roots(lab: Color) -> Color {
    let y = (lab[0] + 16) / 116
    return Color(y + lab[1] / 500, y, y - lab[2] / 200, 0)
  }

  static func roots(xyz: Color) -> Color {
    let share = xyz / white
    return Color(root(share[0]), root(share[1]), root(share[2]), 0)
  }

  static func xyz(roots: Color) -> Color { Color(light(roots[0]), light(roots[1]), light(roots[2]), 0) * white }

  /// The inverse of Lab's cube root with its straight part.
  private static func light(_ root: Double) -> Double {
    root > 24.0 / 116 ? root * root * root : 108.0 / 841 * (root - 16.0 / 116)
  }

  private static func root(_ light: Double) -> Double {
    light > 216.0 / 24389 ? ccodecs_power(light, 1.0 / 3) : 841.0 / 108 * light + 16.0 / 116
  }
}

/// sRGB (IEC 61966-2-1).
enum SRGB {
  /// x and y of D65, red, green and blue.
  static let points = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06]
  /// From its light to the connection space.
  static let matrix = ConnectionSpace.matrix(points: points)!
  static let inverse = matrix.inverse!
  /// g, a, b, c and d of the curve from levels to light, as type 3 of a parametric curve.
  static let numbers = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
  static let curve = ICCCurve.parametric(type: 3, numbers)

  /// The level of `light`. Beyond 0…1 the curve goes on, point-symmetric to 0.
  static func level(_ light: Double) -> Double {
    let magnitude = light.magnitude
    let level = magnitude <= 0.0031308 ? 12.92 * magnitude : 1.055 * ccodecs_power(magnitude, 1 / 2.4) - 0.055
    return light < 0 ? -level : level
  }
}
