import CDigests
import LanesCore
import SystemPackage

/// SHA-256 (FIPS 180-4) of runs of bytes.
package enum SHA256 {
  /// Bytes of a digest.
  package static let byteCount = 32

  /// The digest of one run of bytes.
  package static func digest(_ bytes: UnsafeRawBufferPointer) -> Bytes {
    digest { add in add(bytes) }
  }

  /// The digest of all runs that `body` adds, one after the other.
  package static func digest<Failure: Error>(
    _ body: ((UnsafeRawBufferPointer) -> Void) throws(Failure) -> Void
  ) throws(Failure) -> Bytes {
    var state = Bytes(repeating: 0, count: Int(cdigests_sha256_state))
    cdigests_sha256_start(&state)
    try body { bytes in
      // An empty run may have no address.
      guard let base = bytes.baseAddress else { return }
      cdigests_sha256_add(&state, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
    var digest = Bytes(repeating: 0, count: byteCount)
    cdigests_sha256_finish(&state, &digest)
    return digest
  }
}

/// The first 16 bytes of a SHA-256: enough to tell apart whatever one run can hold. Among 2^40 units, two share one
/// with a probability of 2^-49.
package struct ShortDigest: Hashable, Sendable {
  /// Bytes 0 to 7 and 8 to 15, little-endian.
  private let words: SIMD2<UInt64>

  private init(_ low: UInt64, _ high: UInt64) { words = [low, high] }

  package init(of bytes: UnsafeRawBufferPointer) {
    self = withUnsafeTemporaryAllocation(byteCount: Int(cdigests_sha256_state) + SHA256.byteCount, alignment: 16) {
      let state = $0.baseAddress!
      let digest = state + Int(cdigests_sha256_state)
      cdigests_sha256_start(state)
      if let base = bytes.baseAddress {
        cdigests_sha256_add(state, base.assumingMemoryBound(to: UInt8.self), bytes.count)
      }
      cdigests_sha256_finish(state, digest.assumingMemoryBound(to: UInt8.self))
      return ShortDigest(
        UInt64(littleEndian: digest.loadUnaligned(as: UInt64.self)),
        UInt64(littleEndian: (digest + 8).loadUnaligned(as: UInt64.self)))
    }
  }

  package init(of bytes: Bytes) { self = bytes.withUnsafeBytes { ShortDigest(of: $0) } }

  /// Of a path's bytes as they were written.
  package init(of path: FilePath) { self.init(of: path.rawBytes) }

  /// Writes the 16 bytes in their order.
  package func write(to writer: inout WireWriter) {
    writer.write(words[0])
    writer.write(words[1])
  }

  package init(from reader: inout WireReader) throws(WireError) {
    let low: UInt64 = try reader.read()
    self.init(low, try reader.read())
  }
}

/// CRC-32 as in zlib, of `bytes` following those with the sum `crc`.
package func checksum(_ bytes: UnsafeRawBufferPointer, behind crc: UInt32 = 0) -> UInt32 {
  guard let base = bytes.baseAddress else { return crc }
  return cdigests_crc32(crc, base.assumingMemoryBound(to: UInt8.self), bytes.count)
}
