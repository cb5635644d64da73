import DequeModule
import LanesCore
import LanesOS

/// Takes units from the plan as long as there is room for them and no reason to stop.
///
/// Belongs to the coordinating thread.
final class Admission {
  enum Step {
    /// Start this unit and call `release` when it has ended.
    case start(Unit)
    /// Something must end first.
    case full
    /// Ask again when this descriptor is readable.
    case waiting(Int32)
    case end
  }

  private let plan: any UnitPlan
  private let recorder: RunRecorder
  private let budget: Int
  /// Units started and not released.
  private(set) var inFlight = 0
  private var bytesInFlight = 0
  /// Taken from the plan and not started: one, two after a look ahead, or what was taken back.
  private var ahead: Deque<Unit> = []
  private var isAtEnd = false
  private var knownTotal: Int?

  init(_ plan: any UnitPlan, _ recorder: RunRecorder, memory: Int) {
    self.plan = plan
    self.recorder = recorder
    budget = min(memory, 1 << 60)
    knownTotal = plan.totalUnits
  }

  func step() -> Step {
    while true {
      if recorder.ending != nil { return .end }
      if let unit = ahead.first {
        if let failure = refusal(of: unit) {
          _ = ahead.popFirst()
          recorder.refused(unit, failure)
          continue
        }
        return admit(unit)
      }
      if isAtEnd { return .end }
      if let descriptor = ask() { return .waiting(descriptor) }
    }
  }

  /// True when the plan has one unit left or none; false also when it could not say without waiting.
  func holdsAtMostOne() -> Bool {
    while ahead.count < 2, !isAtEnd {
      if ask() != nil { return false }
    }
    return ahead.count < 2
  }

  /// Asks the plan once; the descriptor to wait for, if it says so.
  private func ask() -> Int32? {
    defer { tellTotal() }
    switch plan.next() {
    case .unit(let unit): ahead.append(unit)
    case .failed(let unit, let failure): recorder.refused(unit, failure)
    case .waiting(let descriptor): return descriptor
    case .end: isAtEnd = true
    }
    return nil
  }

  /// Takes back units that were let in and not begun, in their order; they are let in again first.
  func takeBack(_ units: [Unit]) {
    for unit in units.reversed() {
      release(unit)
      ahead.prepend(unit)
    }
  }

  /// The unit is over and its memory free.
  func release(_ unit: Unit) {
    inFlight -= 1
    bytesInFlight -= weight(unit)
  }

  /// Why the unit cannot be let in, however little else is in flight. Slices are let in: plans keep them small.
  private func refusal(of unit: Unit) -> UnitFailure? {
    guard unit.expectedInput > budget, unit.source.isWhole else { return nil }
    return .tooLarge(unit.expectedInput, budget: budget)
  }

  private func admit(_ unit: Unit) -> Step {
    let wanted = bytesInFlight + recorder.results.heldBytes + weight(unit)
    guard inFlight == 0 || (wanted <= budget && recorder.results.hasRoom) else { return .full }
    _ = ahead.popFirst()
    inFlight += 1
    recorder.record.mostInFlight = max(recorder.record.mostInFlight, inFlight)
    bytesInFlight += weight(unit)
    return .start(unit)
  }

  private func weight(_ unit: Unit) -> Int { unit.expectedInput + unit.expectedMemory }

  private func tellTotal() {
    guard plan.totalUnits != knownTotal else { return }
    knownTotal = plan.totalUnits
    recorder.planGrew(knownTotal)
  }
}
