import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// A file that nobody changes any more, read without a lock: many machines read a plan at once.
package final class StoredFile: RunFileSource {
  private let descriptor: Descriptor

  package init(_ path: FilePath) throws(SystemError) { descriptor = try Descriptor.reading(path) }

  package func size() throws(SystemError) -> Int { try FileStatus(of: descriptor.number).size }

  package func read(_ count: Int, at offset: Int) throws(SystemError) -> Bytes {
    try DescriptorIO.bytes(descriptor.number, at: offset, count: count)
  }

  /// True for a regular file.
  var isRegular: Bool { (try? FileStatus(of: descriptor.number).kind) == .regular }
}

/// Records of the kind that run files have, one behind the other from one byte of a file to another, in bounded memory.
struct RecordStream {
  private let source: any RunFileSource
  private(set) var position: Int
  private let end: Int
  private var window: ArraySlice<UInt8> = []

  /// Bytes that are read at a time.
  private static let windowBytes = 1 << 20

  init(_ source: any RunFileSource, from start: Int, to end: Int) {
    self.source = source
    self.end = end
    position = start
  }

  /// The next record as it lies in the file, or nil at the end; throws where it is not as it was written.
  mutating func next() throws(RunFileError) -> ArraySlice<UInt8>? {
    guard position < end else { return nil }
    let head = try take(RunFileFormat.recordHeadBytes)
    let length = Int(Self.number(head, 0))
    guard position + head.count + length <= end else {
      throw .damaged(offset: position, "a record leads beyond the end")
    }
    let record = try take(head.count + length)
    let sum = record.withUnsafeBytes { bytes in
      checksum(
        UnsafeRawBufferPointer(rebasing: bytes[RunFileFormat.recordHeadBytes...]),
        behind: checksum(UnsafeRawBufferPointer(rebasing: bytes[..<4])))
    }
    guard sum == Self.number(record, 4) else { throw .damaged(offset: position, "a record has another checksum") }
    position += record.count
    window.removeFirst(record.count)
    return record
  }

  /// The next record as a unit; it stands where `offset` says.
  mutating func nextUnit() throws(RunFileError) -> PlannedUnit? {
    let offset = position
    guard let record = try next() else { return nil }
    do {
      return try PlannedUnit(wire: Bytes(record.dropFirst(RunFileFormat.recordHeadBytes)))
    } catch {
      throw .damaged(offset: offset, error.reason)
    }
  }

  /// The next `count` bytes, which stay in the window.
  private mutating func take(_ count: Int) throws(RunFileError) -> ArraySlice<UInt8> {
    if window.count < count {
      let wanted = min(max(count, Self.windowBytes), end - position)
      do { window = try source.read(wanted, at: position)[...] } catch { throw .system(error) }
      guard window.count >= count else { throw .damaged(offset: position, "it ends too early") }
    }
    return window.prefix(count)
  }

  private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt32 {
    bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }
}
