import LanesCore

extension WireWriter {
  /// Writes everything a run recorded, for a process that runs one contender and reports to another.
  package mutating func write(_ record: RunRecord) {
    write(record.setup)
    write(record.ending)
    write(record.unitsDone)
    write(record.unitsFailed)
    write(record.mostInFlight)
    write(record.wall)
    write(record.coordinator)
    write(each: record.workers) { $0.write($1) }
    write(record.bytesIn)
    write(record.bytesOut)
    write(record.bytesBetween)
    write(each: record.lanes) { $0.write($1) }
    write(each: record.timelines) { $0.write($1) }
    write(record.pressure != nil)
    if let pressure = record.pressure { write(pressure) }
    write(optional: record.proportionalPeak)
    write(record.workersLost)
    write(each: record.notes) { $0.write($1) }
  }

  private mutating func write(_ setup: EngineSetup) {
    write(setup.kind.rawValue)
    write(setup.lanes)
    write(setup.channel?.rawValue ?? "")
  }

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

  private mutating func write(_ usage: ProcessUsage) {
    write(usage.user)
    write(usage.system)
    write(usage.voluntarySwitches)
    write(usage.involuntarySwitches)
    write(usage.minorFaults)
    write(usage.majorFaults)
    write(optional: usage.peakMemory)
    write(optional: usage.storageRead)
    write(optional: usage.storageWritten)
  }

  private mutating func write(_ lane: LaneUsage) {
    write(lane.units)
    write(lane.loading)
    write(lane.performing)
    write(lane.storing)
    write(lane.queued)
    write(lane.stalled)
    write(lane.transferring)
    write(optional: lane.startUp)
  }

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

  private mutating func write(_ pressure: PressureStall) {
    write(optional: pressure.cpu)
    write(optional: pressure.io)
    write(optional: pressure.memory)
  }

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
    record.unitsDone = try read()
    record.unitsFailed = try read()
    record.mostInFlight = try read()
    record.wall = try read()
    record.coordinator = try readUsage()
    record.workers = try readEach { (reader) throws(WireError) in try reader.readUsage() }
    record.bytesIn = try read()
    record.bytesOut = try read()
    record.bytesBetween = try read()
    record.lanes = try readEach { (reader) throws(WireError) in try reader.readLane() }
    record.timelines = try readEach { (reader) throws(WireError) in try reader.readTimeline() }
    if try readBool() { record.pressure = try readPressure() }
    record.proportionalPeak = try readOptional()
    record.workersLost = try read()
    record.notes = try readEach { (reader) throws(WireError) in try reader.readString() }
    return record
  }

  private mutating func readSetup() throws(WireError) -> EngineSetup {
    guard let kind = EngineKind(rawValue: try readString()) else { throw WireError("an unknown kind of engine") }
    let lanes: Int = try read()
    let name = try readString()
    guard name != "" else { return EngineSetup(kind: kind, lanes: lanes) }
    guard let channel = ChannelKind(rawValue: name) else { throw WireError("an unknown kind of channel") }
    return EngineSetup(kind: kind, lanes: lanes, channel: channel)
  }

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

  private mutating func readUsage() throws(WireError) -> ProcessUsage {
    var usage = ProcessUsage()
    usage.user = try read()
    usage.system = try read()
    usage.voluntarySwitches = try read()
    usage.involuntarySwitches = try read()
    usage.minorFaults = try read()
    usage.majorFaults = try read()
    usage.peakMemory = try readOptional()
    usage.storageRead = try readOptional()
    usage.storageWritten = try readOptional()
    return usage
  }

  private mutating func readLane() throws(WireError) -> LaneUsage {
    var lane = LaneUsage()
    lane.units = try read()
    lane.loading = try read()
    lane.performing = try read()
    lane.storing = try read()
    lane.queued = try read()
    lane.stalled = try read()
    lane.transferring = try read()
    lane.startUp = try readOptional()
    return lane
  }

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

  private mutating func readPressure() throws(WireError) -> PressureStall {
    var pressure = PressureStall()
    pressure.cpu = try readOptional()
    pressure.io = try readOptional()
    pressure.memory = try readOptional()
    return pressure
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
