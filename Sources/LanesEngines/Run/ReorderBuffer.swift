import DequeModule
import LanesCore
import LanesOS

/// Delivers results in unit order, whatever order units end in: outputs to standard output or the fold, outcomes to the fold.
///
/// What comes before its turn is kept as bytes until every earlier unit has ended or was dropped. Belongs to the
/// coordinating thread.
package final class ReorderBuffer {
  /// What came before its turn.
  private enum Held {
    case ended(Unit, Outcome, output: Bytes)
    /// Taken from the plan and then dropped because the run was stopped.
    case dropped

    /// Bytes that it holds.
    var bytes: Int {
      guard case .ended(_, let outcome, let output) = self else { return 0 }
      guard case .done(let partial) = outcome else { return output.count }
      return partial.count + output.count
    }
  }

  private let fold: any Fold
  private var nextToDeliver = 0
  /// The front is the unit whose turn it is; nil where a unit has not ended yet.
  private var held: Deque<Held?> = []
  /// Bytes of results that wait for an earlier unit.
  private(set) var heldBytes = 0
  /// Units delivered so far.
  package private(set) var unitsDone = 0
  package private(set) var unitsFailed = 0
  /// Why nothing more is wanted: the fold has its answer, or standard output takes nothing; nil while all is well.
  package private(set) var ending: Ending?

  /// Bytes of results that may wait for an earlier unit before nothing new is started.
  private static let heldLimit = 64 << 20

  package init(_ fold: any Fold) { self.fold = fold }

  /// False while too much waits for an earlier unit; that one is on its way, so room comes.
  var hasRoom: Bool { heldBytes < Self.heldLimit }

  /// Delivers the result of `unit`, and what waited for it, or keeps it until its turn comes.
  ///
  /// - Parameter output: valid during the call; goes to standard output or to the fold if that is the unit's sink.
  package func add(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    let bytes = unit.isDelivered ? output : UnsafeRawBufferPointer(start: nil, count: 0)
    if unit.number == nextToDeliver {
      advance()
      deliver(unit, outcome, bytes)
      deliverHeld()
    } else {
      var unit = unit
      // The input is done with, and would wait along without being counted.
      unit.forgetBytes()
      let early = Held.ended(unit, outcome, output: Bytes(bytes))
      hold(early, unit.number)
      heldBytes += early.bytes
    }
  }

  /// Waits no longer for `unit`, for which nothing is delivered.
  package func skip(_ unit: Unit) {
    hold(.dropped, unit.number)
    deliverHeld()
  }

  private func hold(_ result: Held, _ number: Int) {
    let index = number - nextToDeliver
    while held.count <= index { held.append(nil) }
    held[index] = result
  }

  private func deliverHeld() {
    while let next = takeHeld() {
      nextToDeliver += 1
      heldBytes -= next.bytes
      guard case .ended(let unit, let outcome, let output) = next else { continue }
      output.span.bytes.withUnsafeBytes { deliver(unit, outcome, $0) }
    }
  }

  /// Takes out the result whose turn it is; nil while it is not there.
  private func takeHeld() -> Held? {
    guard let first = held.popFirst() else { return nil }
    // Back to its place: a look at it there would copy every result.
    if first == nil { held.prepend(nil) }
    return first
  }

  private func advance() {
    nextToDeliver += 1
    _ = held.popFirst()
  }

  private func deliver(_ unit: Unit, _ outcome: Outcome, _ output: UnsafeRawBufferPointer) {
    switch outcome {
    case .done:
      unitsDone += 1
      if unit.isPrinted { print(output) }
    case .failed: unitsFailed += 1
    }
    fold.absorb(unit, outcome, output: output)
    if ending == nil { ending = fold.ending }
  }

  private func print(_ output: UnsafeRawBufferPointer) {
    guard output.count > 0, fold.printsOutput, ending != .outputClosed else { return }
    do {
      try StandardOutput.write(output)
    } catch {
      switch error {
      case .closed: ending = .outputClosed
      // Whoever asks for the reason of the end asks the signal first.
      case .stopped: break
      case .failed(let error): ending = ending ?? .halted("standard output: \(error.reason)")
      }
    }
  }
}
