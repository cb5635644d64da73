import LanesCore

/// Descriptor numbers in a worker: frames in, frames out (the same socket under both where there is one), a socket for files it is given, and per slot one region for
/// inputs and one for outputs.
enum WorkerDescriptors {
  /// Numbers 0 to 2 are the standard streams.
  static let orders: Int32 = 3
  static let replies: Int32 = 4
  /// A socket, since only sockets can pass descriptors (unix(7), SCM_RIGHTS).
  static let passage: Int32 = 5
  /// From here on the slots' regions, and nothing without shared memory.
  static let firstRegion: Int32 = 6
  /// Two slots: loading and storing one overlaps performing the other.
  static let slots = 2
  /// Regions of a slot lie side by side: input, then output.
  static func input(_ slot: Int) -> Int32 { firstRegion + Int32(slot * 2) }
  static func output(_ slot: Int) -> Int32 { firstRegion + Int32(slot * 2 + 1) }
}

/// What a worker needs to know before the first unit.
struct Hello {
  let channel: ChannelKind
  /// The time that one unit may take; nil for any.
  let timeout: Duration?
  let isolation: IsolationLevel
  let workloadName: String
  /// What the workload wrote of itself, to be rebuilt from.
  let description: Bytes

  var bytes: Bytes {
    var writer = WireWriter()
    // Kinds travel by name. The reader takes members in the same order.
    writer.write(channel.rawValue)
    writer.write(optional: timeout?.nanoseconds)
    writer.write(isolation.rawValue)
    writer.write(workloadName)
    writer.write(description)
    return writer.bytes
  }

  init(channel: ChannelKind, timeout: Duration?, isolation: IsolationLevel, workload: any Workload) {
    self.channel = channel
    self.timeout = timeout
    self.isolation = isolation
    workloadName = type(of: workload).name
    var writer = WireWriter()
    workload.describe(to: &writer)
    description = writer.bytes
  }

  init(_ bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    guard let channel = ChannelKind(rawValue: try reader.readString()) else { throw WireError("an unknown channel") }
    self.channel = channel
    timeout = try reader.readOptional(Int64.self).map { .nanoseconds($0) }
    guard let isolation = IsolationLevel(rawValue: try reader.readString()) else {
      throw WireError("an unknown level of isolation")
    }
    self.isolation = isolation
    workloadName = try reader.readString()
    description = try reader.readBytes()
  }
}

/// One unit as a worker sees it.
struct UnitRequest {
  /// Where the worker finds the input.
  enum Input {
    case none
    /// In the frame's payload (pipe, socket) or the slot's input region (shm).
    case at(offset: Int, length: Int)
    /// In a file that the worker is given, in the order of these units, and maps itself; its path is empty.
    case slice(FileSlice)

    /// True for a slice of a file, which may be waited for while the unit is performed.
    var isMapped: Bool { if case .slice = self { true } else { false } }
  }

  let number: Int
  let label: String
  let task: Bytes
  let input: Input

  func write(to writer: inout WireWriter) {
    writer.write(number)
    writer.write(label)
    writer.write(task)
    switch input {
    // A byte for the kind of input, then where it lies.
    case .none: writer.write(UInt8(0))
    case .at(let offset, let length):
      writer.write(UInt8(1))
      writer.write(offset)
      writer.write(length)
    case .slice(let slice):
      writer.write(UInt8(2))
      writer.write(slice.offset)
      writer.write(slice.length)
      // The identity lets the worker see that the file it is handed is the one that was planned.
      writer.write(slice.identity.device)
      writer.write(slice.identity.inode)
      writer.write(slice.access.rawValue)
    }
  }

  init(number: Int, label: String, task: Bytes, input: Input) {
    self.number = number
    self.label = label
    self.task = task
    self.input = input
  }

  init(from reader: inout WireReader) throws(WireError) {
    number = try reader.read()
    label = try reader.readString()
    task = try reader.readBytes()
    switch try reader.read(UInt8.self) {
    case 0: input = .none
    case 1:
      let offset = try reader.read(Int.self)
      input = .at(offset: offset, length: try reader.read())
    default:
      let offset = try reader.read(Int.self)
      let length = try reader.read(Int.self)
      let device = try reader.read(UInt64.self)
      let identity = FileIdentity(device: device, inode: try reader.read())
      input = .slice(
        FileSlice(
          path: "", offset: offset, length: length, identity: identity, access: try SliceAccess(from: &reader)))
    }
  }
}

/// How one unit ended in a worker.
struct Reply {
  let slot: Int
  let number: Int
  /// What the worker knows: the performing and the bytes of the input.
  let times: UnitRecord
  let outcome: Outcome
  /// Where the output lies: in the frame's payload (pipe, socket) or the slot's output region (shm).
  let outputOffset: Int
  let outputLength: Int
  /// Where the output's parts end, for a sink of several files.
  let partEnds: [Int]

  func write(to writer: inout WireWriter) {
    writer.write(UInt8(slot))
    writer.write(number)
    // Lane, loading and storing are measured by the coordinator.
    writer.write(times.perform.start)
    writer.write(times.perform.end)
    writer.write(times.queued)
    writer.write(times.stalled)
    writer.write(times.bytesIn)
    writer.write(outcome)
    writer.write(outputOffset)
    writer.write(outputLength)
    writer.write(UInt32(partEnds.count))
    for end in partEnds { writer.write(end) }
  }

  init(
    slot: Int, number: Int, times: UnitRecord, outcome: Outcome, outputOffset: Int, outputLength: Int,
    partEnds: [Int]
  ) {
    self.slot = slot
    self.number = number
    self.times = times
    self.outcome = outcome
    self.outputOffset = outputOffset
    self.outputLength = outputLength
    self.partEnds = partEnds
  }

  init(from reader: inout WireReader) throws(WireError) {
    // Whether slot and unit exist is for the coordinator to check, which knows what it sent.
    slot = Int(try reader.read(UInt8.self))
    number = try reader.read()
    var times = UnitRecord(lane: 0)
    times.perform.start = try reader.read()
    times.perform.end = try reader.read()
    times.queued = try reader.read()
    times.stalled = try reader.read()
    times.bytesIn = try reader.read()
    self.times = times
    outcome = try reader.readOutcome()
    outputOffset = try reader.read()
    outputLength = try reader.read()
    // From here on the sum of the two can be taken without a trap.
    guard outputOffset >= 0, outputLength >= 0, !outputOffset.addingReportingOverflow(outputLength).overflow else {
      throw WireError("an impossible output")
    }
    var ends: [Int] = []
    // A false count ends with the body at the latest.
    for _ in 0..<(try reader.read(UInt32.self)) { ends.append(try reader.read()) }
    partEnds = ends
  }
}

/// A worker's last words: what only it can read about itself.
struct Farewell {
  /// Its own figures alone are set; what the kernel counts for a process that has ended is read by who started it.
  let usage: ProcessUsage
  /// Nanoseconds spent on receiving and sending payloads.
  let transferring: Int64

  /// What the worker itself knows when it ends.
  init(_ usage: ProcessUsage, transferring: Int64) {
    self.transferring = transferring
    self.usage = usage
  }

  var bytes: Bytes {
    var writer = WireWriter()
    for figure in Self.figures { writer.write(optional: figure.value(of: usage)) }
    writer.write(transferring)
    return writer.bytes
  }

  init(_ bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    var usage = ProcessUsage()
    for figure in Self.figures {
      guard let value = try reader.readOptional(Int64.self) else { continue }
      figure.set(try Self.possible(value), in: &usage)
    }
    self.usage = usage
    transferring = try Self.possible(try reader.read())
  }

  /// What the kernel counts is never missing; the optional fields are those that a process reads about itself.
  private static let figures = Metric.ofProcesses.map(\.field).filter(\.isOptional)

  /// Sums of such figures stay far from the largest integer.
  private static func possible(_ value: Int64) throws(WireError) -> Int64 {
    guard (0..<1 << 53).contains(value) else { throw WireError("an impossible figure") }
    return value
  }
}
