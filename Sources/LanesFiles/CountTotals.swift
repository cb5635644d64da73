import LanesCore
import SystemPackage

/// What is known about one input.
package struct CountRow: Sendable, Equatable {
  /// The name as the user gave it or a walk found it; nil for standard input that was not named.
  package var name: FilePath?
  /// Zero where the input failed.
  package var counts: Counts
  /// Why the input could not be counted.
  package var failure: UnitFailure?
  /// False when `wc` has no row for such an input; its failure is all there is to tell.
  package var isShown: Bool
}

/// Puts the slices of every input together again and gives each row away as soon as it is complete.
package final class CountTotals: Fold {
  private let onRow: (CountRow) -> Void
  private var row: UInt32?
  private var partial = CountPartial()
  private var hasFailed = false

  /// The sum of all rows that were given.
  package private(set) var total = Counts()
  package private(set) var rowCount = 0
  package private(set) var failedRows = 0

  /// - Parameter onRow: called for every input in order, on the thread that runs the engine.
  package init(onRow: @escaping (CountRow) -> Void) { self.onRow = onRow }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    guard let task = try? CountTask(wire: unit.task) else {
      preconditionFailure("a unit that no plan of counts made")
    }
    if row != task.row { begin(task.row) }
    switch outcome {
    case .done(let bytes):
      guard let next = try? CountPartial(wire: bytes) else {
        return fail(task, UnitFailure(.crashed, "its counts cannot be read"))
      }
      partial.merge(next)
      if task.isLast && !hasFailed { give(task) }
    case .failed(let failure): fail(task, failure)
    }
  }

  private func begin(_ row: UInt32) {
    self.row = row
    partial = CountPartial()
    hasFailed = false
  }

  private func give(_ task: CountTask) {
    rowCount += 1
    total += partial.counts
    onRow(CountRow(name: task.name, counts: partial.counts, failure: nil, isShown: true))
  }

  /// The first failing slice fails its input; later slices of it are not heard of.
  private func fail(_ task: CountTask, _ failure: UnitFailure) {
    guard !hasFailed else { return }
    hasFailed = true
    rowCount += 1
    failedRows += 1
    onRow(CountRow(name: task.name, counts: Counts(), failure: failure, isShown: task.isShownAlways))
  }
}
