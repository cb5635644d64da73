/// What a unit that goes astray, by a crash or because a file has taken over its decoder, can reach.
package enum IsolationLevel: String, Sendable, CaseIterable, Comparable {
  /// Everything that this process can: units run in it.
  case none
  /// Whatever the user can, but not the memory of the run: a crash costs one unit.
  case process
  /// Nothing but its input and its output: no file, connection, program or other process.
  case sandbox

  package static func < (one: Self, other: Self) -> Bool {
    let order: [Self] = [.none, .process, .sandbox]
    return order.firstIndex(of: one)! < order.firstIndex(of: other)!
  }
}
