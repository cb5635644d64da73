/// A workload of whose partial results neighbors can be put together before the fold sees them, so that a part of a
/// divided batch holds one table for each file and not one for each slice.
package protocol CompactingWorkload: Workload {
  func makeCompactor() -> any Compactor
}

/// Puts partial results of neighboring units together. Belongs to one thread.
///
/// What the fold makes of `remainder`s, one for each unit but the last of a run, and of `partial` for that one, is what it
/// makes of all partial results one by one.
package protocol Compactor: AnyObject {
  /// Begins with the partial result of a unit; false where nothing can be put behind it.
  func begin(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool

  /// Puts the next unit's partial result behind what there is; false where it does not belong there.
  func append(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool

  /// What stands for a partial result of which all but what must stay in its place was taken away.
  func remainder(of partial: Bytes) -> Bytes

  /// All that was put together.
  var partial: Bytes { get }
}
