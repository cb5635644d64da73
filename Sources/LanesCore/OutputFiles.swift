/// One file that a unit's output becomes.
package struct OutputPart {
  package let destination: Destination
  /// Valid as long as the output that it is a part of.
  package let bytes: UnsafeRawBufferPointer
}

extension Sink {
  /// The files that are made, in order; none for a sink that is not files.
  package var destinations: [Destination] {
    switch self {
    case .none, .standardOutput, .fold: []
    case .file(let destination): [destination]
    case .files(let destinations): destinations
    }
  }

  /// The files that `output` becomes, cut at `ends`, without those that are omitted; none for a sink that is not files.
  ///
  /// - Throws: `UnitFailure` when the unit did not end as many parts as there are files, or ended them out of order.
  package func parts(of output: UnsafeRawBufferPointer, ends: [Int]) throws(UnitFailure) -> [OutputPart] {
    switch self {
    case .none, .standardOutput, .fold: return []
    case .file(let destination):
      return ends == [OutputBuffer.omitted] ? [] : [OutputPart(destination: destination, bytes: output)]
    case .files(let destinations):
      guard ends.count == destinations.count else { throw .oddParts }
      var start = 0
      var parts: [OutputPart] = []
      for (destination, end) in zip(destinations, ends) where end != OutputBuffer.omitted {
        guard (start...output.count).contains(end) else { throw .oddParts }
        parts.append(OutputPart(destination: destination, bytes: UnsafeRawBufferPointer(rebasing: output[start..<end])))
        start = end
      }
      guard start == output.count else { throw .oddParts }
      return parts
    }
  }
}

extension UnitFailure {
  fileprivate static let oddParts = UnitFailure(.output, "its output does not fall into the files that were planned")
}
