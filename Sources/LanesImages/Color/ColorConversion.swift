import CCodecs
import LanesCore
import Synchronization

/// From the colors of one profile to sRGB's, by tables that are made when they are first asked for. Any thread.
final class ColorConversion: Sendable {
  private let model: ColorModel
  /// The Y of the device's black, which becomes 0.
  private let black: Double
  /// For 8 and for 16 bits.
  private let tables = Mutex<[Int: ColorTables]>([:])
  /// Nothing would change that can be seen: the profile is sRGB's own, or one of its many likenesses.
  let isIdentity: Bool

  init(_ model: ColorModel, black: Double) {
    self.model = model
    self.black = black
    isIdentity = Self.isIdentity(model, black: black)
  }

  var device: ColorModel.Device { model.device }

  /// - Parameter depth: bits of a sample, 8 or 16.
  func tables(depth: Int) -> ColorTables {
    tables.withLock { tables in
      if let made = tables[depth] { return made }
      let made = ColorTables(self, model, depth: depth)
      tables[depth] = made
      return made
    }
  }

  /// Light of sRGB, which may be negative or above 1 where sRGB cannot show the color.
  func light(_ xyz: Color) -> Color { SRGB.inverse(Self.compensated(xyz, black: black)) }

  private static func levels(_ xyz: Color, black: Double) -> Color {
    let light = SRGB.inverse(compensated(xyz, black: black))
    return Color(SRGB.level(light[0]), SRGB.level(light[1]), SRGB.level(light[2]), 0)
  }

  /// White stays, black becomes 0, and what lies between moves in proportion.
  private static func compensated(_ xyz: Color, black: Double) -> Color {
    (xyz - black * ConnectionSpace.white) / (1 - black)
  }

  /// `matrix`, which gives XYZ, followed by that and by what makes it light of sRGB: three columns and a summand, of four
  /// numbers each.
  func lightMatrix(_ matrix: Matrix3) -> [Float] {
    let whole = SRGB.inverse * matrix
    let summand = SRGB.inverse(-black / (1 - black) * ConnectionSpace.white)
    var numbers: [Double] = []
    for column in 0..<3 { numbers += [0, 3, 6].map { whole.rows[$0 + column] / (1 - black) } + [0] }
    numbers += [summand[0], summand[1], summand[2], 0]
    return numbers.map { Float($0) }
  }

  /// A difference of levels that is no difference to the eye, which is less than one of 8 bits.
  private static let unseen = 0.75 / 255

  /// Looks at a grid of colors, and at grays more closely.
  private static func isIdentity(_ model: ColorModel, black: Double) -> Bool {
    guard model.device != .inks else { return false }
    func isSame(_ color: Color) -> Bool {
      let found = levels(model.xyz(color), black: black)
      let channels = model.device == .gray ? 1 : 3
      for channel in 0..<channels { guard (found[channel] - color[channel]).magnitude <= unseen else { return false } }
      return true
    }
    for gray in 0...64 { guard isSame(Color(repeating: Double(gray) / 64)) else { return false } }
    guard model.device == .rgb else { return true }
    for node in 0..<343 {
      let (red, green, blue) = (Double(node % 7), Double(node / 7 % 7), Double(node / 49))
      guard isSame(Color(red / 6, green / 6, blue / 6, 0)) else { return false }
    }
    return true
  }
}

/// What a conversion looks samples of one depth up in.
enum ColorTables: Sendable {
  /// The level of each level.
  case gray([UInt16])
  /// The light of each level of red, green and blue, and the four columns of the matrix that makes it sRGB's.
  case matrix([[Float]], [Float])
  /// Where each level of each channel lies along an axis of the table of Lab's roots, and the matrix from light of X, Y and Z.
  case grid([[Float]], ICCTable, [Float])

  fileprivate init(_ conversion: ColorConversion, _ model: ColorModel, depth: Int) {
    let top = depth == 8 ? 255 : 65535
    switch model.way {
    case _ where model.device == .gray:
      // A gray of which a table makes a color has that color's light.
      self = .gray(
        (0...top).map { level in
          let xyz = model.xyz(Color(Double(level) / Double(top), 0, 0, 0))
          let light = conversion.light(ConnectionSpace.white * xyz[1])
          return UInt16(limited(SRGB.level(light[1])) * Double(top) + 0.5)
        })
    case .matrix(let curves, let matrix):
      self = .matrix(Self.tables(curves, top: top) { $0 }, conversion.lightMatrix(matrix))
    case .table(let pipeline, let lab):
      let (curves, table) = ColorGrid(pipeline, lab: lab).best
      let white = ConnectionSpace.white
      let matrix = conversion.lightMatrix(Matrix3([white[0], 0, 0, 0, white[1], 0, 0, 0, white[2]]))
      self = .grid(
        (0..<pipeline.inputs).map { axis in
          let last = Double(table.sides[axis] - 1)
          return Self.tables([curves?[axis] ?? .identity], top: top) { limited($0) * last }[0]
        }, table, matrix)
    case .gray: preconditionFailure("only gray devices have it")
    }
  }

  /// What curves make of each level. Curves that are the same share a table.
  private static func tables(_ curves: [ICCCurve], top: Int, _ scaled: (Double) -> Double) -> [[Float]] {
    var tables: [[Float]] = []
    for (index, curve) in curves.enumerated() {
      if let same = curves[..<index].firstIndex(of: curve) {
        tables.append(tables[same])
      } else {
        tables.append((0...top).map { Float(scaled(curve(Double($0) / Double(top)))) })
      }
    }
    return tables
  }
}
