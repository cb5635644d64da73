import SystemPackage

/// The smallest piece of a batch that is handed out: an image, a slice of a file, an interval of integers.
///
/// A value in one piece of memory that copies share until one of them is changed: a unit passes through half a dozen lists
/// on its way, and copying its text, task and paths each time took as long as reading a small file.
package struct Unit: Sendable {
  private final class Fields: @unchecked Sendable {
    // Sendable: changed only while one unit alone refers to it.
    var number: Int
    var label: Label
    var task: Bytes
    var source: Source
    let sink: Sink
    let hasSink: Bool
    let isPrinted: Bool
    let isDelivered: Bool
    let expectedInput: Int
    let expectedMemory: Int
    let expectedTime: Int
    var stamp: FileStamp?

    init(
      _ number: Int, _ label: Label, _ task: Bytes, _ source: Source, _ sink: Sink, _ input: Int, _ memory: Int,
      _ time: Int
    ) {
      self.number = number
      self.label = label
      self.task = task
      self.source = source
      self.sink = sink
      isPrinted = sink == .standardOutput
      isDelivered = isPrinted || sink == .fold
      hasSink = sink != .none && sink != .fold
      // So that the sizes of all units in flight can be added up, whatever sparse files claim.
      expectedInput = min(input, 1 << 55)
      expectedMemory = min(memory, 1 << 55)
      expectedTime = time
    }

    var holdsBytes: Bool { if case .bytes = source { true } else { false } }
    var headLimit: Int? { if case .head(_, let limit) = source { limit } else { nil } }

    func copy() -> Fields {
      let copy = Fields(number, label, task, source, sink, expectedInput, expectedMemory, expectedTime)
      copy.stamp = stamp
      return copy
    }
  }

  /// A path becomes text when somebody asks, which for most units nobody does.
  private enum Label {
    case text(String)
    case path(FilePath)
  }

  private var fields: Fields

  package init(
    number: Int, label: String, task: Bytes = [], source: Source = .none, sink: Sink = .none,
    expectedInput: Int = 0, expectedMemory: Int = 0, expectedTime: Int = 0
  ) {
    fields = Fields(number, .text(label), task, source, sink, expectedInput, expectedMemory, expectedTime)
  }

  /// A unit that is called what `path` is for a person.
  package init(
    number: Int, path: FilePath, task: Bytes = [], source: Source = .none, sink: Sink = .none,
    expectedInput: Int = 0, expectedMemory: Int = 0, expectedTime: Int = 0
  ) {
    fields = Fields(number, .path(path), task, source, sink, expectedInput, expectedMemory, expectedTime)
  }

  private mutating func own() {
    if !isKnownUniquelyReferenced(&fields) { fields = fields.copy() }
  }

  /// Position in the batch, from 0 and without gaps; results are delivered in this order.
  package var number: Int {
    get { fields.number }
    set {
      own()
      fields.number = newValue
    }
  }

  /// What messages and timelines call the unit: a path, an interval.
  package var label: String {
    get {
      switch fields.label {
      case .text(let text): text
      case .path(let path): path.forDisplay
      }
    }
    set {
      own()
      fields.label = .text(newValue)
    }
  }

  /// The workload's own description of the unit; engines carry it and never look inside.
  package var task: Bytes {
    get { fields.task }
    set {
      own()
      fields.task = newValue
    }
  }

  package var source: Source {
    get { fields.source }
    set {
      own()
      fields.source = newValue
    }
  }

  /// The source's file as it was when the unit was planned; nil where nobody looked. No part of what is to be done.
  package var stamp: FileStamp? {
    get { fields.stamp }
    set {
      own()
      fields.stamp = newValue
    }
  }

  /// Lends the label as bytes without making text of a path.
  package func withLabelBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    switch fields.label {
    case .text(var text): text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    case .path(let path): path.withPlatformString { body(UnsafeRawBufferPointer(start: $0, count: path.length)) }
    }
  }

  /// The label as bytes: those of the path as the file system knows it, where the unit is called by one.
  package var labelBytes: Bytes {
    switch fields.label {
    case .text(let text): Bytes(text.utf8)
    case .path(let path): path.rawBytes
    }
  }

  package var sink: Sink { fields.sink }

  /// True where the unit writes a result, as opposed to what its fold alone reads. Asked of every unit, and so answered without
  /// copying the sink.
  package var hasSink: Bool { fields.hasSink }

  /// True where the unit writes to standard output.
  package var isPrinted: Bool { fields.isPrinted }

  /// True where the coordinating thread takes the output in unit order, for standard output or for the fold.
  package var isDelivered: Bool { fields.isDelivered }

  /// True where the plan has read what the unit works on, which takes memory as long as it waits.
  package var holdsBytes: Bool { fields.holdsBytes }

  /// True where the unit's file may turn out too large for it. Asked of every unit, and so answered without copying the source.
  package var mayBeOutgrown: Bool { fields.headLimit != nil }

  /// True where so many bytes of its file are more than the unit may have.
  package func isOutgrown(by count: Int) -> Bool { fields.headLimit.map { count > $0 } ?? false }

  /// Lets go of them, when the unit is done.
  package mutating func forgetBytes() { if holdsBytes { source = .none } }

  /// Bytes the source is expected to hold, for budgets and batching; 0 when nothing is read.
  package var expectedInput: Int { fields.expectedInput }

  /// Bytes of memory that performing is expected to need beside input and output, for budgets.
  package var expectedMemory: Int { fields.expectedMemory }

  /// Nanoseconds of one core that performing is expected to take, by which a plan is cut into shares of equal work; 0 where
  /// the plan says nothing.
  package var expectedTime: Int { fields.expectedTime }

  /// The path that the unit is called by, where it is called by one.
  package var labelPath: FilePath? { if case .path(let path) = fields.label { path } else { nil } }
}

extension Unit: Equatable {
  package static func == (one: Unit, other: Unit) -> Bool {
    one.number == other.number && one.label == other.label && one.task == other.task && one.source == other.source
      && one.sink == other.sink && one.expectedInput == other.expectedInput
      && one.expectedMemory == other.expectedMemory
  }
}

/// What a unit reads; the engine loads it before the unit is performed.
package enum Source: Sendable, Equatable {
  case none
  /// Bytes that the plan already holds, such as a piece of standard input.
  case bytes(Bytes)
  /// A whole file, read to its end.
  case file(FilePath)
  /// A whole file whose size nobody has asked for. Where it has more than `limit` bytes engines perform nothing: the unit is done
  /// with an empty partial result, and whoever planned it makes other units of the file.
  case head(FilePath, limit: Int)
  /// Several whole files, for a unit that holds them against each other: one behind the other, and after all of them the
  /// length of each (`JoinedFiles`).
  case files([FilePath])
  /// Part of a regular file, read piece by piece where engine and workload can.
  case slice(FileSlice)

  /// True when the engine takes whole files into memory.
  package var isWhole: Bool {
    switch self {
    case .file, .head, .files: true
    case .none, .bytes, .slice: false
    }
  }

  /// True when performing may wait for the file itself, because it is mapped or read piece by piece.
  package var isSlice: Bool { if case .slice = self { true } else { false } }
}

/// How a slice of a file comes to the lane that performs it.
package enum SliceAccess: UInt8, Sendable {
  /// Read or mapped, whichever has cost the lane less time of its processor so far.
  case measured
  /// Mapped, where the engine and the file system can.
  case mapped
  /// Read, whatever it costs.
  case read

  package init(from reader: inout WireReader) throws(WireError) {
    guard let access = SliceAccess(rawValue: try reader.read()) else { throw WireError("an unknown access to a slice") }
    self = access
  }
}

/// A half-open range of bytes of one regular file, and how to know that it is still the same file.
package struct FileSlice: Sendable, Equatable {
  package var path: FilePath
  /// First byte, from 0.
  package var offset: Int
  /// Number of bytes.
  package var length: Int
  package var identity: FileIdentity
  package var access: SliceAccess

  package init(
    path: FilePath, offset: Int, length: Int, identity: FileIdentity, access: SliceAccess = .measured
  ) {
    self.access = access
    self.path = path
    self.offset = offset
    self.length = length
    self.identity = identity
  }

  /// Throws unless a file of this identity and size is the one that was planned and still holds the slice.
  package func check(_ identity: FileIdentity, size: Int) throws(UnitFailure) {
    guard identity == self.identity else {
      throw UnitFailure(.input, "another file took its place while it was read")
    }
    guard size >= offset + length else { throw .cutShort(at: size) }
  }
}

/// Device and inode: two paths with equal identities name one file.
package struct FileIdentity: Sendable, Hashable {
  package let device: UInt64
  package let inode: UInt64

  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }
}

/// What tells one state of a file from another: which file it is, its size in bytes, and when its contents were last
/// changed, in nanoseconds since 1970.
package struct FileStamp: Sendable, Hashable {
  package let identity: FileIdentity
  package let size: Int
  package let modified: Int64

  package init(identity: FileIdentity, size: Int, modified: Int64) {
    self.identity = identity
    self.size = size
    self.modified = modified
  }
}

/// Where a unit's output goes; the engine stores it after the unit was performed.
package enum Sink: Sendable, Equatable {
  case none
  /// Standard output, in unit order whatever order units end in.
  case standardOutput
  /// The fold, together with the outcome: a partial result that is too large to be copied again and again on its way.
  case fold
  /// One file, which appears under its name only when it is complete.
  case file(Destination)
  /// Several files: the unit ends a part of its output for each of them, in this order.
  case files([Destination])
}

/// A file to be made, and what to do when its name is taken.
package struct Destination: Sendable, Equatable {
  package var path: FilePath
  /// True replaces an existing file; false fails the unit.
  package var replacesExisting: Bool
  /// Of a new file, less the umask; a file that is replaced keeps its own.
  package var permissions: UInt16
  /// True takes an existing file for the result where it holds the very same bytes.
  package var acceptsSame = false
  /// What new folders on the way to the file look like; nil for the usual permissions.
  package var mirror: FolderMirror?
  /// How many of the folders on the way to the file, counted from its own upwards, must not be symbolic links: those below
  /// the destination that was asked for.
  package var depth = 0
  /// What the file's times are set to when it is complete; nil leaves them as they come.
  package var times: FileTimes?

  /// Read and write for everybody, as far as the umask allows.
  package static let usualPermissions: UInt16 = 0o666

  package init(
    path: FilePath, replacesExisting: Bool, permissions: UInt16 = Self.usualPermissions, times: FileTimes? = nil,
    mirror: FolderMirror? = nil
  ) {
    self.path = path
    self.replacesExisting = replacesExisting
    self.permissions = permissions
    self.times = times
    self.mirror = mirror
  }

  /// Allows for what the run that is gone on with has left under the name: its own result may be replaced, what may be its
  /// own is taken when it is the same.
  package mutating func take(_ origin: ResultOrigin) {
    switch origin {
    case .foreign: break
    case .recorded: replacesExisting = true
    case .unrecorded: acceptsSame = true
    }
  }
}

/// A file whose folders give their permissions, less the umask, to those that are made for another file.
package struct FolderMirror: Sendable, Equatable {
  package var file: FilePath
  /// How many folders have a counterpart, from that of the file upwards.
  package var depth: Int

  package init(file: FilePath, depth: Int) {
    self.file = file
    self.depth = depth
  }

  /// The counterpart of the file's folder; nil when there is none.
  package var folder: FilePath? { depth > 0 ? file.removingLastComponent() : nil }

  /// The same for the folder above.
  package var above: FolderMirror { FolderMirror(file: file.removingLastComponent(), depth: depth - 1) }
}

/// When a file was last read and changed, in nanoseconds since 1970.
package struct FileTimes: Sendable, Equatable {
  package var accessed: Int64
  package var modified: Int64

  package init(accessed: Int64, modified: Int64) {
    self.accessed = accessed
    self.modified = modified
  }
}
