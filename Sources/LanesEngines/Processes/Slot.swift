import LanesCore
import LanesOS

/// One of a worker's credits: units being loaded, performed or stored, and the memory they travel in.
///
///     free ──begin──▶ loading ──every load ended──▶ sent ──every unit answered and stored──▶ free
///                        │ none was loaded            │ the worker ended: nothing is answered any more
///                        └────────▶ free              └──▶ free, once the last store has ended
final class Slot {
  /// What the drawing above shows, with the units concerned.
  enum State {
    case free
    /// Inputs of the units are being fetched; `pending` loads have not ended.
    case loading([InFlightUnit], pending: Int)
    /// The worker has the units; some may be answered, and some of those may still be stored.
    case sent([InFlightUnit], unanswered: Int, storing: Int)
  }

  /// Its number in the worker, which finds its regions by it.
  let index: Int
  /// Memory shared with the worker; nil where the kernel copies the bytes.
  let input: SharedRegion?
  let output: SharedRegion?
  /// Changed by the methods below alone.
  private(set) var state = State.free

  init(_ index: Int, _ channel: ChannelKind) throws(SystemError) {
    self.index = index
    input = channel.isShared ? try SharedRegion() : nil
    output = channel.isShared ? try SharedRegion() : nil
  }

  var isFree: Bool { if case .free = state { true } else { false } }

  /// What is in it, answered units included.
  var units: [InFlightUnit] {
    switch state {
    case .free: []
    case .loading(let units, _), .sent(let units, _, _): units
    }
  }

  /// True when the worker was sent the unit from this slot and the slot was not set free since.
  func hasSent(_ unit: InFlightUnit) -> Bool {
    if case .sent(let units, _, _) = state { units.contains { $0 === unit } } else { false }
  }

  /// Takes units of which `loads` are to be loaded.
  func begin(_ units: [InFlightUnit], loads: Int) {
    guard case .free = state else { preconditionFailure("a slot that is not free was filled") }
    state = .loading(units, pending: loads)
  }

  /// A load ended. A unit that is over with it, as one whose load failed, leaves the slot; true when that was the last load and
  /// units are left to send.
  func loadEnded(_ unit: InFlightUnit, isOver: Bool) -> Bool {
    guard case .loading(var units, let pending) = state else { preconditionFailure("a load ended in a slot without") }
    if isOver { units.removeAll { $0 === unit } }
    state = pending == 1 && units.isEmpty ? .free : .loading(units, pending: pending - 1)
    return pending == 1 && !units.isEmpty
  }

  /// The loaded units go to the worker.
  func send() { state = .sent(units, unanswered: units.count, storing: 0) }

  /// The loaded units do not go to the worker: gives them back.
  func takeBack() -> [InFlightUnit] {
    defer { state = .free }
    return units
  }

  /// The worker answered for a unit; its output is stored next where `stores` is true.
  func answered(stores: Bool) { count(unanswered: -1, storing: stores ? 1 : 0) }

  /// An output was stored, or could not be.
  func stored() { count(unanswered: 0, storing: -1) }

  /// No further answer comes. Loads go on: their memory is the kernel's until they end.
  func workerEnded() {
    guard case .sent(_, let unanswered, _) = state else { return }
    count(unanswered: -unanswered, storing: 0)
  }

  /// Adds to both counts; the slot is free when they reach 0.
  private func count(unanswered: Int, storing: Int) {
    guard case .sent(let units, let oldUnanswered, let oldStoring) = state else {
      preconditionFailure("an answer for a slot that was not sent")
    }
    state = .sent(units, unanswered: oldUnanswered + unanswered, storing: oldStoring + storing)
    guard oldUnanswered + unanswered == 0, oldStoring + storing == 0 else { return }
    state = .free
    // No store reads from earlier views any more.
    output?.retireOldViews()
    input?.trim(to: OutputBuffer.mostKept)
  }
}
