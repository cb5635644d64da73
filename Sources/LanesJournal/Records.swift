import LanesCore
import SystemPackage

/// What a run file says of the run as a whole: its first record.
package struct RunHeader: Sendable, Equatable {
  /// Version and commit of the program, and those of the libraries that results depend on.
  package var program: String
  package var libraries: String
  /// The command's words as they were typed, shortcuts written out.
  package var words: [String]
  /// The absolute path of the directory that names are relative to.
  package var directory: FilePath
  /// Name and description of the workload, from which it can be rebuilt.
  package var workloadName: String
  package var workload: Bytes
  /// The folder of all results, if there is one.
  package var outputFolder: FilePath?
  /// When the run began: the time at which its file was made, nanoseconds since 1970.
  package var started: Int64
  /// Which part of a divided batch the run is; nil for a run of a whole batch.
  package var part: PartBinding?
  /// Of a part: the command from which the plan can be made anew; nil where the plan lies beside the part.
  package var standalone: StandaloneCommand?

  package init(
    program: String, libraries: String, words: [String], directory: FilePath, workload: any Workload,
    outputFolder: FilePath?, started: Int64, part: PartBinding? = nil, standalone: StandaloneCommand? = nil
  ) {
    self.program = program
    self.libraries = libraries
    self.words = words
    self.directory = directory
    self.outputFolder = outputFolder
    self.started = started
    self.part = part
    self.standalone = standalone
    workloadName = type(of: workload).name
    self.workload = workload.description
  }
}

extension RunHeader {
  /// The workload as the run file has it, where it gives the same results as `workload`; nil where it does not. Its
  /// partial results may go with those of the same description alone, such as hashes of one seed.
  package func workload(like workload: any Workload) -> (any Workload)? {
    guard workloadName == type(of: workload).name else { return nil }
    if self.workload == workload.description { return workload }
    var reader = WireReader(self.workload)
    // Descriptions may differ in what does not show in results; identities leave that out.
    guard let own: any Workload = try? type(of: workload).init(from: &reader) else { return nil }
    return own.identity == workload.identity ? own : nil
  }
}

/// Which stretch of which plan a run file holds.
package struct PartBinding: Sendable, Hashable {
  /// The SHA-256 of the plan.
  package var fingerprint: Bytes
  /// The stretch's number in the plan, from 0, and its units: records are numbered from 0 within it.
  package var shard: Int
  package var first: Int
  package var count: Int

  package init(fingerprint: Bytes, shard: Int, first: Int, count: Int) {
    self.fingerprint = fingerprint
    self.shard = shard
    self.first = first
    self.count = count
  }
}

/// A divided command of which every shard makes the plan.
package struct StandaloneCommand: Sendable, Equatable {
  /// As they were typed, byte for byte.
  package var words: [Bytes]
  package var shards: Int

  package init(words: [Bytes], shards: Int) {
    self.words = words
    self.shards = shards
  }
}

/// How one unit ended.
package struct UnitEntry: Sendable, Equatable {
  /// Its number in the plan of the run that did it; for people and for merging, not for resuming.
  package var number: Int
  /// Which piece of work it is, and in which state its source was.
  package var place: ShortDigest
  package var state: SourceState
  /// For people, in the characters of the run's locale.
  package var label: Bytes
  package var outcome: Outcome
  /// Bytes for standard output.
  package var printed: Bytes
  /// In the order of the sink's destinations.
  package var outputs: [StoredOutput]
  /// Bytes of its source and of its outputs.
  package var bytesIn: Int
  package var bytesOut: Int
  /// Nanoseconds of loading, performing and storing.
  package var duration: Int64
  /// The record of the same file that this one takes the place of, counted from 0 among those of units.
  package var supersedes: Int?
  /// False where something that belongs to the outcome is not written down, so that the unit must be done again.
  package var isUsable = true

  package init(
    number: Int, place: ShortDigest, state: SourceState, label: Bytes, outcome: Outcome, printed: Bytes = [],
    outputs: [StoredOutput] = [], bytesIn: Int = 0, bytesOut: Int = 0, duration: Int64 = 0, supersedes: Int? = nil
  ) {
    self.number = number
    self.place = place
    self.state = state
    self.label = label
    self.outcome = outcome
    self.printed = printed
    self.outputs = outputs
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.duration = duration
    self.supersedes = supersedes
  }

  /// What observers heard of the unit when it was done.
  package var unitRecord: UnitRecord {
    var record = UnitRecord(lane: 0)
    // Stages are not written down one by one, and the times of another run mean nothing in this one.
    record.perform = UnitRecord.Stage(start: 0, end: duration)
    record.bytesIn = bytesIn
    record.bytesOut = bytesOut
    if case .failed = outcome { record.failed = true }
    return record
  }
}

/// A file that a unit became.
package struct StoredOutput: Sendable, Equatable {
  /// As the command named it.
  package var path: FilePath
  /// Bytes of the file when it was read back.
  package var size: Int
  /// SHA-256 of what was read back.
  package var digest: Bytes

  package init(path: FilePath, size: Int, digest: Bytes) {
    self.path = path
    self.size = size
    self.digest = digest
  }
}

/// How many units of a completed run were done, and how many failed.
package struct RunTotals: Sendable, Equatable {
  package var done: Int
  package var failed: Int

  package init(done: Int, failed: Int) {
    self.done = done
    self.failed = failed
  }

  /// All units of the run.
  package var units: Int { done + failed }
}

/// One record of a run file; docs/runfile.md shows each byte by byte.
package enum RunEntry: Sendable, Equatable {
  /// The run itself: the first record, and there only.
  case header(RunHeader)
  /// A unit that ended.
  case unit(UnitEntry)
  /// A result that was there before the run and was left alone.
  case found(FilePath)
  /// Records of units, counted from 0, that count no more: their inputs have changed or are gone.
  case void([Int])
  /// The run was completed; nothing follows unless it is resumed.
  case complete(RunTotals)
}

/// The order of what is written here is the format, as docs/runfile.md has it: another order is another version.
extension RunEntry {
  /// The record's payload: a byte for its kind, then its members.
  package var wire: Bytes {
    var writer = WireWriter(capacity: 256)
    switch self {
    case .header(let header):
      writer.write(UInt8(1))
      header.write(to: &writer)
    case .unit(let unit):
      writer.write(UInt8(2))
      unit.write(to: &writer)
    case .found(let path):
      writer.write(UInt8(3))
      writer.write(path)
    case .void(let ordinals):
      writer.write(UInt8(4))
      writer.write(UInt32(ordinals.count))
      for ordinal in ordinals { writer.write(ordinal) }
    case .complete(let totals):
      writer.write(UInt8(5))
      writer.write(totals.done)
      writer.write(totals.failed)
    }
    return writer.bytes
  }

  /// Throws on a payload of an unknown kind, and on one that is too short or too long.
  package init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    switch try reader.read(UInt8.self) {
    case 1: self = .header(try RunHeader(from: &reader))
    case 2: self = .unit(try UnitEntry(from: &reader))
    case 3: self = .found(try reader.readPath())
    case 4:
      var ordinals: [Int] = []
      for _ in 0..<(try reader.read(UInt32.self)) { ordinals.append(try reader.read()) }
      self = .void(ordinals)
    case 5:
      let done: Int = try reader.read()
      self = .complete(RunTotals(done: done, failed: try reader.read()))
    default: throw WireError("an unknown kind of record")
    }
    guard reader.remaining == 0 else { throw WireError("a record is longer than what it holds") }
  }
}

extension RunHeader {
  fileprivate func write(to writer: inout WireWriter) {
    writer.write(program)
    writer.write(libraries)
    writer.write(UInt32(words.count))
    for word in words { writer.write(word) }
    writer.write(directory)
    writer.write(workloadName)
    writer.write(workload)
    writer.write(started)
    writer.write(outputFolder != nil)
    if let outputFolder { writer.write(outputFolder) }
    // Left out where there is none: such headers stay as they have always been.
    guard let part else { return }
    writer.write(part.fingerprint)
    writer.write(part.shard)
    writer.write(part.first)
    writer.write(part.count)
    guard let standalone else { return }
    writer.write(standalone.shards)
    writer.write(UInt32(standalone.words.count))
    for word in standalone.words { writer.write(word) }
  }

  fileprivate init(from reader: inout WireReader) throws(WireError) {
    program = try reader.readString()
    libraries = try reader.readString()
    words = []
    for _ in 0..<(try reader.read(UInt32.self)) { words.append(try reader.readString()) }
    directory = try reader.readPath()
    workloadName = try reader.readString()
    workload = try reader.readBytes()
    started = try reader.read()
    outputFolder = try reader.readBool() ? try reader.readPath() : nil
    guard reader.remaining > 0 else { return }
    let fingerprint = try reader.readBytes()
    let shard: Int = try reader.read()
    let first: Int = try reader.read()
    part = PartBinding(fingerprint: fingerprint, shard: shard, first: first, count: try reader.read())
    guard reader.remaining > 0 else { return }
    let shards: Int = try reader.read()
    var typed: [Bytes] = []
    for _ in 0..<(try reader.read(UInt32.self)) { typed.append(try reader.readBytes()) }
    standalone = StandaloneCommand(words: typed, shards: shards)
  }
}

extension UnitEntry {
  fileprivate func write(to writer: inout WireWriter) {
    writer.write(number)
    place.write(to: &writer)
    state.write(to: &writer)
    writer.write(isUsable)
    writer.write(optional: supersedes)
    writer.write(label)
    writer.write(bytesIn)
    writer.write(bytesOut)
    writer.write(duration)
    writer.write(outcome)
    writer.write(printed)
    writer.write(UInt32(outputs.count))
    for output in outputs {
      writer.write(output.path)
      writer.write(output.size)
      writer.write(output.digest)
    }
  }

  fileprivate init(from reader: inout WireReader) throws(WireError) {
    number = try reader.read()
    place = try ShortDigest(from: &reader)
    state = try SourceState(from: &reader)
    isUsable = try reader.readBool()
    supersedes = try reader.readOptional(Int.self)
    label = try reader.readBytes()
    bytesIn = try reader.read()
    bytesOut = try reader.read()
    duration = try reader.read()
    outcome = try reader.readOutcome()
    printed = try reader.readBytes()
    outputs = []
    for _ in 0..<(try reader.read(UInt32.self)) {
      let path = try reader.readPath()
      let size: Int = try reader.read()
      outputs.append(StoredOutput(path: path, size: size, digest: try reader.readBytes()))
    }
  }
}
