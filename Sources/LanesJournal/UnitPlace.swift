import LanesCore
import LanesOS
import SystemPackage

/// Which piece of work a unit is, whatever its number and whoever does it.
///
/// A digest of the workload, of the unit's task as far as it says what is to be done, of the name of its source with
/// the stretch that is read, and of its sink. Equal in two runs of one command; not so the state of the source, which
/// `SourceState` holds. Labels are left out: they are for people, in the characters of their locale.
package final class UnitPlaces: Sendable {
  private let kind: any Workload.Type
  /// The digest of what all units of the workload have in common.
  private let prefix: Bytes

  /// Digests what is the same for all units once.
  package init(_ workload: any Workload) {
    kind = type(of: workload)
    var writer = WireWriter()
    writer.write(kind.name)
    workload.identify(to: &writer)
    prefix = writer.bytes.withUnsafeBytes { SHA256.digest($0) }
  }

  /// The digest of one unit. Safe on any thread, since nothing changes after `init`.
  package func place(of unit: Unit) -> ShortDigest {
    var writer = WireWriter(capacity: 256)
    // Of fixed length, so that nothing after it can be taken for a part of it.
    writer.write(prefix)
    writer.write(kind.identity(ofTask: unit.task))
    Self.write(unit.source, to: &writer)
    Self.write(unit.sink, to: &writer)
    return writer.bytes.withUnsafeBytes { ShortDigest(of: $0) }
  }

  private static func write(_ source: Source, to writer: inout WireWriter) {
    switch source {
    case .none: writer.write(UInt8(0))
    // What the bytes are belongs to the state of the source.
    case .bytes: writer.write(UInt8(1))
    case .file(let path), .head(let path, _):
      writer.write(UInt8(2))
      write(path, to: &writer)
    case .slice(let slice):
      writer.write(UInt8(3))
      write(slice.path, to: &writer)
      writer.write(slice.offset)
      writer.write(slice.length)
    case .files(let paths):
      writer.write(UInt8(4))
      writer.write(UInt32(paths.count))
      for path in paths { write(path, to: &writer) }
    }
  }

  /// A file on standard input is called after the process that has it open.
  private static func write(_ path: FilePath, to writer: inout WireWriter) {
    if path.starts(with: "/proc") { writer.write("") } else { writer.write(path) }
  }

  private static func write(_ sink: Sink, to writer: inout WireWriter) {
    switch sink {
    case .none: writer.write(UInt8(0))
    case .standardOutput: writer.write(UInt8(1))
    case .fold: writer.write(UInt8(3))
    case .file, .files:
      writer.write(UInt8(2))
      for destination in sink.destinations {
        writer.write(destination.path)
        // Permissions are part of a result.
        writer.write(UInt64(destination.permissions))
      }
    }
  }
}

/// In which state a unit's source was when the unit was planned.
package enum SourceState: Sendable, Equatable {
  /// Nothing is read.
  case none
  /// A regular file with this identity, size and time of last modification.
  case file(FileStamp)
  /// Bytes that the unit carries, by their digest.
  case bytes(ShortDigest)
  /// It cannot be known whether it is the same: pipes, devices, and files that claim to be empty, as those of /proc do.
  case unknown

  package init(of unit: Unit) {
    switch unit.source {
    case .none: self = .none
    case .bytes(let bytes): self = .bytes(ShortDigest(of: bytes))
    case .file, .head, .files, .slice: self = unit.stamp.map { $0.size > 0 ? .file($0) : .unknown } ?? .unknown
    }
  }

  /// A byte for the kind, then what the kind carries.
  package func write(to writer: inout WireWriter) {
    switch self {
    case .none: writer.write(UInt8(0))
    case .file(let stamp):
      writer.write(UInt8(1))
      // Device and inode tell a file that was replaced by one of the same size and time.
      writer.write(stamp.identity.device)
      writer.write(stamp.identity.inode)
      writer.write(stamp.size)
      writer.write(stamp.modified)
    case .bytes(let digest):
      writer.write(UInt8(2))
      digest.write(to: &writer)
    case .unknown: writer.write(UInt8(3))
    }
  }

  package init(from reader: inout WireReader) throws(WireError) {
    switch try reader.read(UInt8.self) {
    case 0: self = .none
    case 1:
      let device: UInt64 = try reader.read()
      let identity = FileIdentity(device: device, inode: try reader.read())
      let size: Int = try reader.read()
      self = .file(FileStamp(identity: identity, size: size, modified: try reader.read()))
    case 2: self = .bytes(try ShortDigest(from: &reader))
    case 3: self = .unknown
    default: throw WireError("an unknown kind of source")
    }
  }
}

extension Unit {
  /// Looks at the source's file where the plan did not; before the unit is started, so that a change that comes while
  /// it is read is noticed later. Only regular files have a state.
  package mutating func noteStamp() {
    guard stamp == nil else { return }
    switch source {
    case .none, .bytes: return
    case .file(let file), .head(let file, _): stamp = Self.stamp(of: file)
    case .slice(let slice): stamp = Self.stamp(of: slice.path)
    case .files(let files):
      let stamps = files.compactMap(Self.stamp)
      guard stamps.count == files.count, let first = stamps.first else { return }
      stamp = stamps.dropFirst().reduce(first) { $0.joined(with: $1) }
    }
  }

  private static func stamp(of path: FilePath) -> FileStamp? {
    guard let status = try? FileStatus(of: path), status.kind == .regular else { return nil }
    return status.stamp
  }
}

extension FileStamp {
  /// One state for two files, which is another as soon as either's is (but for chances of one in 2^64).
  fileprivate func joined(with other: FileStamp) -> FileStamp {
    func mixed(_ one: UInt64, _ other: UInt64) -> UInt64 { (one &* 0x9E37_79B9_7F4A_7C15) ^ other }
    return FileStamp(
      identity: FileIdentity(
        device: mixed(identity.device, other.identity.device), inode: mixed(identity.inode, other.identity.inode)),
      size: size &+ other.size,
      modified: Int64(bitPattern: mixed(UInt64(bitPattern: modified), UInt64(bitPattern: other.modified))))
  }
}
