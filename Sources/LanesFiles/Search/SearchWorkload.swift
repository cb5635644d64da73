import LanesCore

/// Selects lines as grep does, slice by slice.
package struct SearchWorkload: Workload {
  /// Tells workers what to rebuild, and run files what was run.
  package static let name = "files.search"
  package static let noun = UnitNoun.file
  private let program: SearchProgram

  /// - Parameter program: shared with whoever else searches in this process.
  package init(_ program: SearchProgram) { self.program = program }

  /// Compiles the patterns again: machine code does not travel between processes.
  package init(from reader: inout WireReader) throws(WireError) {
    do {
      program = try SearchProgram(try SearchOptions(from: &reader))
    } catch let error as WireError {
      throw error
    } catch {
      throw WireError("a pattern is malformed")
    }
  }

  /// The options alone: whoever reads them compiles the patterns.
  package func describe(to writer: inout WireWriter) { program.options.write(to: &writer) }

  /// Searches `input`, which is whole lines; the partial result is for `SearchResults`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    // Without context a slice needs nothing of its neighbors, and its description is not even read.
    let part = program.options.context == nil ? SliceSearch.Part.whole : try Self.part(unit)
    if part == .whole,
      input.withUnsafeBytes({ program.holdsNothing($0.assumingMemoryBound(to: UInt8.self)) })
    {
      return SearchPartial.wire(ofNothingIn: UInt64(input.byteCount))
    }
    let search = try SliceSearch(program, part)
    try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      try search.run(bytes.assumingMemoryBound(to: UInt8.self), deadline)
    }
    return search.partial.wire
  }

  package func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)? {
    // Lines around a selected one may lie in an earlier piece.
    guard program.options.context == nil else { return nil }
    return SearchPieces(try SliceSearch(program), program.options.ends)
  }

  /// Which part of its file a unit is: that counts where lines around a selected one may lie in a neighbor.
  private static func part(_ unit: Unit) throws(UnitFailure) -> SliceSearch.Part {
    let task = try FileTask(of: unit)
    return SliceSearch.Part(isFirst: task.slice == 0, isLast: task.isLast)
  }
}

/// Searches one slice, of which it takes whole lines.
private final class SearchPieces: PieceTaker {
  private let search: SliceSearch
  private let ends: LineEnds

  init(_ search: SliceSearch, _ ends: LineEnds) {
    self.search = search
    self.ends = ends
  }

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    let count = isLast ? piece.byteCount : ends.last(in: piece).map { $0 + 1 } ?? 0
    try piece.extracting(0..<count).withUnsafeBytes { (bytes) throws(UnitFailure) in
      try search.run(bytes.assumingMemoryBound(to: UInt8.self), deadline)
    }
    return count
  }

  func finish() -> Bytes { search.partial.wire }
}
