import LanesCore
import LanesReport

/// Which lane had which part of a batch, and when: what `lanes --trace` wrote, as far as a picture needs it.
struct LaneParts: Equatable {
  struct Part: Equatable {
    /// From 1.
    let lane: Int
    /// Of the unit, from 0.
    let number: Int
    /// What the part is called.
    let label: String
    /// Microseconds since the run began.
    let start: Double
    let end: Double
  }

  let parts: [Part]

  /// Reads the trace of a run, one event a line: the units that lanes performed, in no order.
  init(trace: String) {
    parts = trace.split(separator: "\n").compactMap(Self.part)
  }

  init(_ parts: [Part]) { self.parts = parts }

  private static func part(_ line: Substring) -> Part? {
    guard line.contains(#""ph":"X""#), line.contains(#""cat":"perform""#), let name = text(#""name":""#, of: line),
      let lane = text(#""tid":"#, of: line).flatMap({ Int($0) }),
      let start = text(#""ts":"#, of: line).flatMap({ Double($0) }),
      let duration = text(#""dur":"#, of: line).flatMap({ Double($0) }),
      let number = text(#""unit":"#, of: line).flatMap({ Int($0) })
    else { return nil }
    return Part(lane: lane, number: number, label: String(name), start: start, end: start + duration)
  }

  /// What stands behind a key, up to the sign that ends it.
  private static func text(_ key: String, of line: Substring) -> Substring? {
    guard let place = line.firstRange(of: key) else { return nil }
    return line[place.upperBound...].prefix { $0 != (key.hasSuffix("\"") ? "\"" : ",") && $0 != "}" }
  }

  /// When the last part ended, in microseconds; 0 without parts.
  var end: Double { parts.map(\.end).max() ?? 0 }

  /// A line for each lane, in the order of their numbers: in each of `columns`, which stand for `span` microseconds, the sign
  /// of the part that had most of it; a point where the lane had none.
  func strips(columns: Int, span: Double, sign: (Part) -> Character) -> [String] {
    guard span > 0, columns > 0, let lanes = parts.map(\.lane).max() else { return [] }
    let width = span / Double(columns)
    return (1...lanes).map { lane in
      let own = parts.filter { $0.lane == lane }
      let cells = (0..<columns).map { column -> Character in
        let (from, to) = (Double(column) * width, Double(column + 1) * width)
        let overlaps = own.map { (part: $0, share: min($0.end, to) - max($0.start, from)) }
        guard let most = overlaps.max(by: { $0.share < $1.share }), most.share > 0 else { return "." }
        return sign(most.part)
      }
      return String(cells)
    }
  }
}
