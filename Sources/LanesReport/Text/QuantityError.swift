/// A size, duration or count that cannot be read, and why.
package struct QuantityError: Error, Equatable, Sendable {
  /// What is wrong with it.
  package enum Problem: Equatable, Sendable {
    /// It is not written like a quantity of this kind; the words say what is expected.
    case malformed(expected: String)
    case unknownUnit(String, known: String)
    case negative
    case notWhole
    case tooLarge(limit: String)
  }

  /// What was typed.
  package let text: String
  package let problem: Problem

  /// An error about `text` as it was typed.
  package init(_ text: String, _ problem: Problem) {
    self.text = text
    self.problem = problem
  }

  /// One sentence without a full stop, such as `"12x" cannot be read: the unit "x" is unknown, use ns, us, ms, s, m, h
  /// or d`.
  package var reason: String {
    switch problem {
    case .malformed(let expected): "\"\(text)\" cannot be read: expected \(expected)"
    case .unknownUnit(let unit, let known): "\"\(text)\" cannot be read: the unit \"\(unit)\" is unknown, use \(known)"
    case .negative: "\"\(text)\" is below zero"
    case .notWhole: "\"\(text)\" is not a whole number"
    case .tooLarge(let limit): "\"\(text)\" is too large: the limit is \(limit)"
    }
  }
}

extension QuantityError: CustomStringConvertible {
  package var description: String { reason }
}
