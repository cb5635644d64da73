import LanesCore

/// Performs another workload on what compressed units unpack to, and on units that are not compressed as they are.
///
/// Unpacking belongs to performing, so that it runs wherever units do: on any lane, in a worker process, in a sandbox. What a
/// compressed unit gives is an `UnpackedPartial`, for `UnpackedFold`.
package struct Unpacking<Inner: FileWorkload>: Workload {
  /// Tells workers what to rebuild, and run files what was run.
  package static var name: String { "\(Inner.name).unpacked" }
  package static var noun: UnitNoun { Inner.noun }
  let inner: Inner
  let limits: UnpackingLimits

  package init(_ inner: Inner, _ limits: UnpackingLimits) {
    self.inner = inner
    self.limits = limits
  }

  package init(from reader: inout WireReader) throws(WireError) {
    limits = UnpackingLimits(
      ends: try reader.readOptional(UInt8.self).map { $0 == 0 ? .newline : .newlineOrZero },
      memory: try reader.read(), longestLine: try reader.read())
    inner = try Inner(from: &reader)
  }

  package func describe(to writer: inout WireWriter) {
    writer.write(optional: limits.ends.map { $0 == .newline ? UInt8(0) : 1 })
    writer.write(limits.memory)
    writer.write(limits.longestLine)
    inner.describe(to: &writer)
  }

  /// Limits decide what fails, and not what is found.
  package func identify(to writer: inout WireWriter) { inner.identify(to: &writer) }

  package static func identity(ofTask task: Bytes) -> Bytes { Inner.identity(ofTask: task) }

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    guard let pieces = try unpacked(unit) else {
      return try inner.perform(unit, input: input, output: output, deadline: deadline)
    }
    return try pieces.perform(on: input, deadline)
  }

  package func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)? {
    if let pieces = try unpacked(unit) { return pieces }
    return try inner.pieces(of: unit)
  }

  /// What unpacks `unit`; nil where it is not compressed.
  private func unpacked(_ unit: Unit) throws(UnitFailure) -> UnpackedPieces<Inner>? {
    let file: FileTask
    do throws(WireError) {
      file = try Inner.file(of: unit.task)
    } catch {
      throw .noFileTask
    }
    return try file.packing.map { (packing) throws(UnitFailure) in
      try UnpackedPieces(self, unit, file, Unpacker(packing, memory: limits.memory))
    }
  }
}

extension Unpacking: SeededWorkload where Inner: SeededWorkload {
  package func seeded(by seed: UInt64) -> Unpacking { Unpacking(inner.seeded(by: seed), limits) }
}

/// What bounds the memory of unpacking, and where lines end.
package struct UnpackingLimits: Sendable, Equatable {
  /// What ends a line where units are made of lines; nil where they may end anywhere.
  package var ends: LineEnds?
  /// Bytes that the window of one file may take.
  package var memory: Int
  /// Bytes that a line may have.
  package var longestLine: Int
  /// Bytes of partial results that one unit may have: selected lines of a file that is searched as a whole.
  var mostResults: Int { min(256 << 20, max(memory, 16 << 20)) }

  package init(ends: LineEnds?, memory: Int, longestLine: Int) {
    self.ends = ends
    self.memory = memory
    self.longestLine = longestLine
  }
}

/// What a compressed unit gives: partial results of the workload proper, and the lines that its neighbors know the rest of.
struct UnpackedPartial {
  /// The bytes up to and with the first line end, where an earlier unit of the file has the beginning of that line.
  var head: Bytes?
  /// True where all of the unit is one line without an end.
  var isOpen = false
  /// True for a part that was guessed wrong: no members begin where it does, or none ends where it does.
  var isVoid = false
  /// One after the other, as for slices that follow each other.
  var partials: [Bytes] = []
  /// The bytes behind the last line end, where a later unit has the rest of that line.
  var tail = Bytes()

  init() {}

  init(wire: Bytes) throws(WireError) {
    var reader = WireReader(wire)
    if try reader.readBool() { head = try reader.readBytes() }
    let kind: UInt8 = try reader.read()
    guard kind < 3 else { throw WireError("an unknown kind of result") }
    (isOpen, isVoid) = (kind == 1, kind == 2)
    tail = try reader.readBytes()
    while reader.remaining > 0 { partials.append(try reader.readBytes()) }
  }

  var wire: Bytes {
    var writer = WireWriter(capacity: partials.reduce(64 + tail.count) { $0 + $1.count + 4 })
    writer.write(head != nil)
    if let head { writer.write(head) }
    writer.write(isVoid ? 2 : isOpen ? 1 : UInt8(0))
    writer.write(tail)
    for partial in partials { writer.write(partial) }
    return writer.bytes
  }
}
