/// What performs one unit on one piece of its input after another, in their order.
///
/// A whole slice of a file would have to be mapped, or read into memory that no cache holds; pieces are read into the same
/// few hundred kilobytes again and again. Belongs to one thread and one unit.
package protocol PieceTaker: AnyObject {
  /// Takes the beginning of `piece`, which follows what was taken before.
  ///
  /// - Parameters:
  ///   - isLast: true when the input ends with `piece`; then all of it is taken.
  ///   - deadline: asked as in `Workload.perform`.
  /// - Returns: how many bytes were taken, down to none. The others are given again, with more of the input behind them.
  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int

  /// The unit's partial result, once all of the input was taken.
  func finish() throws(UnitFailure) -> Bytes
}

extension PieceTaker {
  /// Takes an input that lies in memory as a whole.
  package func perform(on input: RawSpan, _ deadline: Deadline) throws(UnitFailure) -> Bytes {
    let taken = try take(input, isLast: true, deadline)
    precondition(taken == input.byteCount, "the last piece is taken whole")
    return try finish()
  }
}
