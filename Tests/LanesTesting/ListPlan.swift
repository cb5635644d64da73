import LanesCore

/// A plan whose units are all known.
package final class ListPlan: UnitPlan {
  private let units: [Unit]
  private var position = 0

  package init(_ units: [Unit]) { self.units = units }

  package var totalUnits: Int? { units.count }

  package func next() -> PlanStep {
    guard position < units.count else { return .end }
    defer { position += 1 }
    return .unit(units[position])
  }
}
