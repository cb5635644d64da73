/// Lets a workload stop a unit that takes too long.
package struct Checkpoint: Sendable {
  private let deadline: SuspendingClock.Instant?

  /// A checkpoint that passes until `timeout` from now, or always.
  package init(timeout: Duration?) {
    deadline = timeout.map { SuspendingClock.now.advanced(by: $0) }
  }

  /// A checkpoint that always passes.
  package static let open = Checkpoint(timeout: nil)

  /// Throws once the time is up; costs one clock reading, or nothing without a deadline.
  package func pass() throws(UnitFailure) {
    guard let deadline, SuspendingClock.now >= deadline else { return }
    throw UnitFailure(.timedOut, "it took longer than allowed")
  }
}
