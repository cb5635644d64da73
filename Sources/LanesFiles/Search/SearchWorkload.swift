import LanesCore

/// Selects lines as grep does, slice by slice.
package struct SearchWorkload: Workload {
  package static let name = "files.search"
  private let program: SearchProgram

  package init(_ program: SearchProgram) { self.program = program }

  package init(from reader: inout WireReader) throws(WireError) {
    do {
      program = try SearchProgram(try SearchOptions(from: &reader))
    } catch let error as WireError {
      throw error
    } catch {
      throw WireError("a pattern is malformed")
    }
  }

  package func describe(to writer: inout WireWriter) { program.options.write(to: &writer) }

  /// Searches `input`, which is whole lines; the partial result is for `SearchResults`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, checkpoint: Checkpoint
  ) throws(UnitFailure) -> Bytes {
    if let partial = input.withUnsafeBytes({ program.settled($0.assumingMemoryBound(to: UInt8.self)) }) {
      return partial.wire
    }
    let search = try SliceSearch(program)
    try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      try search.run(bytes.assumingMemoryBound(to: UInt8.self), checkpoint)
    }
    return search.partial.wire
  }
}
