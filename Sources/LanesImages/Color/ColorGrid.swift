/// A profile's table with all that comes after it, up to Lab's roots of X, Y and Z. What is between nodes is found along
/// straight lines there, as it is in a profile's own Lab, and what sRGB cannot show is cut off after that.
struct ColorGrid {
  private let pipeline: ICCPipeline
  private let lab: Bool

  init(_ pipeline: ICCPipeline, lab: Bool) { (self.pipeline, self.lab) = (pipeline, lab) }

  /// Curves that come before the table, and the table. Which of both ways is closer is measured: with the profile's own
  /// first curves before the table its nodes fall on the profile's; but where curves lead to light, nodes are too few for
  /// what is dark.
  var best: (curves: [ICCCurve]?, table: ICCTable) {
    guard let (curves, rest) = pipeline.splitAfterCurves else { return (nil, table(pipeline)) }
    let split = table(rest)
    let splitError = error(of: split) { color in
      var color = color
      for axis in curves.indices { color[axis] = limited(curves[axis](color[axis])) }
      return color
    }
    // A hundredth of a root is about a level of 8 bits.
    guard splitError > 0.002 else { return (curves, split) }
    let whole = table(pipeline)
    return error(of: whole, { $0 }) < splitError ? (nil, whole) : (curves, split)
  }

  private func table(_ pipeline: ICCPipeline) -> ICCTable {
    let sides = sides(pipeline)
    return ICCTable(sides: sides) { node in
      var (color, rest) = (Color(), node)
      for axis in sides.indices.reversed() {
        color[axis] = Double(rest % sides[axis]) / Double(sides[axis] - 1)
        rest /= sides[axis]
      }
      return ColorModel.roots(pipeline(color), of: pipeline, lab: lab)
    }
  }

  /// The profile's own nodes where nothing bends what lies between them. Else as many as there is room for, such that its own
  /// are among them.
  private func sides(_ pipeline: ICCPipeline) -> [Int] {
    if lab, pipeline.steps.count == 1, !pipeline.sides.isEmpty { return pipeline.sides }
    // 33³ nodes take 575 KB, 21⁴ 3.1 MB.
    let most = pipeline.inputs == 4 ? 21 : 33
    let own = pipeline.sides.isEmpty ? Array(repeating: 2, count: pipeline.inputs) : pipeline.sides
    return own.map { side in side > most ? most : (most - 1) / (side - 1) * (side - 1) + 1 }
  }

  /// The largest difference of a root at 512 places without order (a linear congruential generator's).
  private func error(of table: ICCTable, _ place: (Color) -> Color) -> Double {
    var (worst, state) = (0.0, UInt64(1))
    for _ in 0..<512 {
      var color = Color()
      for axis in 0..<pipeline.inputs {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        color[axis] = Double(state >> 40) / Double(1 << 24)
      }
      let (found, right) = (table(place(color)), ColorModel.roots(pipeline(color), of: pipeline, lab: lab))
      for channel in 0..<3 { worst = max(worst, (found[channel] - right[channel]).magnitude) }
    }
    return worst
  }
}
