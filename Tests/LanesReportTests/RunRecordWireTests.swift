import LanesCore
import LanesReport
import Testing

@Suite struct RunRecordWireTests {
  static let full: RunRecord = {
    var record = Samples.record(Samples.shm(2), .init(wall: 12.5, user: 3, system: 2, between: 77))
    record.unitsFailed = 3
    record.mostInFlight = 8
    record.workersLost = 1
    record.notes = ["read with io_uring", "naïve \u{1F600}"]
    var worker = ProcessUsage()
    worker.user = 5
    worker.system = 1 << 61
    worker.voluntarySwitches = 7
    worker.storageWritten = 9
    record.workers = [worker, ProcessUsage()]
    record.lanes[1].queued = 11
    record.lanes[1].stalled = 12
    record.lanes[1].transferring = 13
    record.lanes[1].startUp = 14
    record.timelines = [LaneTimeline(), LaneTimeline()]
    record.timelines[1].add(LaneTimelineTests.unit(5...90, load: 1...5, queued: 3, stalled: 2), origin: 0)
    record.pressure = PressureStall(cpu: 1 << 40, io: nil, memory: 0)
    record.proportionalPeak = 5 << 20
    return record
  }()

  @Test(arguments: [Ending.complete, .satisfied, .signalled(15), .outputClosed, .halted("the disk is full")])
  func `a record comes back as it was written`(ending: Ending) throws {
    var record = RunRecordWireTests.full
    record.ending = ending
    var writer = WireWriter()
    writer.write(record)
    var reader = WireReader(writer.bytes)
    #expect(try reader.readRunRecord() == record)
    #expect(reader.remaining == 0)
  }

  @Test(arguments: [
    Samples.serial, Samples.threads(64), Samples.pipe(3), Samples.socket(2), Samples.eventLoop, Samples.hybrid(2),
  ])
  func `every set-up comes back as it was written`(setup: EngineSetup) throws {
    var writer = WireWriter()
    writer.write(RunRecord(setup: setup))
    var reader = WireReader(writer.bytes)
    #expect(try reader.readRunRecord().setup == setup)
  }

  @Test func `a record that ends too early throws`() {
    var writer = WireWriter()
    writer.write(RunRecordWireTests.full)
    for length in 0..<writer.bytes.count {
      var reader = WireReader(Bytes(writer.bytes.prefix(length)))
      #expect(throws: WireError.self) { try reader.readRunRecord() }
    }
  }

  @Test func `an unknown engine throws`() {
    var writer = WireWriter()
    writer.write("cluster")
    var reader = WireReader(writer.bytes)
    #expect(throws: WireError("an unknown kind of engine")) { try reader.readRunRecord() }
  }
}
