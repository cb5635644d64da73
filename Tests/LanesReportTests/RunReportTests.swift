import LanesCore
import LanesReport
import Testing

@Suite struct RunReportTests {
  @Test func `JSON names every figure with its unit`() {
    var record = RunRecord(setup: Samples.shm(1))
    record.unitsDone = 2
    record.wall = 100
    record.coordinator.user = 10
    record.workers = [ProcessUsage()]
    record.lanes = [LaneUsage()]
    record.lanes[0].performing = 60
    record.lanes[0].loading = 90
    record.lanes[0].queued = 1
    record.lanes[0].stalled = 2
    record.lanes[0].transferring = 3
    record.pressure = PressureStall(cpu: 7)
    record.notes = ["a \"note\""]
    let figures =
      #""voluntary_switches":0,"involuntary_switches":0,"minor_faults":0,"major_faults":0,"#
      + #""peak_memory_bytes":null,"storage_read_bytes":null,"storage_written_bytes":null"#
    #expect(
      RunJSON.line(record) == #"{"engine":"processes/shm ×1","mode":"processes","lanes":1,"ipc":"shm","#
        + #""ending":"complete","units_done":2,"units_failed":0,"workers_lost":0,"wall_ns":100,"#
        + #""user_ns":10,"system_ns":0,\#(figures),"in_bytes":0,"out_bytes":0,"between_bytes":0,"#
        + #""cpu_pressure_ns":7,"io_pressure_ns":null,"memory_pressure_ns":null,"#
        + #""coordinator":{"user_ns":10,"system_ns":0,\#(figures)},"#
        + #""workers":[{"user_ns":0,"system_ns":0,\#(figures)}],"#
        + #""per_lane":[{"units":0,"loading_ns":90,"performing_ns":60,"storing_ns":0,"idle_ns":40,"#
        + #""queued_ns":1,"stalled_ns":2,"transferring_ns":3,"start_up_ns":null}],"#
        + #""notes":["a \"note\""]}"#)
  }

  @Test(arguments: [
    (Ending.signalled(2), #""ending":"signalled","signal":2,"#), (.outputClosed, #""ending":"output closed","#),
    (.satisfied, #""ending":"satisfied","#), (.halted("disk\nfull"), #""ending":"halted","reason":"disk\nfull","#),
  ])
  func `JSON says how a run ended`(ending: Ending, json: String) {
    var record = RunRecord(setup: Samples.serial)
    record.ending = ending
    #expect(RunJSON.line(record).contains(json))
  }

  @Test func `the text block holds every figure`() {
    var record = Samples.record(
      Samples.threads(2),
      .init(
        wall: 1_240, user: 2_110, system: 310, voluntary: 1_204, involuntary: 31, minor: 20_511, major: 4,
        between: 0, storageRead: nil, loading: 0.1, storing: 0.1))
    record.unitsFailed = 2
    record.notes = ["the queue held 4 units"]
    #expect(
      StatsText.lines(record) == [
        "threads ×2: 100 units done, 2 failed",
        "  wall       1.24 s",
        "  processor  2.11 s user, 310 ms system, 98% of 2 lanes",
        "  switches   1,204 voluntary, 31 involuntary",
        "  faults     20,511 minor, 4 major",
        "  memory     24.0 MiB peak",
        "  bytes      400 MiB in, 10.0 MiB out, 0 B between processes",
        "  storage    unknown read, 0 B written",
        "  lane  units  load  perform  store  idle",
        "     1     50    9%      72%     9%   10%",
        "     2     50    9%      72%     9%   10%",
        "  note: the queue held 4 units",
      ])
  }

  @Test func `the text block shows each worker and those that were lost`() {
    let lines = StatsText.lines(RunRecordWireTests.full)
    #expect(lines.contains("  memory     unknown peak: coordinator 24.0 MiB, workers unknown, unknown"))
    #expect(lines.last == "  note: 1 worker process died and had to be replaced")
  }

  @Test func `loading beside the lane is not the lane's busy time`() {
    let figures = Samples.Figures(wall: 100, user: 50, loading: 0.5)
    let inside = LaneShare.all(of: Samples.record(Samples.serial, figures))[0]
    let beside = LaneShare.all(of: Samples.record(Samples.shm(1), figures))[0]
    #expect(inside.idle == 10_000_000)
    #expect(beside.idle == 55_000_000)
  }
}
