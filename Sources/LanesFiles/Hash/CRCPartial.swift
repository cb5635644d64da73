import CDigests
import LanesCore

/// The CRC-32 of a slice, which may be put together with that of the next.
package struct CRCPartial: MergeablePartial, Equatable {
  package private(set) var crc: UInt32 = 0
  /// Bytes that the sum is of, which combining needs to know.
  package private(set) var bytes: UInt64 = 0

  /// Of no bytes: the sum is 0, and merging it changes nothing.
  package init() {}

  init(crc: UInt32, bytes: UInt64) {
    self.crc = crc
    self.bytes = bytes
  }

  package init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    crc = try reader.read()
    self.bytes = try reader.read()
  }

  /// Twelve bytes: the sum, then the length.
  package var wire: Bytes {
    var writer = WireWriter()
    writer.write(crc)
    writer.write(bytes)
    return writer.bytes
  }

  /// Takes about a microsecond, however long the slices are (zlib's crc32_combine).
  package mutating func merge(_ next: CRCPartial) {
    crc = cdigests_crc32_combine(crc, next.crc, next.bytes)
    bytes += next.bytes
  }

  /// Most significant byte first.
  package var digest: Bytes { withUnsafeBytes(of: crc.bigEndian) { Bytes($0) } }
}
