import LanesCore

/// Whether measurements bear a claim out: by rule, never by taste.
///
/// A value is told by `p10` and `p50` of its batches. Both inside the range confirm a claim; both outside on the same
/// side, by more than the spread, refute it. All else, and each condition of measuring that is not met, leaves it
/// undecidable here. Where more batches were disturbed than may be, the whole span of `p10` to `p90` has to say the same: then
/// no disturbance can have changed the outcome.
package struct LabVerdict: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case confirmed, refuted
    case undecidable = "undecidable here"
  }

  package let kind: Kind
  /// Sentences.
  package let why: String

  /// The largest share of disturbed batches with which anything is decided.
  static let mostDisturbed = 0.25
  /// The same where one figure is taken from another.
  static let mostDisturbedDifference = 0.1
  /// Steps of the clock that a batch must last.
  static let fewestSteps = 20.0

  package init(_ claim: LabClaim, _ measurements: LabMeasurements) {
    if let reason = Self.obstacle(to: claim, measurements) {
      (kind, why) = (.undecidable, reason + ".")
      return
    }
    let (kind, finding) = Self.judge(claim.rule, measurements)
    if let reason = Self.disturbance(of: claim.rule, measurements), Self.judgeSpan(claim.rule, measurements) != kind {
      (self.kind, why) = (.undecidable, reason + ".")
      return
    }
    let explanation = kind == .confirmed ? claim.ifConfirmed : kind == .refuted ? claim.ifRefuted : ""
    self.kind = kind
    why = explanation.isEmpty ? finding : finding + " " + explanation
  }

  /// The first condition of measuring that is not met.
  private static func obstacle(to claim: LabClaim, _ measurements: LabMeasurements) -> String? {
    if let obstacle = measurements.obstacles.first(where: { $0.claim == claim.id || $0.claim.isEmpty }) {
      return obstacle.reason
    }
    if case .value(let name, _, _) = claim.rule, measurements.values[name] == nil { return "it could not be counted" }
    for name in claim.rule.figures {
      guard let figure = measurements[name] else { return "'\(name)' could not be measured" }
      if let reason = obstacle(in: figure, timerStep: measurements.timerStep) { return reason }
    }
    return nil
  }

  private static func obstacle(in figure: LabFigure, timerStep: Double) -> String? {
    guard figure.batches >= figure.needed else {
      return "only \(Readable.counted(figure.batches, "batch", "batches")) of '\(figure.name)' could be used, "
        + "and \(figure.needed) are needed"
    }
    guard figure.batch == 0 || figure.batch >= timerStep * fewestSteps else {
      return "a batch of '\(figure.name)' lasts too few steps of this machine's clock"
    }
    return nil
  }

  /// Says so where a figure of the rule was disturbed more than it may be.
  private static func disturbance(of rule: LabRule, _ measurements: LabMeasurements) -> String? {
    var most = mostDisturbed
    if case .quantity(_, .some, _) = rule { most = mostDisturbedDifference }
    let figure = rule.figures.compactMap { measurements[$0] }.first { $0.disturbed > most }
    return figure.map {
      "\(Readable.percent($0.disturbed)) of the batches of '\($0.name)' were disturbed, and \(Readable.percent(most)) may be"
    }
  }

  /// The verdict by the worst that the spans from `p10` to `p90` allow.
  private static func judgeSpan(_ rule: LabRule, _ measurements: LabMeasurements) -> Kind {
    func span(_ name: String) -> ClosedRange<Double> {
      let figure = measurements[name]!
      return min(figure.p10, figure.p90)...max(figure.p10, figure.p90)
    }
    let (values, range): (ClosedRange<Double>, ClosedRange<Double>)
    switch rule {
    case .value: return .undecidable
    case .quantity(let name, let other, let wanted):
      let (own, less) = (span(name), other.map(span) ?? 0...0)
      let low = own.lowerBound - less.upperBound
      (values, range) = (low...max(low, own.upperBound - less.lowerBound), wanted)
    case .ratio(let name, let other, let wanted):
      let (own, to) = (span(name), span(other))
      guard to.lowerBound > 0 else { return .undecidable }
      (values, range) = (own.lowerBound / to.upperBound...own.upperBound / to.lowerBound, wanted)
    }
    if range.contains(values.lowerBound), range.contains(values.upperBound) { return .confirmed }
    return values.upperBound < range.lowerBound || values.lowerBound > range.upperBound ? .refuted : .undecidable
  }

  private static func judge(_ rule: LabRule, _ measurements: LabMeasurements) -> (Kind, String) {
    switch rule {
    case .quantity(let name, let other, let range):
      judge(measurements[name]!, less: other.map { measurements[$0]! }, range)
    case .ratio(let name, let other, let range): judge(measurements[name]!, to: measurements[other]!, range)
    case .value(let name, let range, let counts): judge(measurements.values[name]!, range, counts)
    }
  }

  private static func judge(_ value: Double, _ range: ClosedRange<Double>, _ counts: String) -> (Kind, String) {
    let text = LabFigure.Unit.count.text(value)
    return (range.contains(value) ? .confirmed : .refuted, "\(counts): \(text).")
  }

  private static func judge(
    _ figure: LabFigure, less other: LabFigure?, _ range: ClosedRange<Double>
  ) -> (Kind, String) {
    let value = Value(p10: figure.p10 - (other?.p10 ?? 0), p50: figure.p50 - (other?.p50 ?? 0))
    let unit = figure.unit
    let without = other.map { ", without the \(unit.text($0.p10)) of '\($0.name)'," } ?? ""
    let kind = value.compared(with: range)
    let subject = "'\(figure.name)': \(unit.text(value.p10))\(without)"
    let told = told(range, unit.text)
    switch kind {
    case .confirmed: return (kind, "\(subject) is \(told).")
    case .refuted: return (kind, "\(subject) is not \(told).")
    case .undecidable:
      return (
        kind,
        "\(subject) and \(unit.text(value.p50)) in half of the batches lie on both sides of an end of \(bare(range, unit.text))."
      )
    }
  }

  private static func judge(
    _ figure: LabFigure, to other: LabFigure, _ range: ClosedRange<Double>
  ) -> (Kind, String) {
    guard other.p10 > 0, other.p50 > 0 else {
      return (.undecidable, "'\(other.name)' took no time that the clock could tell.")
    }
    let value = Value(
      p10: figure.p10 / other.p10, p50: figure.p50 / other.p50, spread: figure.spread + other.spread)
    let text = { (value: Double) in Glyphs.times + (Readable.threeDigits(value) ?? Readable.fixed(value, digits: 0)) }
    let subject = "'\(figure.name)' to '\(other.name)': \(text(value.p10))"
    let kind = value.compared(with: range)
    switch kind {
    case .confirmed: return (kind, "\(subject), which is \(told(range, text)).")
    case .refuted:
      // Direction and size are told apart; what differs by less than the spread has no direction.
      let otherWay: ClosedRange<Double>? = range.lowerBound > 1 ? .atMost(1) : range.upperBound < 1 ? .atLeast(1) : nil
      let isKept = otherWay.map { value.compared(with: $0) == .refuted } ?? false
      return (
        kind, "\(subject), not \(bare(range, text))." + (isKept ? " The direction holds, the size does not." : "")
      )
    case .undecidable:
      return (
        kind, "\(subject) and \(text(value.p50)) in half of the batches lie too near an end of \(bare(range, text))."
      )
    }
  }

  /// Such as `within 1.00 µs to 10.0 µs`.
  private static func told(_ range: ClosedRange<Double>, _ text: (Double) -> String) -> String {
    range.lowerBound.isFinite && range.upperBound.isFinite ? "within " + bare(range, text) : bare(range, text)
  }

  private static func bare(_ range: ClosedRange<Double>, _ text: (Double) -> String) -> String {
    guard range.lowerBound.isFinite else { return "at most \(text(range.upperBound))" }
    guard range.upperBound.isFinite else { return "at least \(text(range.lowerBound))" }
    return "\(text(range.lowerBound)) to \(text(range.upperBound))"
  }
}

/// A value as two of its quantiles tell it.
private struct Value {
  let p10: Double
  let p50: Double
  let spread: Double

  init(p10: Double, p50: Double, spread: Double? = nil) {
    self.p10 = p10
    self.p50 = p50
    self.spread = spread ?? (p10 == 0 ? 0 : abs(p50 - p10) / abs(p10))
  }

  func compared(with range: ClosedRange<Double>) -> LabVerdict.Kind {
    if range.contains(p10), range.contains(p50) { return .confirmed }
    let margin = spread * abs(p10)
    let isBelow = max(p10, p50) < range.lowerBound - margin
    let isAbove = min(p10, p50) > range.upperBound + margin
    return isBelow || isAbove ? .refuted : .undecidable
  }
}
