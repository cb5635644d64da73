import LanesCore

/// Speed-up against lanes, one line for each way to use several of them, beside the ideal.
struct ReportSpeedUp {
  private let comparison: Comparison
  /// The most lanes that any contender had: the right end of the x axis.
  private let lanes: Int
  /// The top of the y axis, as a speed-up.
  private let highest: Double
  /// Units of the drawing, which the page scales: their ratio is what counts, and that text of 14 units stays legible
  /// on a phone.
  private static let width = 480.0
  private static let height = 300.0
  private static let (left, right, top, bottom) = (44.0, 12.0, 12.0, 44.0)

  init(_ comparison: Comparison) {
    self.comparison = comparison
    lanes = comparison.entries.map(\.setup.lanes).max() ?? 1
    let reached = comparison.entries.compactMap(\.speedUp).max() ?? 1
    // The ideal line is shown a little beyond what was reached, not up to where it leaves everything else flat.
    highest = max(1.2, min(Double(lanes), reached * 1.3) * 1.02)
  }

  /// The section; empty without a serial contender, or when nobody used more than one lane.
  var html: String {
    guard comparison.baseline != nil, lanes > 1, !comparison.series.isEmpty else { return "" }
    let middle = Double(comparison.series.count - 1) / 2
    // Styles are numbered from 1; the style sheet has one for each series.
    let lines = comparison.series.enumerated().map { number, one in
      // Seven units apart: wider than a mark, narrower than the step from one number of lanes to the next.
      series(one, style: "series\(number + 1)", shift: (Double(number) - middle) * 7)
    }
    let legend = comparison.series.enumerated().map { (style: "series\($0 + 1)", name: $1.title) }
    let drawing =
      "<svg class=\"chart\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(label)\">"
      + axes + ideal + lines.joined() + "</svg>"
    return Markup.section(
      "Speed-up",
      "Serial wall time over that of so many lanes, medians of \(Readable.counted(comparison.rounds, "round")); the dashed "
        + "line is the ideal, whiskers are the 95% intervals.",
      Markup.legend(legend) + drawing)
  }

  private var label: String {
    let best = comparison.entries.compactMap(\.speedUp).max() ?? 1
    return "speed-up by lanes, at most \(Readable.fixed(best, digits: 2))"
  }

  /// From 0 at the left; a third of a step stays free at the right for marks that are shifted.
  private func x(_ lanes: Double) -> Double {
    Self.left + (Self.width - Self.left - Self.right) * lanes / (Double(self.lanes) + 0.3)
  }

  /// Held inside the chart: the interval of a noisy contender may reach beyond it.
  private func y(_ speedUp: Double) -> Double {
    Self.top + (Self.height - Self.top - Self.bottom) * (1 - min(max(speedUp, 0), highest) / highest)
  }

  /// Points in units of the drawing.
  private func line(_ style: String, _ points: [(Double, Double)]) -> String {
    let places = points.map { "\(Markup.number($0.0)),\(Markup.number($0.1))" }.joined(separator: " ")
    return "<polyline class=\"\(style)\" points=\"\(places)\"/>"
  }

  /// Speed-up equal to the number of lanes, cut off at the top of the chart.
  private var ideal: String {
    let end = min(Double(lanes), highest)
    return line("ideal", [(x(0), y(0)), (x(end), y(end))])
  }

  private var axes: String {
    // At most eight numbers below and about as many lines across, so that none touch.
    let step = max(1, (lanes + 7) / 8)
    let numbers = stride(from: 1, through: lanes, by: step).map { text("\($0)", x(Double($0)), y(0) + 18, "middle") }
    // Levels are half speed-ups in a low chart, whole ones in a middling one, and about six in a high one.
    let rise = highest <= 2.5 ? 0.5 : highest <= 9 ? 1 : (highest / 6).rounded(.up)
    let levels = stride(from: 0.0, through: highest, by: rise).map { level in
      line("grid", [(Self.left, y(level)), (Self.width - Self.right, y(level))])
        + text(Markup.number(level), Self.left - 8, y(level) + 5, "end")
    }
    return levels.joined() + numbers.joined()
      + text("lanes", (Self.left + Self.width - Self.right) / 2, Self.height - 6, "middle")
  }

  /// A label at a point of the drawing; `words` must not need escaping.
  private func text(_ words: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
    "<text x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" text-anchor=\"\(anchor)\">\(words)</text>"
  }

  /// Series stand `shift` units apart, so that their whiskers can be told from each other.
  private func series(_ series: Comparison.Series, style: String, shift: Double) -> String {
    let points = series.entries.compactMap { entry in entry.speedUp.map { (entry, $0) } }
    let marks = points.map { entry, speedUp in
      let place = x(Double(entry.setup.lanes)) + shift
      let (low, high) = entry.speedUpInterval.map { ($0.low, $0.high) } ?? (speedUp, speedUp)
      return line("whisker \(style)", [(place, y(low)), (place, y(high))])
        + "<circle class=\"mark \(style)\" cx=\"\(Markup.number(place))\" cy=\"\(Markup.number(y(speedUp)))\" r=\"4\"/>"
    }
    // Marks come after the curve, so that they lie over it.
    return line("curve \(style)", points.map { (x(Double($0.setup.lanes)) + shift, y($1)) }) + marks.joined()
  }
}
