import CCodecs

/// Colors at the nodes of a grid of one to four axes.
struct ICCTable: Sendable {
  /// More nodes than any table in use has, such as 65 × 65 × 65 or 17 × 17 × 17 × 17; they take 8 MiB.
  private static let most = 1 << 19

  let sides: [Int]
  /// Nodes.
  let count: Int
  /// Four floats for each node.
  private let nodes: [Float]
  /// As C counts them, four axes always: those that are missing come first and have one node.
  private let side: SIMD4<Int32>
  private let step: SIMD4<Int32>

  /// nil when the table does not lie inside `reader`, has an axis of a single node, or too many nodes.
  init?(_ reader: ICCReader, _ offset: Int, sides: [Int], outputs: Int, width: Int) {
    guard sides.allSatisfy({ $0 >= 2 }) else { return nil }
    // At most 255 to the fourth.
    let count = sides.reduce(1, *)
    guard count <= Self.most, let samples = reader.samples(offset, count * outputs, width: width) else { return nil }
    self.init(sides: sides) { node in
      var color = Color()
      for channel in 0..<outputs { color[channel] = Double(samples[node * outputs + channel]) / 65535 }
      return color
    }
  }

  /// - Parameter color: of each node, the last axis varying fastest.
  init(sides: [Int], color: (Int) -> Color) {
    self.sides = sides
    let count = sides.reduce(1, *)
    self.count = count
    var (side, step, nodesBelow) = (SIMD4<Int32>(repeating: 1), SIMD4<Int32>(repeating: Int32(count)), Int32(1))
    for axis in sides.indices.reversed() {
      let place = 4 - sides.count + axis
      (side[place], step[place]) = (Int32(sides[axis]), nodesBelow)
      nodesBelow *= Int32(sides[axis])
    }
    (self.side, self.step) = (side, step)
    nodes = [Float](unsafeUninitializedCapacity: 4 * count) { nodes, filled in
      for node in 0..<count {
        let color = color(node)
        for channel in 0..<4 { nodes[4 * node + channel] = Float(color[channel]) }
      }
      filled = 4 * count
    }
  }

  /// The color at `place`, 0…1 along each axis.
  func callAsFunction(_ place: Color) -> Color {
    var nodePlace: (Float, Float, Float, Float) = (0, 0, 0, 0)
    var out: (Float, Float, Float, Float) = (0, 0, 0, 0)
    withC { table in
      withUnsafeMutablePointer(to: &nodePlace) { place0 in
        place0.withMemoryRebound(to: Float.self, capacity: 4) { at in
          for axis in sides.indices {
            at[4 - sides.count + axis] = Float(limited(place[axis]) * Double(sides[axis] - 1))
          }
          withUnsafeMutablePointer(to: &out) { out in
            out.withMemoryRebound(to: Float.self, capacity: 4) { ccodecs_color_at(table, at, $0) }
          }
        }
      }
    }
    return Color(Double(out.0), Double(out.1), Double(out.2), Double(out.3))
  }

  /// Lends the table to C for the length of a call.
  func withC<Result>(_ body: (UnsafePointer<ccodecs_color_table>) -> Result) -> Result {
    nodes.withUnsafeBufferPointer {
      var table = ccodecs_color_table(
        nodes: $0.baseAddress, side: (side[0], side[1], side[2], side[3]),
        stride: (step[0], step[1], step[2], step[3]))
      return body(&table)
    }
  }
}
