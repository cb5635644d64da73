import LanesCore
import LanesOS

/// A number of units that a stop request waits for, told apart by whether they are whole inputs or parts of one.
package struct BusyUnits: Sendable, Equatable {
  package var whole = 0
  /// Slices of files and pieces of streams.
  package var parts = 0

  package init() {}

  /// One unit that reads `source`.
  package init(_ source: Source) { add(source) }

  package mutating func add(_ source: Source) {
    switch source {
    case .none, .file, .head, .files: whole += 1
    case .slice, .bytes: parts += 1
    }
  }

  package mutating func remove(_ source: Source) {
    switch source {
    case .none, .file, .head, .files: whole -= 1
    case .slice, .bytes: parts -= 1
    }
  }

  package static let none = BusyUnits()
}

extension StopSignals {
  /// What `lane` is going to finish whatever happens; called by the lane's own thread. Costs one store.
  package static func lane(_ lane: Int, isBusyWith units: BusyUnits) {
    self.lane(lane, isBusyWith: units.whole, parts: units.parts)
  }

  /// From now on the first signal is answered with how many units are going to be finished, under their names.
  package static func acknowledge(as noun: UnitNoun) {
    acknowledge(as: Nouns(one: noun.one, many: noun.many, onePart: noun.onePart, manyParts: noun.manyParts))
  }
}
