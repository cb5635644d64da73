/// Lets a workload stop a unit that takes too long.
///
/// A value that any thread may ask; workers get the time allowed with the unit and make their own.
package struct Deadline: Sendable {
  /// An object, since the size of an instant is known at run time only, which costs each look at whether there is one.
  private final class Box: Sendable {
    let instant: SuspendingClock.Instant
    init(_ instant: SuspendingClock.Instant) { self.instant = instant }
  }

  private let box: Box?

  /// `timeout` from now, or never.
  package init(timeout: Duration?) {
    box = timeout.map { Box(SuspendingClock.now.advanced(by: $0)) }
  }

  /// A deadline that never comes.
  package static let never = Deadline(timeout: nil)

  /// Throws once the time is up; costs one clock reading, or nothing without a deadline.
  package func check() throws(UnitFailure) {
    guard let box, SuspendingClock.now >= box.instant else { return }
    throw UnitFailure(.timedOut, "it took longer than allowed")
  }
}
