import LanesOS

/// Where the units of one input may end.
package enum FileCut: Sendable, Equatable {
  /// At any byte.
  case anywhere
  /// Behind a line, so that every unit is a number of whole lines; the last one of an input may lack its newline.
  case lines(LineEnds)

  /// What ends a line, where units are made of lines.
  var ends: LineEnds? {
    switch self {
    case .anywhere: nil
    case .lines(let ends): ends
    }
  }
}
