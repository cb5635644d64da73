/// Growing memory that a unit writes its output to: the heap, or memory shared with another process.
///
/// Used by one thread at a time; the storage decides where the bytes live.
package final class OutputBuffer: @unchecked Sendable {
  // Sendable: a buffer is handed from thread to thread with the unit it belongs to, never shared.
  /// Memory that can grow in place or by moving; it keeps the first `used` bytes.
  package protocol Storage: AnyObject {
    var base: UnsafeMutableRawPointer? { get }
    var capacity: Int { get }
    /// Makes `capacity` at least `needed`.
    func enlarge(to needed: Int, keeping used: Int) throws(MemoryShortage)
    /// Gives back what is beyond `most` bytes, or all when there is more; what it holds is lost.
    func trim(to most: Int)
  }

  /// Bytes of memory that are kept for the next unit, wherever memory is used again; a larger unit gives its own back.
  package static let mostKept = 64 << 20

  private let storage: any Storage
  /// Offset in the storage at which this unit's output starts.
  package private(set) var start = 0
  /// Bytes written for this unit.
  package private(set) var count = 0
  /// Where the parts of the output end, counted from `start`, and `omitted` for those that make no file; empty unless the
  /// sink is several files, or nothing is to be stored in the only one.
  package private(set) var partEnds: [Int] = []

  /// Stands for the end of a part that makes no file.
  package static let omitted = -1

  package init(_ storage: any Storage) { self.storage = storage }

  /// Forgets what was written and starts the next output at `offset` of the storage.
  package func restart(at offset: Int = 0) {
    start = offset
    count = 0
    partEnds = []
    if offset == 0 { storage.trim(to: Self.mostKept) }
  }

  /// What is written next belongs to the sink's next file.
  package func endPart() { partEnds.append(count) }

  /// The sink's next file is not made.
  package func omitPart() { partEnds.append(Self.omitted) }

  package func append(_ bytes: RawSpan) throws(UnitFailure) {
    try bytes.withUnsafeBytes { (source) throws(UnitFailure) in try append(source) }
  }

  package func append(_ source: UnsafeRawBufferPointer) throws(UnitFailure) {
    guard let from = source.baseAddress, source.count > 0 else { return }
    try write(atMost: source.count) { free in
      free.baseAddress!.copyMemory(from: from, byteCount: source.count)
      return source.count
    }
  }

  package func append(_ bytes: Bytes) throws(UnitFailure) { try append(bytes.span.bytes) }

  /// Lends `limit` bytes of room behind what is written; `body` returns how many of them it filled.
  package func write(atMost limit: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) throws(UnitFailure) {
    try reserve(limit)
    let free = UnsafeMutableRawBufferPointer(start: storage.base! + start + count, count: limit)
    let written = body(free)
    precondition((0...limit).contains(written), "wrote past the room that was lent")
    count += written
  }

  /// Makes room for `more` bytes.
  package func reserve(_ more: Int) throws(UnitFailure) {
    let needed = start + count + more
    guard needed > storage.capacity else { return }
    try storage.grow(to: max(needed, storage.capacity * 2, 4096), keeping: start + count)
  }

  /// What was written, valid until the buffer is written again.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let base = storage.base else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return try body(UnsafeRawBufferPointer(start: base + start, count: count))
  }
}

extension OutputBuffer.Storage {
  /// Makes `capacity` at least `needed`, or throws `.resources`.
  package func grow(to needed: Int, keeping used: Int) throws(UnitFailure) {
    do {
      try enlarge(to: needed, keeping: used)
    } catch {
      throw .noMemory(error)
    }
  }

  /// Makes room for `needed` bytes, at least doubling so that growing step by step stays cheap.
  package func grow(atLeast needed: Int, keeping used: Int) throws(UnitFailure) {
    guard needed > capacity else { return }
    try grow(to: max(needed, used == 0 ? 0 : capacity * 2, 65536), keeping: used)
  }
}

/// Memory that is not there.
package struct MemoryShortage: Error, Sendable, Equatable {
  /// Bytes that were asked for.
  package let bytes: Int
  /// Why memory shared between processes was refused, in the system's words; nil for the process's own.
  package let sharedReason: String?
  /// True where the size is not to blame: the machine or its limits give no unit what it needs.
  package let isMachines: Bool

  /// Of the process's own memory.
  package init(_ bytes: Int) {
    self.bytes = bytes
    sharedReason = nil
    isMachines = false
  }

  /// Of memory shared between processes.
  package init(_ bytes: Int, sharing reason: String, isMachines: Bool) {
    self.bytes = bytes
    sharedReason = reason
    self.isMachines = isMachines
  }
}
