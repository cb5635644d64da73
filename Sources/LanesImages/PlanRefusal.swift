/// A batch that cannot be carried out as asked; nothing was done.
package struct PlanRefusal: Error, Sendable, Equatable {
  /// One sentence each, without a full stop; the first few of what is wrong.
  package let messages: [String]
}
