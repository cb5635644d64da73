import LanesCore
import LanesOS

/// Bytes that stay as they are while they are read.
package protocol RunFileSource {
  func size() throws(SystemError) -> Int
  /// The bytes from `offset` on: `count` of them, or as many as there are.
  func read(_ count: Int, at offset: Int) throws(SystemError) -> Bytes
}

extension LockedFile: RunFileSource {
  package func size() throws(SystemError) -> Int { try status().size }
}

/// Reads a run file from its first byte to its last, and checks all of it.
///
/// The last group may be unfinished: what is intact of it counts, up to its first record that is not. Any other byte
/// that is not as it was written is an error.
package struct RunFileReader {
  /// Where a record's payload lies.
  package struct Place: Equatable {
    /// Counted from the beginning of the file, in bytes.
    package let offset: Int
    package let count: Int
  }

  /// Up to where the file is as it should be.
  package struct End: Equatable {
    /// Where the last whole group ends.
    package var whole: Int
    /// The intact records of an unfinished group after that, as they lie in the file; empty when there is none.
    package var intact: Bytes = []
    /// How many records these are.
    package var intactCount = 0
    /// Bytes that were dropped, the head of the unfinished group included.
    package var dropped = 0

    package init(whole: Int) { self.whole = whole }
  }

  private let source: any RunFileSource
  private let size: Int
  /// The bytes of the file from `windowStart` on that were read last.
  private var window = Bytes()
  private var windowStart = 0

  /// Bytes that are read at a time.
  private static let windowBytes = 1 << 20

  /// Asks for the size once: what is appended while it reads is not looked at.
  package init(_ source: any RunFileSource) throws(RunFileError) {
    self.source = source
    do { size = try source.size() } catch { throw .system(error) }
  }

  /// Hands all records to `body`, in order.
  package mutating func scan(_ body: (RunEntry, Place) throws(RunFileError) -> Void) throws(RunFileError) -> End {
    try checkPrologue()
    var end = End(whole: RunFileFormat.prologueBytes)
    while end.whole < size {
      guard let next = try scanGroup(at: end.whole, &end, body) else { break }
      end.whole = next
    }
    end.dropped = size - end.whole - end.intact.count
    return end
  }

  /// One record by its place.
  package static func entry(_ place: Place, in source: any RunFileSource) throws(RunFileError) -> RunEntry {
    let payload: Bytes
    do { payload = try source.read(place.count, at: place.offset) } catch { throw .system(error) }
    do {
      return try RunEntry(wire: payload)
    } catch {
      throw .damaged(offset: place.offset, error.reason)
    }
  }

  /// A file that ends inside its prologue, and is right that far, was never begun.
  private mutating func checkPrologue() throws(RunFileError) {
    let bytes = try bytes(RunFileFormat.prologueBytes, at: 0)
    guard bytes.count > 0 else { throw .empty }
    guard bytes.starts(with: RunFileFormat.magic.prefix(bytes.count)) else { throw .foreign }
    guard bytes.count == RunFileFormat.prologueBytes else { throw .empty }
    let version = Self.number(bytes, at: RunFileFormat.magic.count)
    guard version == RunFileFormat.version else { throw .version(version) }
  }

  /// Where the next group begins; nil when this one is the last, and unfinished.
  private mutating func scanGroup(
    at start: Int, _ end: inout End, _ body: (RunEntry, Place) throws(RunFileError) -> Void
  ) throws(RunFileError) -> Int? {
    let head = try bytes(RunFileFormat.groupHeadBytes, at: start)
    guard head.count == RunFileFormat.groupHeadBytes else { return nil }
    guard head.prefix(8).withUnsafeBytes({ checksum($0) }) == Self.number(head, at: 8) else {
      // Blocks that the file was given and that were never written read as zeros.
      if try isZero(from: start) { return nil }
      throw .damaged(offset: start, "the head of a group has another checksum")
    }
    // The head's checksum is right, so its length can be relied on.
    let records = start + RunFileFormat.groupHeadBytes
    let stop = records + Int(Self.number(head, at: 0))
    // A later group was written only after this one was durable, so only in the last one may bytes be missing.
    let isLast = stop >= size
    var position = records
    var count = 0
    while position < min(stop, size) {
      guard let place = try record(at: position, stop: stop) else {
        guard isLast else { throw .damaged(offset: position, "a record has another checksum") }
        return try keep(records, position, count, &end)
      }
      let entry: RunEntry
      do {
        entry = try RunEntry(wire: try bytes(place.count, at: place.offset))
      } catch let error as WireError {
        throw .damaged(offset: position, error.reason)
      } catch {
        throw error as! RunFileError  // the two kinds are all that the body throws
      }
      try body(entry, place)
      position = place.offset + place.count
      count += 1
    }
    if stop > size { return try keep(records, position, count, &end) }
    guard count == Int(Self.number(head, at: 4)) else {
      throw .damaged(offset: start, "a group has another number of records")
    }
    return stop
  }

  /// Notes what is intact of the last group, up to `stop`.
  private mutating func keep(_ records: Int, _ stop: Int, _ count: Int, _ end: inout End) throws(RunFileError) -> Int? {
    end.intact = try bytes(stop - records, at: records)
    end.intactCount = count
    return nil
  }

  /// The payload of the record at `offset`, if that is whole and has the right checksum.
  private mutating func record(at offset: Int, stop: Int) throws(RunFileError) -> Place? {
    let head = try bytes(RunFileFormat.recordHeadBytes, at: offset)
    guard head.count == RunFileFormat.recordHeadBytes else { return nil }
    let place = Place(offset: offset + RunFileFormat.recordHeadBytes, count: Int(Self.number(head, at: 0)))
    // The length is not to be trusted before the checksum, so it must not lead out of the group.
    guard place.offset + place.count <= min(stop, size) else { return nil }
    let payload = try bytes(place.count, at: place.offset)
    let sum = payload.withUnsafeBytes { bytes in
      checksum(bytes, behind: head.prefix(4).withUnsafeBytes { checksum($0) })
    }
    return sum == Self.number(head, at: 4) ? place : nil
  }

  /// True when nothing but zero bytes follow.
  private mutating func isZero(from start: Int) throws(RunFileError) -> Bool {
    var offset = start
    while offset < size {
      let piece = try bytes(min(Self.windowBytes, size - offset), at: offset)
      if piece.contains(where: { $0 != 0 }) { return false }
      offset += piece.count
    }
    return true
  }

  /// A little-endian number of 32 bits.
  private static func number(_ bytes: Bytes, at offset: Int) -> UInt32 {
    bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }

  /// `count` bytes from `offset`, fewer at the end of the file; read ahead, since records are small.
  private mutating func bytes(_ count: Int, at offset: Int) throws(RunFileError) -> Bytes {
    let wanted = min(count, max(0, size - offset))
    if offset < windowStart || offset + wanted > windowStart + window.count {
      do { window = try source.read(max(wanted, Self.windowBytes), at: offset) } catch { throw .system(error) }
      windowStart = offset
    }
    let start = offset - windowStart
    return Bytes(window[start..<min(start + wanted, window.count)])
  }
}
