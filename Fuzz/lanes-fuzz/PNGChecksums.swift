import LanesCore

/// `bytes` with the checksums of its PNG chunks put right, as far as they are whole: made-up ones are nearly always wrong,
/// and nothing behind a wrong one would ever be tried.
func repairingChecksums(_ bytes: Bytes) -> Bytes {
  var bytes = bytes
  var at = 8
  while at + 12 <= bytes.count {
    let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
    guard at + 12 + length <= bytes.count else { break }
    var checksum = crc32(bytes[at + 4..<at + 8 + length])
    for place in stride(from: at + 11 + length, through: at + 8 + length, by: -1) {
      bytes[place] = UInt8(truncatingIfNeeded: checksum)
      checksum >>= 8
    }
    at += 12 + length
  }
  return bytes
}

/// PNG specification, 5.5 and annex D.
private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
}

private let table = (0..<256).map { (index: UInt32) in
  (0..<8).reduce(index) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}
