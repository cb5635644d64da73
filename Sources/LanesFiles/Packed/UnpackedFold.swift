import LanesCore
import LanesOS

/// Gives a fold what compressed units gave as if their files had been cut between lines.
///
/// Parts of a file end anywhere in a line. The last bytes of one and the first of the next are a line, on which the workload
/// is performed here, in the coordinating thread: one line for each part.
package final class UnpackedFold<Inner: FileWorkload>: Fold {
  private let workload: Unpacking<Inner>
  private let fold: any Fold
  private var row: UInt32?
  /// The beginning of a line of which the next part has more.
  private var carry = Bytes()
  /// True when something of the file was given to the fold.
  private var hasBegun = false
  /// What was guessed of the file.
  private var members: MemberChain?

  package init(_ workload: Unpacking<Inner>, _ fold: any Fold) {
    self.workload = workload
    self.fold = fold
  }

  /// Finds out which of the parts that `plan` guesses are true. Throws where descriptors have run out.
  package func follow(_ plan: any MemberPlan) throws(SystemError) {
    let members = try MemberChain()
    members.takeRest = { [unowned self] in
      defer { carry = [] }
      return MemberChain.Rest(carry: carry, hasBegun: hasBegun)
    }
    self.members = members
    plan.members = members
  }

  package var ending: Ending? { fold.ending }
  package var printsOutput: Bool { fold.printsOutput }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    guard let file = try? Inner.file(of: unit.task), let packing = file.packing else {
      return fold.absorb(unit, outcome)
    }
    if packing.guessedEnd != nil {
      // No member begins there.
      guard let members, members.expects(row: file.row, at: packing.offset) else { return }
    }
    if row != file.row { (row, carry, hasBegun) = (file.row, [], false) }
    var state = packing.guessedEnd.map { MemberChain.State.whole(upTo: $0) }
    do throws(UnitFailure) {
      let partial = try partial(outcome)
      if partial.isVoid { state = .broken(at: packing.offset) } else { try give(partial, unit, file) }
    } catch {
      if state != nil { state = .over }
      fold.absorb(unit, .failed(error))
    }
    if let state { members?.set(state) }
  }

  private func partial(_ outcome: Outcome) throws(UnitFailure) -> UnpackedPartial {
    switch outcome {
    case .failed(let failure): throw failure
    case .done(let bytes):
      guard let partial = try? UnpackedPartial(wire: bytes) else {
        throw UnitFailure(.crashed, "its result cannot be read")
      }
      return partial
    }
  }

  private func give(_ partial: UnpackedPartial, _ unit: Unit, _ file: FileTask) throws(UnitFailure) {
    if let head = partial.head {
      carry += head
      guard carry.count <= workload.limits.longestLine else { throw .lineTooLong(workload.limits.longestLine) }
      if partial.isOpen, !file.isLast { return }
      if !carry.isEmpty || partial.isOpen { try giveLine(unit, file, isLast: partial.isOpen) }
    }
    for index in partial.partials.indices {
      let isLast = file.isLast && index == partial.partials.count - 1
      tell(stretch(unit, file, isLast: isLast), partial.partials[index])
    }
    carry = partial.tail
  }

  /// Performs on the line that was put together.
  private func giveLine(_ unit: Unit, _ file: FileTask, isLast: Bool) throws(UnitFailure) {
    let line = carry
    carry = []
    let stretch = stretch(unit, file, isLast: isLast)
    tell(
      stretch,
      try workload.inner.perform(stretch, input: line.span.bytes, output: OutputBuffer(), deadline: .never))
  }

  private func tell(_ unit: Unit, _ partial: Bytes) {
    hasBegun = true
    fold.absorb(unit, .done(partial))
  }

  /// The unit as the workload proper would have it for a stretch of the file.
  private func stretch(_ unit: Unit, _ file: FileTask, isLast: Bool) -> Unit {
    var file = file
    file.packing = nil
    file.isLast = isLast
    if hasBegun { file.slice = max(file.slice, 1) }
    var unit = unit
    unit.task = Inner.task(unit.task, for: file)
    return unit
  }
}
