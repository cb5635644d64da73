import LanesCore
import LanesReport
import Testing

@Suite struct ComparisonTests {
  @Test func `figures are medians and are measured against serial`() {
    let comparison = Comparison(Samples.computing)
    let threads = comparison.entries[1]
    #expect(comparison.baseline?.setup == Samples.serial)
    #expect(comparison.fastest == threads)
    #expect(threads.wall.median == 2_060e6)
    #expect(abs((threads.speedUp ?? 0) - 4_000 / 2_060) < 1e-9)
    #expect(abs((threads.efficiency ?? 0) - 2_000 / 2_060) < 1e-9)
    #expect(abs(threads.busyCores - 4_020.0 / 2_060) < 1e-9)
    #expect(threads.peakMemory == 24 << 20)
    #expect(comparison.entries[2].bytesBetween == 100 << 20)
    #expect(comparison.rounds == 5)
  }

  @Test func `leaders are those that the best cannot be told apart from`() {
    #expect(Comparison(Samples.computing).leaders.map(\.setup) == [Samples.threads(2), Samples.shm(2)])
  }

  @Test func `peaks of all processes add up, and one unknown makes the sum unknown`() {
    var record = Samples.record(Samples.shm(2), .init(wall: 10, user: 5))
    record.workers = [ProcessUsage(), ProcessUsage()]
    record.workers[0].peakMemory = 1 << 20
    #expect(Comparison([Contender(setup: record.setup, records: [record])]).entries[0].peakMemory == nil)
    record.workers[1].peakMemory = 2 << 20
    #expect(Comparison([Contender(setup: record.setup, records: [record])]).entries[0].peakMemory == 27 << 20)
  }

  @Test func `without a serial contender there is no speed-up`() {
    let comparison = Comparison([Samples.contender(Samples.threads(2), .init(wall: 10, user: 10))])
    #expect(comparison.entries[0].speedUp == nil)
    #expect(ComparisonTable(comparison).lines()[2].contains("–"))
  }

  @Test func `the table holds every column`() {
    #expect(
      ComparisonTable(Comparison(Samples.computing)).lines() == [
        "                           wall speed-       95%                        switches  faults peak bytes",
        "  engine               ± spread     up  interval  eff  user    sys  CPU  vol/inv min/maj  mem moved",
        "  serial            4.00s ±1.0%  1.00×         – 100% 3.90s 60.0ms  99%     20/3   900/0  24M     0",
        "* threads ×2        2.06s ±1.0%  1.94× 1.87–2.01  97% 3.95s 70.0ms 195%     20/3   900/0  24M     0",
        "  processes/pipe ×2 2.30s ±1.0%  1.74× 1.68–1.80  87% 3.99s  160ms 180%     20/3   900/0  24M  100M",
        "  processes/shm ×2  2.08s ±1.0%  1.92× 1.88–1.97  96% 3.96s 90.0ms 195%     20/3   900/0  24M  100M",
        "  eventloop         4.04s ±1.0%  0.99× 0.95–1.03    – 3.91s 70.0ms  99%     20/3   900/0  24M     0",
        "wall: median of 5 rounds ± half the distance between the quartiles; the rest: of the contender's",
        "median round; * least time; 95% interval of the speed-up; eff speed-up for each lane; CPU 100% is",
        "one core; switches voluntary/involuntary; faults minor/major; peak memory of all processes added up;",
        "bytes moved between processes",
      ])
  }

  @Test(arguments: [60, 80, 100, 200]) func `the table fits its width whatever the figures are`(_ width: Int) {
    let setup = EngineSetup(kind: .processes, lanes: 16, channel: .pipe)
    var record = RunRecord(setup: setup)
    record.wall = 5_999_000_000_000
    record.coordinator.user = 5_999_000_000_000
    record.coordinator.system = 5_999_000_000_000
    record.coordinator.voluntarySwitches = 999_400
    record.coordinator.involuntarySwitches = 999_400
    record.coordinator.minorFaults = 999_400
    record.coordinator.majorFaults = 999_400
    record.coordinator.peakMemory = 999 << 20
    record.bytesBetween = 999 << 30
    var slow = record
    slow.setup = Samples.serial
    slow.wall *= 20
    slow.coordinator.user *= 20
    let walls: [Int64] = [1, 2, 3]
    let comparison = Comparison(
      [record, slow].map { base in
        Contender(setup: base.setup, records: walls.map { factor in with(base) { $0.wall *= factor } })
      })
    for one in [comparison, Comparison(Samples.computing)] {
      for line in ComparisonTable(one).lines(width: width) { #expect(line.count <= width, "\(line)") }
    }
  }

  private func with(_ record: RunRecord, _ change: (inout RunRecord) -> Void) -> RunRecord {
    var changed = record
    change(&changed)
    return changed
  }

  @Test func `columns go by importance, and stand in their usual order`() {
    func heading(_ width: Int) -> [Substring] {
      ComparisonTable(Comparison(Samples.computing)).lines(width: width)[1].split(separator: " ")
    }
    #expect(heading(60) == ["engine", "±", "spread", "up", "interval", "CPU"])
    #expect(heading(80) == ["engine", "±", "spread", "up", "interval", "user", "CPU", "mem", "moved"])
    #expect(heading(100).count == 13)
    #expect(heading(200).contains("storage") && heading(200).contains("round"))
  }

  @Test func `figures of a row are those of the median round`() {
    let records = [30, 10, 20].map { wall in
      Samples.record(
        Samples.threads(2), .init(wall: Double(wall), user: Double(wall) / 2, voluntary: wall, between: wall))
    }
    let entry = Comparison([Contender(setup: Samples.threads(2), records: records)]).entries[0]
    #expect(entry.round == 3)
    #expect(entry.roundWall == 20_000_000 && entry.user == 10_000_000)
    #expect(entry.voluntarySwitches == 20 && entry.bytesBetween == 20)
    #expect(entry.busyCores == 0.5)
  }

  @Test func `timelines of rounds far from the median are forgotten`() {
    var records: [RunRecord] = []
    for wall in [50, 10, 30, 31, 29, 28, 33, 90, 32] {
      records += Samples.drawn(Samples.serial, .init(wall: Double(wall), user: 1), rounds: 1).records
      Contender.keepTimelines(&records)
    }
    let drawn = records.filter { !$0.timelines.isEmpty }.map { $0.wall / 1_000_000 }
    #expect(drawn.count == 5 && drawn.contains(31))
    #expect(Contender(setup: Samples.serial, records: records).medianRound == 3)
  }

  @Test func `color changes nothing but color`() {
    let table = ComparisonTable(Comparison(Samples.computing))
    let colored = table.lines(color: true)
    #expect(colored.map(withoutColor) == table.lines())
    #expect(colored[3].hasPrefix("\u{1B}[1;32m*"))
    #expect(!colored[2].contains("\u{1B}"))
  }

  private func withoutColor(_ line: String) -> String {
    var result = ""
    var isInside = false
    for character in line {
      if character == "\u{1B}" { isInside = true }
      if !isInside { result.append(character) }
      if character == "m" { isInside = false }
    }
    return result
  }

  @Test func `Markdown has the same cells and a bold best time`() {
    let lines = ComparisonTable(Comparison(Samples.computing)).markdown()
    #expect(lines.count == 7)
    #expect(lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    #expect(
      lines[3]
        == "| threads ×2 | **2.06s ±1.0%** | 1.94× | 1.87–2.01 | 97% | 3.95s | 70.0ms | 195% | 20/3 | 900/0 | 24M | 0 |"
    )
  }

  @Test func `remarks name failed units, lost workers and odd rounds`() {
    var records = (0..<6).map { _ in Samples.record(Samples.shm(2), .init(wall: 100, user: 90)) }
    for index in records.indices { records[index].wall += Int64(index) * 1_000_000 }
    records[5].wall = 900_000_000
    records[1].unitsFailed = 4
    records[2].workersLost = 1
    let lines = ComparisonTable(Comparison([Contender(setup: Samples.shm(2), records: records)])).lines()
    #expect(
      lines.suffix(3) == [
        "note: processes/shm ×2: 4 units failed", "note: processes/shm ×2: 1 worker died",
        "note: processes/shm ×2: a round far from the others (900ms)",
      ])
  }

  @Test func `JSON has a line per contender and one for the verdict`() {
    let lines = ComparisonJSON.lines(Comparison(Samples.computing), Samples.circumstances)
    #expect(lines.count == 6)
    #expect(
      lines[3].hasPrefix(
        #"{"type":"contender","engine":"processes/shm ×2","mode":"processes","lanes":2,"ipc":"shm","rounds":5,"#
          + #""round":3,"units":100,"units_in_flight":2,"wall_median_ns":2080000000,"wall_min_ns":2038400000,"wall_max_ns":2121600000,"#
          + #""wall_half_range_ns":20800000,"wall_mad_ns":20800000,"wall_outliers":0,"speed_up":1.923"#))
    #expect(lines[5].hasPrefix(#"{"type":"verdict","verdict":"CPU-bound","finding":"CPU-bound: serial kept"#))
    #expect(
      lines[5].hasSuffix(
        #""fastest":"threads ×2","ranked_by":"wall","best":"threads ×2","leaders":["threads ×2","processes/shm ×2"],"#
          + #""interrupted":false,"scalability":[],"words":"primes 1e9","cold":false,"machine":{"cpus":"2","time":"then"}}"#
      ))
  }
}
