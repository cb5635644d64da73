/// Something that courses on operating systems tell, and how it is put to the test. All of it is data.
package struct LabClaim: Sendable {
  /// A letter.
  package let id: String
  /// Who tells it.
  package let origin: LabOrigin
  /// As it is usually told.
  package let text: String
  package let rule: LabRule
  /// Sentences that explain the outcome, where there is one; empty for none.
  package let ifConfirmed: String
  package let ifRefuted: String

  package init(
    _ id: String, from origin: LabOrigin, _ text: String, _ rule: LabRule, ifConfirmed: String = "",
    ifRefuted: String = ""
  ) {
    self.id = id
    self.origin = origin
    self.text = text
    self.rule = rule
    self.ifConfirmed = ifConfirmed
    self.ifRefuted = ifRefuted
  }
}

/// What must hold of the measurements for a claim to be confirmed. Ranges may be open to one side: an end is infinite.
package enum LabRule: Sendable {
  /// A figure, less another where one is named, lies in a range.
  case quantity(of: String, less: String? = nil, within: ClosedRange<Double>)
  /// A figure divided by another lies in a range. A range above 1, or below, tells a direction, too.
  case ratio(of: String, to: String, within: ClosedRange<Double>)
  /// A number that is counted and not measured lies in a range; the text says what it counts.
  case value(String, within: ClosedRange<Double>, counts: String)

  /// The names of the figures that it asks for.
  package var figures: [String] {
    switch self {
    case .quantity(let name, let other, _): [name] + (other.map { [$0] } ?? [])
    case .ratio(let name, let other, _): [name, other]
    case .value: []
    }
  }
}

extension ClosedRange<Double> {
  /// What "about `value`" means: a third of it to three times as much.
  package static func about(_ value: Double) -> ClosedRange<Double> { value / 3...value * 3 }
  package static func atLeast(_ value: Double) -> ClosedRange<Double> { value ... .infinity }
  package static func atMost(_ value: Double) -> ClosedRange<Double> { -.infinity...value }
}

/// A figure that somebody published, with where it can be read.
package struct LabPublished: Sendable {
  /// What it is the figure of, such as `threads`.
  package let subject: String
  package let unit: LabFigure.Unit
  package let range: ClosedRange<Double>
  /// Who published it, about what machine.
  package let source: String
  package let address: String

  package init(
    _ subject: String, _ range: ClosedRange<Double>, _ unit: LabFigure.Unit = .nanoseconds, source: String,
    address: String
  ) {
    self.subject = subject
    self.unit = unit
    self.range = range
    self.source = source
    self.address = address
  }

  package init(
    _ subject: String, _ value: Double, _ unit: LabFigure.Unit = .nanoseconds, source: String, address: String
  ) {
    self.init(subject, value...value, unit, source: source, address: address)
  }

  /// The figure for people.
  package var text: String {
    let low = unit.text(range.lowerBound)
    return range.lowerBound == range.upperBound ? low : low + " to " + unit.text(range.upperBound)
  }
}

/// All that is said of an experiment beside its figures.
package struct LabDescription: Sendable {
  package let name: String
  package let title: String
  package let claims: [LabClaim]
  package let published: [LabPublished]
  /// The experiment that comes next for a student; nil after the last.
  package var next: String?
  /// Units whose figures its picture shows, so that a table of text does without them.
  package var drawn: [LabFigure.Unit] = []

  package init(name: String, title: String, claims: [LabClaim], published: [LabPublished], next: String? = nil) {
    self.name = name
    self.title = title
    self.claims = claims
    self.published = published
    self.next = next
  }
}
