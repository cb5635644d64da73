import DequeModule
import LanesCore
import LanesOS

/// Gives a fold the outcomes of files in their order, although files that turned out too large for one unit were cut behind others.
///
/// What waits for the slices of such a file are the results of units that were under way when that was found out; of a run that is
/// stopped before these slices are done they are not told.
package final class UnsizedFold: Fold {
  private let fold: any Fold
  private let files: UnsizedFiles
  /// Rows of files that are being cut, in order.
  private var cut: Deque<UInt32> = []
  /// What comes behind the first of them.
  private var held: Deque<(file: FileTask, unit: Unit, outcome: Outcome)> = []
  /// False before the first file that is cut: until then nothing is out of order.
  private var hasCut = false
  /// The last row that was told of.
  private var reached: UInt32 = 0

  /// Small files in a row after which sizes are not asked. Trees of fewer are planned as single files are.
  package static let usualTrust = 64

  /// Lets `plan` make units of files without asking for their sizes. Throws where descriptors have run out.
  package init(_ fold: any Fold, of plan: FilePlan, trust: Int = usualTrust) throws(SystemError) {
    self.fold = fold
    files = try UnsizedFiles(trust: trust)
    plan.unsized = files
  }

  package var ending: Ending? { fold.ending }
  package var printsOutput: Bool { fold.printsOutput }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    if unit.mayBeOutgrown {
      if case .done(let partial) = outcome, partial.isEmpty, let file = try? FileTask(of: unit) {
        hasCut = true
        cut.append(file.row)
        return files.outgrew(file)
      }
      files.ended()
    }
    guard hasCut, let file = try? FileTask(of: unit) else { return fold.absorb(unit, outcome) }
    if let row = cut.first, file.row > row {
      held.append((file, unit, outcome))
      return
    }
    tell(file, unit, outcome)
    // Of an input that is answered no last slice comes.
    guard file.row == cut.first, file.isLast || files.skipped == file.row else { return }
    _ = cut.popFirst()
    while let next = held.first, next.file.row < cut.first ?? .max {
      _ = held.popFirst()
      tell(next.file, next.unit, next.outcome)
    }
  }

  private func tell(_ file: FileTask, _ unit: Unit, _ outcome: Outcome) {
    // A slice that was under way when its input was answered.
    guard file.row >= reached else { return }
    reached = file.row
    fold.absorb(unit, outcome)
  }
}
