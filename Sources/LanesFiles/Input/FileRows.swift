import LanesCore
import SystemPackage

/// What performing one unit of an input gives, made so that neighbors can be put together again.
package protocol MergeablePartial {
  /// The neutral element of `merge`.
  init()
  /// Reads what `wire` holds.
  init(wire bytes: Bytes) throws(WireError)
  /// The bytes that travel from a worker.
  var wire: Bytes { get }
  /// Appends the slice that follows in the file; associative. `next` is not used again.
  ///
  /// Throws where there is no memory for both; this is then not to be used again either.
  mutating func merge(_ next: Self) throws(UnitFailure)
}

/// What is known about one input.
package struct FileRow<Partial: MergeablePartial> {
  /// The name as the user gave it or a walk found it; nil for standard input that was not named.
  package var name: FilePath?
  /// All slices put together; the neutral element where the input failed.
  package var partial: Partial
  /// Why the input could not be worked on.
  package var failure: UnitFailure?
  /// False when `wc` has no row for such an input; its failure is all there is to tell.
  package var isShown: Bool
}

/// Puts the slices of every input together again and gives each row away as soon as it is complete.
package final class FileRows<Partial: MergeablePartial>: Fold {
  private let onRow: (FileRow<Partial>) -> Void
  private var row: UInt32?
  private var partial = Partial()
  private var hasFailed = false

  package private(set) var rowCount = 0
  package private(set) var failedRows = 0

  /// - Parameter onRow: called for every input in order, on the thread that runs the engine.
  package init(onRow: @escaping (FileRow<Partial>) -> Void) { self.onRow = onRow }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    let task: FileTask
    do throws(UnitFailure) {
      task = try FileTask(of: unit)
    } catch {
      begin(.max)
      return fail(.stranger(unit), error)
    }
    if row != task.row { begin(task.row) }
    switch outcome {
    case .done(let bytes):
      guard !hasFailed else { return }
      guard let next = try? Partial(wire: bytes) else {
        return fail(task, UnitFailure(.crashed, "its result cannot be read"))
      }
      do throws(UnitFailure) {
        try partial.merge(next)
      } catch {
        return fail(task, error)
      }
      if task.isLast { give(task) }
    case .failed(let failure): fail(task, failure)
    }
  }

  private func begin(_ row: UInt32) {
    self.row = row
    partial = Partial()
    hasFailed = false
  }

  private func give(_ task: FileTask) {
    rowCount += 1
    onRow(FileRow(name: task.name, partial: partial, failure: nil, isShown: true))
  }

  /// The first failing slice fails its input; later slices of it are not heard of.
  private func fail(_ task: FileTask, _ failure: UnitFailure) {
    guard !hasFailed else { return }
    hasFailed = true
    partial = Partial()
    rowCount += 1
    failedRows += 1
    onRow(FileRow(name: task.name, partial: Partial(), failure: failure, isShown: task.isShownAlways))
  }
}
