import LanesCore
import LanesEngines
import LanesOS

/// Units that try to break out of the process that performs them, one `Attack` each.
///
/// The partial result is the reason for which the attack was refused, and empty when it succeeded; most refusals end the worker
/// instead.
struct AttackWorkload: Workload {
  static let name = "attack"

  /// The process number of the coordinator, which attacks on other processes aim at.
  let parent: Int32

  init(parent: Int32) { self.parent = parent }
  init(from reader: inout WireReader) throws(WireError) { parent = try reader.read() }
  func describe(to writer: inout WireWriter) { writer.write(parent) }

  func perform(_ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline) throws(UnitFailure) -> Bytes {
    guard let attack = unit.task.first.flatMap(Attack.init) else { throw UnitFailure(.rejected, "it is no attack") }
    return Bytes((attack.attempt(on: parent, firstGiven: WorkerCommand.firstGivenDescriptor) ?? "").utf8)
  }
}

/// One unit for each attack; one that reads a file gets the first bytes of this program to read.
final class AttackPlan: UnitPlan {
  private let attacks: [Attack]
  private let given: Source
  /// The next attack's.
  private var position = 0

  init(_ attacks: [Attack], given: Source) {
    self.attacks = attacks
    self.given = given
  }

  var totalUnits: Int? { attacks.count }

  func next() -> PlanStep {
    guard position < attacks.count else { return .end }
    defer { position += 1 }
    let attack = attacks[position]
    let source = attack == .writeGiven ? given : .none
    return .unit(Unit(number: position, label: attack.words, task: [attack.rawValue], source: source))
  }
}

/// How the attacks ended, in their order.
final class AttackFold: Fold {
  /// Nil for an attack that succeeded.
  private(set) var refusals: [String?] = []

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial) where partial.isEmpty: refusals.append(nil)
    case .done(let partial): refusals.append(String(decoding: partial, as: UTF8.self))
    // SIGSYS is how the seccomp filter ends a process.
    case .failed(let failure) where failure.kind == .crashed && failure.reason.contains("SIGSYS"):
      refusals.append("the kernel ended the worker")
    // A failure for any other reason proves no refusal, so it counts as a success of the attack.
    case .failed: refusals.append(nil)
    }
  }
}
