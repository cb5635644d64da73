import LanesCore
import LanesOS

/// How records lie in a run file.
///
/// ```
/// file    "LANESRUN"  format version: 4 bytes        then groups, one after the other
/// group   bytes of its records: 4   records: 4   CRC-32 of these 8 bytes: 4   then its records
/// record  bytes of its payload: 4   CRC-32 of these 4 bytes and the payload: 4   payload
/// ```
///
/// A group is what was written by one call and made durable before the next one, so that only the last one can be
/// unfinished, in any of its bytes. All numbers are little-endian.
package enum RunFileFormat {
  /// What every run file begins with.
  package static let magic = Bytes("LANESRUN".utf8)
  /// The format's version; files of any other are refused.
  package static let version: UInt32 = 1
  /// Magic and version.
  package static let prologueBytes = 12
  /// The head of a group is three numbers of 32 bits, that of a record two.
  package static let groupHeadBytes = 12
  package static let recordHeadBytes = 8

  /// The first bytes of a new file.
  package static var prologue: Bytes {
    var writer = WireWriter()
    writer.write(version)
    return magic + writer.bytes
  }

  /// `payload` as a record.
  package static func append(_ payload: Bytes, to records: inout Bytes) {
    var length = UInt32(payload.count).littleEndian
    var sum = withUnsafeBytes(of: &length) { checksum($0) }
    sum = payload.withUnsafeBytes { checksum($0, behind: sum) }.littleEndian
    withUnsafeBytes(of: &length) { records.append(contentsOf: $0) }
    withUnsafeBytes(of: &sum) { records.append(contentsOf: $0) }
    records.append(contentsOf: payload)
  }

  /// What stands in front of a group of `count` records that take `bytes` bytes.
  package static func groupHead(bytes: Int, count: Int) -> Bytes {
    var writer = WireWriter()
    writer.write(UInt32(bytes))
    writer.write(UInt32(count))
    let sum = writer.bytes.withUnsafeBytes { checksum($0) }
    writer.write(sum)
    return writer.bytes
  }

  /// Entries as one group.
  package static func group(_ entries: [RunEntry]) -> Bytes {
    var records = Bytes()
    for entry in entries { append(entry.wire, to: &records) }
    return groupHead(bytes: records.count, count: entries.count) + records
  }
}

/// A run file that cannot be used.
package enum RunFileError: Error, Equatable {
  /// It begins as no run file does.
  case foreign
  /// Its format is another version's.
  case version(UInt32)
  /// It ends before its first record does.
  case empty
  /// What lies at this offset was not written so.
  case damaged(offset: Int, String)
  case system(SystemError)

  /// A clause that follows the file's name.
  package var reason: String {
    switch self {
    case .foreign: "is not a run file of lanes"
    case .version(let found):
      "has version \(found) of the format of run files, and this program knows version \(RunFileFormat.version)"
    case .empty: "holds nothing yet"
    case .damaged(let offset, let reason): "is damaged at byte \(offset): \(reason)"
    case .system(let error): "cannot be read: \(error.reason)"
    }
  }
}
