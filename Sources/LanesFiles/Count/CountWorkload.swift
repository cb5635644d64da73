import LanesCore

/// Which numbers are asked for, always shown in the order lines, words, characters, bytes.
package struct CountColumns: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let lines = CountColumns(rawValue: 1)
  package static let words = CountColumns(rawValue: 2)
  package static let bytes = CountColumns(rawValue: 4)
  package static let characters = CountColumns(rawValue: 8)
  /// What `wc` shows when it is not told.
  package static let all: CountColumns = [.lines, .words, .bytes]

  /// How many are asked for.
  var count: Int { rawValue.nonzeroBitCount }
}

/// Counts files, slice by slice: lines, words and bytes exactly as `LC_ALL=C wc` of GNU coreutils 9.1, characters as
/// `LC_ALL=C.UTF-8 wc -m`.
package struct CountWorkload: Workload {
  package static let name = "files.count"
  package static let noun = UnitNoun.file
  package let columns: CountColumns

  package init(columns: CountColumns) { self.columns = columns }

  package init(from reader: inout WireReader) throws(WireError) {
    columns = CountColumns(rawValue: try reader.read())
  }

  package func describe(to writer: inout WireWriter) { writer.write(columns.rawValue) }

  /// Counts `input`; the partial result is a `CountPartial`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    try CountPieces(columns).perform(on: input, deadline)
  }

  package func pieces(of unit: Unit) -> (any PieceTaker)? { CountPieces(columns) }
}

/// Counts one slice.
private final class CountPieces: PieceTaker {
  private let columns: CountColumns
  private var partial = CountPartial()

  /// Bytes counted between two looks at the clock: about 0.1 ms.
  private static let stretch = 1 << 20

  init(_ columns: CountColumns) { self.columns = columns }

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    var at = 0
    while at < piece.byteCount {
      let end = min(at + Self.stretch, piece.byteCount)
      partial.merge(CountPartial(of: piece.extracting(at..<end), columns: columns))
      try deadline.check()
      at = end
    }
    return at
  }

  func finish() -> Bytes { partial.wire }
}
