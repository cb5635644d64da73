import CDigests
import LanesCore

/// A checksum or digest of a whole file.
package enum HashAlgorithm: String, Sendable, CaseIterable {
  /// CRC-32 as in zlib, XXH3 of 64 bits, and SHA-256 (FIPS 180-4).
  case crc32, xxh3, sha256

  /// True when slices are summed up on their own and put together; otherwise each goes on from the one before.
  package var isCombinable: Bool { self == .crc32 }

  /// Hexadecimal digits of a digest.
  package var digits: Int {
    switch self {
    case .crc32: 8
    case .xxh3: 16
    case .sha256: 64
    }
  }

  /// What stands before a file's name in the form `TAG (file) = digest`.
  package var tag: String { rawValue.uppercased() }
}

/// A hash of bytes that arrive in their order, at some point between two of them.
struct HashState: Equatable {
  let algorithm: HashAlgorithm
  /// As `CDigests` lays it out: plain bytes, because a state travels with the next unit, also to another process.
  private(set) var bytes: Bytes

  /// Before the first byte.
  init(_ algorithm: HashAlgorithm) {
    self.algorithm = algorithm
    switch algorithm {
    case .crc32: bytes = Bytes(repeating: 0, count: 4)
    case .xxh3:
      bytes = Bytes(repeating: 0, count: Int(cdigests_xxh3_state))
      cdigests_xxh3_start(&bytes)
    case .sha256:
      bytes = Bytes(repeating: 0, count: Int(cdigests_sha256_state))
      cdigests_sha256_start(&bytes)
    }
  }

  /// Goes on from where `bytes` were taken.
  init(_ algorithm: HashAlgorithm, resuming bytes: Bytes) throws(WireError) {
    self.init(algorithm)
    // States of one algorithm all have one length; nothing else of a state can be checked.
    guard bytes.count == self.bytes.count else { throw WireError("the state of another hash") }
    self.bytes = bytes
  }

  /// Adds bytes that follow those before; an empty input changes nothing.
  mutating func add(_ input: RawSpan) {
    input.withUnsafeBytes { buffer in
      guard let base = buffer.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      switch algorithm {
      case .crc32: crc = cdigests_crc32(crc, base, buffer.count)
      case .xxh3: cdigests_xxh3_add(&bytes, base, buffer.count)
      case .sha256: cdigests_sha256_add(&bytes, base, buffer.count)
      }
    }
  }

  /// The CRC-32 so far.
  var crc: UInt32 {
    get { bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } }
    set { bytes.withUnsafeMutableBytes { $0.storeBytes(of: newValue, as: UInt32.self) } }
  }

  /// The digest of what was added, most significant byte first.
  var digest: Bytes {
    switch algorithm {
    case .crc32: return withUnsafeBytes(of: crc.bigEndian) { Bytes($0) }
    case .xxh3: return withUnsafeBytes(of: cdigests_xxh3_finish(bytes).bigEndian) { Bytes($0) }
    case .sha256:
      // Finishing pads the state, so it works on a copy: more may be added to this one.
      var state = bytes
      var digest = Bytes(repeating: 0, count: 32)
      cdigests_sha256_finish(&state, &digest)
      return digest
    }
  }
}
