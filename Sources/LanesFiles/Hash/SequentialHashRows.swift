import LanesCore
import SystemPackage

/// What is known about one hashed input.
package struct HashedFile: Sendable, Equatable {
  /// Nil for standard input.
  package var name: FilePath?
  /// Most significant byte first; empty where the input failed.
  package var digest: Bytes
  package var failure: UnitFailure?

  /// The digest as it is written.
  package var hexadecimal: String { String(decoding: ChecksumLine.hexadecimal(digest), as: UTF8.self) }

  package init(name: FilePath?, digest: Bytes, failure: UnitFailure? = nil) {
    self.name = name
    self.digest = digest
    self.failure = failure
  }
}

/// Hands states from slice to slice of a file, and gives digests away in the order of inputs.
package final class SequentialHashRows: Fold {
  private let plan: SequentialHashPlan
  private let onFile: (HashedFile) -> Void
  /// The input whose digest is told next.
  private var nextRow: UInt32 = 0
  /// Files that have ended before an earlier one.
  private var held: [UInt32: HashedFile] = [:]

  /// - Parameters:
  ///   - plan: the plan whose units are absorbed; it hears which slices may go on.
  ///   - onFile: called once for every input, in order.
  package init(plan: SequentialHashPlan, onFile: @escaping (HashedFile) -> Void) {
    self.plan = plan
    self.onFile = onFile
  }

  /// Hands the state on, or holds the digest until those of earlier inputs are told.
  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    let task: FileTask
    do throws(UnitFailure) {
      task = try FileTask(of: unit)
    } catch {
      return onFile(HashedFile(name: FileTask.stranger(unit).name, digest: [], failure: error))
    }
    switch outcome {
    case .done(let bytes) where task.isLast: end(task, HashedFile(name: task.name, digest: bytes))
    case .done(let state): plan.advance(row: task.row, state: state)
    case .failed(let failure): end(task, HashedFile(name: task.name, digest: [], failure: failure))
    }
  }

  private func end(_ task: FileTask, _ file: HashedFile) {
    // Also for a file of one slice, which has no chain: that is no harm.
    plan.advance(row: task.row, state: nil)
    // A file ends once. Chunks that fail after it did change nothing.
    guard task.row >= nextRow, held[task.row] == nil else { return }
    held[task.row] = file
    while let next = held.removeValue(forKey: nextRow) {
      onFile(next)
      nextRow += 1
    }
  }
}
