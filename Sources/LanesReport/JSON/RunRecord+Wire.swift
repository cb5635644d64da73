import LanesCore

extension WireWriter {
  // Both ends are the same program, so that the order of the tables is all that they need agree on.
  fileprivate static let ofRuns = Metric.ofRuns.map(\.field)
  fileprivate static let ofProcesses = Metric.ofProcesses.map(\.field)
  fileprivate static let ofLanes = (LaneUsage.stages + LaneUsage.waits).map(\.field)

  /// Writes everything a run recorded, for a process that runs one contender and reports to another.
  package mutating func write(_ record: RunRecord) {
    write(record.setup)
    write(record.ending)
    write(Self.ofRuns, of: record)
    write(Self.ofProcesses, of: record.coordinator)
    write(each: record.workers) { $0.write(Self.ofProcesses, of: $1) }
    write(each: record.lanes) { $0.write(Self.ofLanes, of: $1) }
    write(each: record.timelines) { $0.write($1) }
    write(each: record.notes) { $0.write($1) }
  }

  private mutating func write(_ setup: EngineSetup) {
    write(setup.kind.rawValue)
    write(setup.lanes)
    // No channel has an empty name.
    write(setup.channel?.rawValue ?? "")
  }

  /// One byte for the kind, then what the kind carries.
  private mutating func write(_ ending: Ending) {
    switch ending {
    case .complete: write(UInt8(0))
    case .signalled(let signal):
      write(UInt8(1))
      write(signal)
    case .outputClosed: write(UInt8(2))
    case .halted(let reason):
      write(UInt8(3))
      write(reason)
    case .satisfied: write(UInt8(4))
    }
  }

  /// A value that may be missing has a flag in front of it; others take their bytes alone.
  private mutating func write<Root>(_ fields: [Field<Root>], of root: Root) {
    for field in fields {
      let value = field.value(of: root)
      if field.isOptional { write(optional: value) } else { write(value ?? 0) }
    }
  }

  /// The width of a slice in nanoseconds, then the slices without gaps between them.
  private mutating func write(_ timeline: LaneTimeline) {
    write(timeline.width)
    write(each: timeline.slices) { writer, slice in
      writer.write(slice.performing)
      writer.write(slice.queued)
      writer.write(slice.stalled)
      writer.write(slice.loading)
      writer.write(slice.storing)
    }
  }

  /// The count, then every element.
  private mutating func write<Element>(each elements: [Element], _ writeOne: (inout WireWriter, Element) -> Void) {
    write(UInt32(elements.count))
    for element in elements { writeOne(&self, element) }
  }
}

extension WireReader {
  /// Reads what `write(_: RunRecord)` wrote; throws on bytes that are too short or name an unknown engine.
  package mutating func readRunRecord() throws(WireError) -> RunRecord {
    var record = RunRecord(setup: try readSetup())
    record.ending = try readEnding()
    try read(WireWriter.ofRuns, into: &record)
    try read(WireWriter.ofProcesses, into: &record.coordinator)
    record.workers = try readEach { (reader) throws(WireError) in
      var usage = ProcessUsage()
      try reader.read(WireWriter.ofProcesses, into: &usage)
      return usage
    }
    record.lanes = try readEach { (reader) throws(WireError) in
      var lane = LaneUsage()
      try reader.read(WireWriter.ofLanes, into: &lane)
      return lane
    }
    record.timelines = try readEach { (reader) throws(WireError) in try reader.readTimeline() }
    record.notes = try readEach { (reader) throws(WireError) in try reader.readString() }
    return record
  }

  private mutating func readSetup() throws(WireError) -> EngineSetup {
    // Names and not positions: they do not shift when a kind is added.
    guard let kind = EngineKind(rawValue: try readString()) else { throw WireError("an unknown kind of engine") }
    let lanes: Int = try read()
    let name = try readString()
    guard name != "" else { return EngineSetup(kind: kind, lanes: lanes) }
    guard let channel = ChannelKind(rawValue: name) else { throw WireError("an unknown kind of channel") }
    return EngineSetup(kind: kind, lanes: lanes, channel: channel)
  }

  /// The numbers of `write(_: Ending)`.
  private mutating func readEnding() throws(WireError) -> Ending {
    switch try read(UInt8.self) {
    case 0: return .complete
    case 1: return .signalled(try read())
    case 2: return .outputClosed
    case 3: return .halted(try readString())
    case 4: return .satisfied
    default: throw WireError("an unknown kind of ending")
    }
  }

  /// Leaves a value that is missing as the new record has it.
  private mutating func read<Root>(_ fields: [Field<Root>], into root: inout Root) throws(WireError) {
    for field in fields {
      if let value = field.isOptional ? try readOptional(Int64.self) : try read() { field.set(value, in: &root) }
    }
  }

  /// Throws on a timeline that `LaneTimeline` itself refuses.
  private mutating func readTimeline() throws(WireError) -> LaneTimeline {
    let width: Int64 = try read()
    let slices = try readEach { (reader) throws(WireError) in
      var slice = LaneTimeline.Slice()
      slice.performing = try reader.read()
      slice.queued = try reader.read()
      slice.stalled = try reader.read()
      slice.loading = try reader.read()
      slice.storing = try reader.read()
      return slice
    }
    guard let timeline = LaneTimeline(width: width, slices: slices) else { throw WireError("an impossible timeline") }
    return timeline
  }

  /// Room is made as elements arrive, so that a false count costs nothing.
  private mutating func readEach<Element>(
    _ readOne: (inout WireReader) throws(WireError) -> Element
  ) throws(WireError) -> [Element] {
    let count = try read(UInt32.self)
    var elements: [Element] = []
    for _ in 0..<count { elements.append(try readOne(&self)) }
    return elements
  }
}
