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
        + #""ring_submitted":null,"ring_completed":null,"ring_calls":null,"#
        + #""cpu_pressure_ns":7,"io_pressure_ns":null,"memory_pressure_ns":null,"process_id":null,"#
        + #""coordinator":{"user_ns":10,"system_ns":0,\#(figures)},"#
        + #""workers":[{"user_ns":0,"system_ns":0,\#(figures)}],"#
        + #""per_lane":[{"units":0,"loading_ns":90,"performing_ns":60,"storing_ns":0,"idle_ns":40,"#
        + #""queued_ns":1,"stalled_ns":2,"transferring_ns":3,"start_up_ns":null,"task_id":null}],"#
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

  @Test func `the text block names processes and threads where they are known`() {
    var record = Samples.record(Samples.threads(2), .init(wall: 10, user: 10))
    record.process = 4_321
    record.lanes[0].task = 4_322
    record.lanes[1].task = 4_323
    let lines = StatsText.lines(record)
    #expect(lines.contains("  process    4321"))
    #expect(lines.contains { $0.hasPrefix("  lane") && $0.hasSuffix("idle   TID") })
    #expect(lines.contains { $0.hasPrefix("     2 ") && $0.hasSuffix(" 4323") })
    record.setup = Samples.shm(2)
    record.lanes[1].task = nil
    let workers = StatsText.lines(record)
    #expect(workers.contains("  process    4321, which coordinates the worker processes below"))
    #expect(workers.contains { $0.hasSuffix("idle   PID") } && workers.contains { $0.hasSuffix("   –") })
  }

  @Test func `the text block counts what went through io_uring, and is silent without`() {
    var record = Samples.record(Samples.threads(2), .init(wall: 10, user: 10))
    #expect(!StatsText.lines(record).contains { $0.contains("io_uring") })
    record.ring = RingTraffic(submitted: 0, completed: 0, calls: 0)
    #expect(!StatsText.lines(record).contains { $0.contains("io_uring") })
    record.ring = RingTraffic(submitted: 1_200, completed: 1_200, calls: 40)
    #expect(StatsText.lines(record).contains("  io_uring   1,200 submitted, 1,200 completed, 40 calls"))
  }

  @Test(arguments: [40, 60, 79, 200]) func `what to watch a run with fits the terminal`(width: Int) {
    let alone = WatchText.lines(process: 4_194_303, width: width)
    #expect(alone[0].hasPrefix("lanes: process 4194303"))
    #expect(
      alone.contains { $0.contains("ls /proc/4194303/task") }
        && alone.contains { $0.contains("strace -f -c -p 4194303") })
    let many = WatchText.lines(process: 4_194_303, workers: Array(4_194_100..<4_194_200), width: width)
    #expect(many.joined(separator: " ").contains("workers 4194100, 4194101,"))
    #expect(many.contains { $0.contains("ps -fL -p 4194303 --ppid 4194303") })
    for line in alone + many { #expect(line.count <= width, "\(line)") }
    // The meanings stand where there is room.
    #expect(width < 60 || alone.contains { $0.hasSuffix("its threads") })
    #expect(
      WatchText.lines(process: 7, workers: [8], width: 79)[0].hasPrefix("lanes: process 7, worker 8; while they run"))
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
