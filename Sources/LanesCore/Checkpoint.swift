/// Lets a workload stop a unit that takes too long.
package struct Checkpoint: Sendable {
  /// An object, since the size of an instant is known at run time only, which costs each look at whether there is one.
  private final class Deadline: Sendable {
    let instant: SuspendingClock.Instant
    init(_ instant: SuspendingClock.Instant) { self.instant = instant }
  }

  private let deadline: Deadline?

  /// A checkpoint that passes until `timeout` from now, or always.
  package init(timeout: Duration?) {
    deadline = timeout.map { Deadline(SuspendingClock.now.advanced(by: $0)) }
  }

  /// A checkpoint that always passes.
  package static let open = Checkpoint(timeout: nil)

  /// Throws once the time is up; costs one clock reading, or nothing without a deadline.
  package func pass() throws(UnitFailure) {
    guard let deadline, SuspendingClock.now >= deadline.instant else { return }
    throw UnitFailure(.timedOut, "it took longer than allowed")
  }
}
