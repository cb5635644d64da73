import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// Why a plan or its parts cannot be used, as one sentence that names the file.
package struct ClusterError: Error, Equatable {
  package enum Kind: Sendable {
    /// Wrong usage, or a plan that is refused; the same words would be refused again.
    case refused
    /// Something that is needed is not there.
    case missing
    /// The system would not read or write.
    case system
  }

  package let kind: Kind
  package let sentence: String

  package init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }

  static func unwritable(_ path: FilePath, _ error: SystemError) -> ClusterError {
    ClusterError(.system, "\(path.forDisplay) cannot be written: \(error.reason)")
  }

  static func unreadable(_ path: FilePath, _ error: SystemError) -> ClusterError {
    ClusterError(.system, "\(path.forDisplay) cannot be read: \(error.reason)")
  }
}

/// A batch whose units are written down before any of them is done, and cut into stretches that any machine can do.
///
/// ```
/// DIR/plan     "LANESPLN"  version: 4 bytes  length: 8  the plan: `wire`  SHA-256 of the plan
/// DIR/units    one record for each unit, as run files have them (`RecordStream`)
/// DIR/parts/   a run file for each stretch that is done
/// ```
///
/// Nothing in it depends on the machine: whoever does a stretch does the same units.
package struct FrozenPlan: Sendable, Equatable {
  /// Units that are done together, by one shard.
  package struct Stretch: Sendable, Equatable {
    package var first: Int
    package var count: Int
    /// Where the records of its units lie in the file of units.
    var offset: Int
    var bytes: Int
    /// Expected nanoseconds of one core.
    package var cost: Int
    /// SHA-256 of these records.
    var digest: Bytes
  }

  /// Bytes that the fold of a command depends on beside outcomes, such as what was skipped, by a name.
  package struct Note: Sendable, Equatable {
    package let name: String
    package let bytes: Bytes

    package init(name: String, bytes: Bytes) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// Version and commit of the program, and those of libraries that results depend on.
  package var program: String
  package var libraries: String
  /// The command's words as they were typed, byte for byte.
  package var words: [Bytes]
  /// The absolute path of the directory that names are relative to.
  package var directory: FilePath
  package var workloadName: String
  package var workload: Bytes
  package var outputFolder: OutputFolder?
  /// When planning began, by the clock of the plan's file system; nanoseconds since 1970.
  package var started: Int64
  package var notes: [Note]
  package var stretches: [Stretch] = []

  /// A plan that is not cut yet.
  package init(
    program: String, libraries: String, words: [Bytes], directory: FilePath, workload: any Workload,
    outputFolder: OutputFolder?, started: Int64, notes: [Note]
  ) {
    self.program = program
    self.libraries = libraries
    self.words = words
    self.directory = directory
    workloadName = type(of: workload).name
    self.workload = workload.description
    self.outputFolder = outputFolder
    self.started = started
    self.notes = notes
  }

  package var unitCount: Int { stretches.last.map { $0.first + $0.count } ?? 0 }
  package var cost: Int { stretches.reduce(0) { $0 + $1.cost } }

  /// SHA-256 of all that is written down, the digests of all units included; taken anew at each call.
  package var fingerprint: Bytes { wire.withUnsafeBytes { SHA256.digest($0) } }

  package func binding(of shard: Int) -> PartBinding {
    PartBinding(
      fingerprint: fingerprint, shard: shard, first: stretches[shard].first, count: stretches[shard].count)
  }

  /// True where `workload` gives the same results as that of the plan, so that its command may take the parts.
  package func means(_ workload: any Workload) -> Bool {
    guard workloadName == type(of: workload).name else { return false }
    if self.workload == workload.description { return true }
    var reader = WireReader(self.workload)
    // Descriptions may differ in what does not show in results; identities leave that out.
    guard let own: any Workload = try? type(of: workload).init(from: &reader) else { return false }
    return own.identity == workload.identity
  }

  package func note(_ name: String) -> Bytes? { notes.first { $0.name == name }?.bytes }
}

extension FrozenPlan {
  static let magic = Bytes("LANESPLN".utf8)
  /// Of the plan and of its units together.
  static let version: UInt32 = 1
  /// Magic, version and length.
  private static let headBytes = 20

  /// Where the parts of a plan lie in its folder.
  package static func planFile(_ folder: FilePath) -> FilePath { folder.appending("plan") }
  package static func unitsFile(_ folder: FilePath) -> FilePath { folder.appending("units") }
  package static func partsFolder(_ folder: FilePath) -> FilePath { folder.appending("parts") }

  /// The plan as a file, whole.
  var file: Bytes {
    let wire = wire
    var writer = WireWriter()
    writer.write(Self.version)
    writer.write(wire.count)
    return Self.magic + writer.bytes + wire + wire.withUnsafeBytes { SHA256.digest($0) }
  }

  /// Reads the plan in `folder` and checks all of it, but for its units.
  package static func read(_ folder: FilePath) throws(ClusterError) -> FrozenPlan {
    let path = planFile(folder)
    let bytes: Bytes
    do throws(SystemError) {
      let file = try StoredFile(path)
      bytes = try file.read(try file.size(), at: 0)
    } catch  where error.isMissing {
      throw ClusterError(.refused, "\(folder.forDisplay) holds no plan: make one with lanes plan DIR -- COMMAND")
    } catch {
      throw .unreadable(path, error)
    }
    func damaged(_ reason: String) -> ClusterError {
      ClusterError(.refused, "\(path.forDisplay) is damaged (\(reason)): plan the batch anew in another folder")
    }
    guard bytes.starts(with: magic), bytes.count >= headBytes else { throw damaged("it begins as no plan does") }
    var reader = WireReader(Bytes(bytes.dropFirst(magic.count)))
    guard let version: UInt32 = try? reader.read(), let length: Int = try? reader.read() else {
      throw damaged("it ends too early")
    }
    guard version == Self.version else {
      throw ClusterError(
        .refused, "\(path.forDisplay) has version \(version) of the format of plans, not \(Self.version)")
    }
    guard length >= 0, bytes.count == headBytes + length + SHA256.byteCount else {
      throw damaged("its length is another")
    }
    let wire = Bytes(bytes[headBytes..<headBytes + length])
    guard wire.withUnsafeBytes({ SHA256.digest($0) }).elementsEqual(bytes.suffix(SHA256.byteCount)) else {
      throw damaged("its checksum is another")
    }
    do { return try FrozenPlan(wire: wire) } catch { throw damaged(error.reason) }
  }

  /// Throws unless the records of a stretch are those that were planned.
  package func check(_ shard: Int, in units: any RunFileSource, _ folder: FilePath) throws(ClusterError) {
    let stretch = stretches[shard]
    let path = Self.unitsFile(folder)
    do throws(RunFileError) {
      var stream = RecordStream(units, from: stretch.offset, to: stretch.offset + stretch.bytes)
      let digest = try SHA256.digest { (add) throws(RunFileError) in
        while let record = try stream.next() { record.withUnsafeBytes(add) }
      }
      guard digest == stretch.digest else { throw .damaged(offset: stretch.offset, "other units were planned") }
    } catch {
      if case .system(let error) = error { throw .unreadable(path, error) }
      throw ClusterError(.refused, "\(path.forDisplay) \(error.reason): plan the batch anew in another folder")
    }
  }

  /// The file of all units.
  package static func openUnits(_ folder: FilePath) throws(ClusterError) -> StoredFile {
    do { return try StoredFile(unitsFile(folder)) } catch { throw .unreadable(unitsFile(folder), error) }
  }

  func units(of shard: Int, in source: any RunFileSource) -> RecordStream {
    let stretch = stretches[shard]
    return RecordStream(source, from: stretch.offset, to: stretch.offset + stretch.bytes)
  }
}

extension FrozenPlan {
  var wire: Bytes {
    var writer = WireWriter()
    writer.write(program)
    writer.write(libraries)
    writer.write(UInt32(words.count))
    for word in words { writer.write(word) }
    writer.write(directory)
    writer.write(workloadName)
    writer.write(workload)
    writer.write(outputFolder != nil)
    if let outputFolder {
      writer.write(outputFolder.path)
      writer.write(mirror: outputFolder.mirror)
    }
    writer.write(started)
    writer.write(UInt32(notes.count))
    for note in notes {
      writer.write(note.name)
      writer.write(note.bytes)
    }
    writer.write(UInt32(stretches.count))
    for stretch in stretches {
      for number in [stretch.first, stretch.count, stretch.offset, stretch.bytes, stretch.cost] { writer.write(number) }
      writer.write(stretch.digest)
    }
    return writer.bytes
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    program = try reader.readString()
    libraries = try reader.readString()
    words = []
    for _ in 0..<(try reader.read(UInt32.self)) { words.append(try reader.readBytes()) }
    directory = try reader.readPath()
    workloadName = try reader.readString()
    workload = try reader.readBytes()
    if try reader.readBool() {
      let path = try reader.readPath()
      outputFolder = OutputFolder(path: path, mirror: try reader.readMirror())
    }
    started = try reader.read()
    notes = []
    for _ in 0..<(try reader.read(UInt32.self)) {
      let name = try reader.readString()
      notes.append(Note(name: name, bytes: try reader.readBytes()))
    }
    stretches = []
    for _ in 0..<(try reader.read(UInt32.self)) {
      let first: Int = try reader.read()
      let count: Int = try reader.read()
      let offset: Int = try reader.read()
      let bytes: Int = try reader.read()
      let cost: Int = try reader.read()
      stretches.append(
        Stretch(first: first, count: count, offset: offset, bytes: bytes, cost: cost, digest: try reader.readBytes()))
    }
    guard reader.remaining == 0 else { throw WireError("it is longer than what it holds") }
  }
}
