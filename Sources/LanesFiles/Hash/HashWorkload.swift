import LanesCore

/// Hashes files, slice by slice.
///
/// The partial result is the CRC-32 and length of a slice (`CRCPartial`), or for the other algorithms the state after
/// it, from which the next slice goes on; for the last slice of a file it is the digest.
package struct HashWorkload: Workload {
  /// Tells workers what to rebuild, and run files what was run.
  package static let name = "files.hash"
  package static let noun = UnitNoun.file
  /// One for all files of a run.
  package let algorithm: HashAlgorithm

  package init(_ algorithm: HashAlgorithm) { self.algorithm = algorithm }

  package init(from reader: inout WireReader) throws(WireError) {
    guard let algorithm = HashAlgorithm(rawValue: try reader.readString()) else { throw WireError("an unknown hash") }
    self.algorithm = algorithm
  }

  package func describe(to writer: inout WireWriter) { writer.write(algorithm.rawValue) }

  /// Hashes one slice, going on from the state in the unit's description, if there is one.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    try HashPieces(algorithm, unit).perform(on: input, deadline)
  }

  package func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)? { try HashPieces(algorithm, unit) }
}

/// Hashes one slice.
private final class HashPieces: PieceTaker {
  private let isLastSlice: Bool
  private var state: HashState
  private var bytes: UInt64 = 0

  /// Bytes hashed between two looks at the clock: about 0.7 ms at the speed of SHA-256.
  private static let stretch = 1 << 20

  init(_ algorithm: HashAlgorithm, _ unit: Unit) throws(UnitFailure) {
    do {
      let task = try HashTask(wire: unit.task)
      state =
        try task.state.map { bytes throws(WireError) in try HashState(algorithm, resuming: bytes) }
        ?? HashState(algorithm)
      isLastSlice = task.file.isLast
    } catch {
      throw UnitFailure(.crashed, "its description cannot be read")
    }
  }

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    var at = 0
    while at < piece.byteCount {
      // Between two stretches the unit may be told that its time is up.
      let end = min(at + Self.stretch, piece.byteCount)
      state.add(piece.extracting(at..<end))
      try deadline.check()
      at = end
    }
    bytes += UInt64(at)
    return at
  }

  func finish() -> Bytes {
    if state.algorithm.isCombinable { return CRCPartial(crc: state.crc, bytes: bytes).wire }
    // The same member carries either: `SequentialHashRows` knows which by the task.
    return isLastSlice ? state.digest : state.bytes
  }
}

/// A unit's description: its place, and where its slice goes on from.
struct HashTask {
  var file: FileTask
  /// The state after the slice before; nil for the first.
  var state: Bytes?

  /// The file's part, then the state where there is one; `SequentialHashPlan` appends a state to a description as well.
  var wire: Bytes {
    var writer = WireWriter(appendingTo: file.wire)
    if let state { writer.write(state) }
    return writer.bytes
  }

  init(_ file: FileTask, state: Bytes?) {
    self.file = file
    self.state = state
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    file = try FileTask(from: &reader)
    state = reader.remaining > 0 ? try reader.readBytes() : nil
  }
}
