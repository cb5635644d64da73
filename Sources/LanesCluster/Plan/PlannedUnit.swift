import LanesCore
import LanesJournal
import SystemPackage

/// A unit as a frozen plan holds it: all that any machine needs to perform it, and to give its outcome to the fold.
package struct PlannedUnit: Equatable {
  /// What messages call a unit.
  package enum Label: Equatable {
    case text(String)
    case path(FilePath)
  }

  /// In the whole batch, from 0 and without gaps.
  package var number: Int
  package var label: Label
  package var task: Bytes
  package var source: Source
  package var sink: Sink
  package var expectedInput: Int
  package var expectedMemory: Int
  package var expectedTime: Int
  /// The source's file as it was when the batch was planned.
  package var stamp: FileStamp?
  /// Why the unit cannot be started, where the plan itself has found that out.
  package var failure: UnitFailure?

  package init(_ unit: Unit, failure: UnitFailure? = nil) {
    number = unit.number
    label = unit.labelPath.map { .path($0) } ?? .text(unit.label)
    task = unit.task
    source = unit.source
    sink = unit.sink
    expectedInput = unit.expectedInput
    expectedMemory = unit.expectedMemory
    expectedTime = unit.expectedTime
    stamp = unit.stamp
    self.failure = failure
  }

  /// The unit, with the number that it has in the whole batch.
  package var unit: Unit {
    var unit =
      switch label {
      case .text(let text):
        Unit(
          number: number, label: text, task: task, source: source, sink: sink, expectedInput: expectedInput,
          expectedMemory: expectedMemory, expectedTime: expectedTime)
      case .path(let path):
        Unit(
          number: number, path: path, task: task, source: source, sink: sink, expectedInput: expectedInput,
          expectedMemory: expectedMemory, expectedTime: expectedTime)
      }
    unit.stamp = stamp
    return unit
  }

  /// Nanoseconds of one core, by which a plan is cut; where the plan said nothing, 30 µs for opening a file and 1 ns for each
  /// byte. What all units of one plan share does not matter for where it is cut.
  package var cost: Int {
    if failure != nil { return 1000 }
    return expectedTime > 0 ? expectedTime : 30_000 + expectedInput
  }

  /// The file that is read, if just one is.
  package var path: FilePath? {
    switch source {
    case .none, .bytes, .files: nil
    case .file(let path), .head(let path, _): path
    case .slice(let slice): slice.path
    }
  }
}

/// The order of what is written here is the format of plans: another order is another version (`FrozenPlan.version`).
extension PlannedUnit {
  package var wire: Bytes {
    var writer = WireWriter(capacity: 256)
    writer.write(number)
    switch label {
    case .text(let text):
      writer.write(UInt8(0))
      writer.write(text)
    case .path(let path):
      writer.write(UInt8(1))
      writer.write(path)
    }
    writer.write(task)
    write(source, to: &writer)
    write(sink, to: &writer)
    writer.write(expectedInput)
    writer.write(expectedMemory)
    writer.write(expectedTime)
    writer.write(stamp != nil)
    if let stamp {
      writer.write(stamp.size)
      writer.write(stamp.modified)
    }
    writer.write(failure != nil)
    if let failure { writer.write(Outcome.failed(failure)) }
    return writer.bytes
  }

  /// Throws on what `wire` cannot have written.
  package init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    number = try reader.read()
    label = try reader.read(UInt8.self) == 0 ? .text(try reader.readString()) : .path(try reader.readPath())
    task = try reader.readBytes()
    source = try Self.readSource(&reader)
    sink = try Self.readSink(&reader)
    expectedInput = try reader.read()
    expectedMemory = try reader.read()
    expectedTime = try reader.read()
    if try reader.readBool() {
      let size: Int = try reader.read()
      stamp = FileStamp(identity: Self.nowhere, size: size, modified: try reader.read())
    }
    if try reader.readBool() {
      guard case .failed(let failure) = try reader.readOutcome() else { throw WireError("a failure that is none") }
      self.failure = failure
    }
    guard reader.remaining == 0 else { throw WireError("a unit is longer than what it holds") }
  }

  /// Stands for devices and inodes, which are other numbers on each machine and are looked up there.
  static let nowhere = FileIdentity(device: 0, inode: 0)

  private func write(_ source: Source, to writer: inout WireWriter) {
    switch source {
    case .none: writer.write(UInt8(0))
    case .bytes(let bytes):
      writer.write(UInt8(1))
      writer.write(bytes)
    // Whoever performs it has no plan that could cut it.
    case .file(let path), .head(let path, _):
      writer.write(UInt8(2))
      writer.write(path)
    case .slice(let slice):
      writer.write(UInt8(3))
      writer.write(slice.path)
      writer.write(slice.offset)
      writer.write(slice.length)
      writer.write(slice.access.rawValue)
    case .files(let paths):
      writer.write(UInt8(4))
      writer.write(UInt32(paths.count))
      for path in paths { writer.write(path) }
    }
  }

  private static func readSource(_ reader: inout WireReader) throws(WireError) -> Source {
    switch try reader.read(UInt8.self) {
    case 0: return .none
    case 1: return .bytes(try reader.readBytes())
    case 2: return .file(try reader.readPath())
    case 3:
      let path = try reader.readPath()
      let offset: Int = try reader.read()
      let length: Int = try reader.read()
      let access = try SliceAccess(from: &reader)
      return .slice(FileSlice(path: path, offset: offset, length: length, identity: nowhere, access: access))
    case 4:
      var paths: [FilePath] = []
      for _ in 0..<(try reader.read(UInt32.self)) { paths.append(try reader.readPath()) }
      return .files(paths)
    default: throw WireError("an unknown kind of source")
    }
  }

  private func write(_ sink: Sink, to writer: inout WireWriter) {
    switch sink {
    case .none: writer.write(UInt8(0))
    case .standardOutput: writer.write(UInt8(1))
    case .fold: writer.write(UInt8(4))
    case .file(let destination):
      writer.write(UInt8(2))
      writer.write(destination)
    case .files(let destinations):
      writer.write(UInt8(3))
      writer.write(UInt32(destinations.count))
      for destination in destinations { writer.write(destination) }
    }
  }

  private static func readSink(_ reader: inout WireReader) throws(WireError) -> Sink {
    switch try reader.read(UInt8.self) {
    case 0: return .none
    case 1: return .standardOutput
    case 2: return .file(try reader.readDestination())
    case 3:
      var destinations: [Destination] = []
      for _ in 0..<(try reader.read(UInt32.self)) { destinations.append(try reader.readDestination()) }
      return .files(destinations)
    case 4: return .fold
    default: throw WireError("an unknown kind of sink")
    }
  }
}

extension WireWriter {
  fileprivate mutating func write(_ destination: Destination) {
    write(destination.path)
    write(destination.replacesExisting)
    write(UInt64(destination.permissions))
    write(destination.acceptsSame)
    write(mirror: destination.mirror)
    write(destination.depth)
    write(destination.times != nil)
    if let times = destination.times {
      write(times.accessed)
      write(times.modified)
    }
  }

  /// A presence byte, then file and depth.
  mutating func write(mirror: FolderMirror?) {
    write(mirror != nil)
    guard let mirror else { return }
    write(mirror.file)
    write(mirror.depth)
  }
}

extension WireReader {
  fileprivate mutating func readDestination() throws(WireError) -> Destination {
    let path = try readPath()
    let replaces = try readBool()
    let permissions = UInt16(truncatingIfNeeded: try read(UInt64.self))
    var destination = Destination(path: path, replacesExisting: replaces, permissions: permissions)
    destination.acceptsSame = try readBool()
    destination.mirror = try readMirror()
    destination.depth = try read()
    if try readBool() {
      let accessed: Int64 = try read()
      destination.times = FileTimes(accessed: accessed, modified: try read())
    }
    return destination
  }

  mutating func readMirror() throws(WireError) -> FolderMirror? {
    guard try readBool() else { return nil }
    let file = try readPath()
    return FolderMirror(file: file, depth: try read())
  }
}
