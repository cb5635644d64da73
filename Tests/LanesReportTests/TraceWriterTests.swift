import LanesCore
import LanesReport
import Testing

@Suite struct TraceWriterTests {
  private var record: UnitRecord {
    var record = UnitRecord(lane: 1)
    record.load = .init(start: 1_000_001_000, end: 1_000_002_500)
    record.perform = .init(start: 1_000_002_500, end: 1_000_012_500)
    record.bytesIn = 7
    return record
  }

  @Test func `the parts make one JSON object with a slice for every stage that ran`() {
    let writer = TraceWriter(setup: Samples.threads(1), origin: 1_000_000_000)
    #expect(
      writer.header() + writer.events(label: "a \"b\".png", number: 5, record) + writer.footer() == #"""
        {"displayTimeUnit":"ms","traceEvents":[
        {"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"lanes threads ×1"}},
        {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"lane 1"}},
        {"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"coordinator"}},
        {"ph":"X","cat":"load","name":"a \"b\".png","pid":1,"tid":2,"ts":1.000,"dur":1.500,"args":{"unit":5,"in_bytes":7,"out_bytes":0,"failed":false}},
        {"ph":"X","cat":"perform","name":"a \"b\".png","pid":1,"tid":2,"ts":2.500,"dur":10.000,"args":{"unit":5,"in_bytes":7,"out_bytes":0,"failed":false,"waited_for_core_us":0.000}}
        ]}

        """#)
  }

  @Test func `stages that overlap performing are asynchronous slices`() {
    let writer = TraceWriter(setup: Samples.shm(2), origin: 1_000_000_000)
    let lines = writer.events(label: "a", number: 5, record).split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    #expect(lines[1].hasPrefix(#"{"ph":"b","cat":"load","name":"load a","pid":1,"tid":3,"ts":1.000,"id":5,"args""#))
    #expect(lines[2] == #"{"ph":"e","cat":"load","name":"load a","pid":1,"tid":3,"ts":2.500,"id":5},"#)
    #expect(lines[3].hasPrefix(#"{"ph":"X","cat":"perform","name":"a""#))
  }

  @Test func `the coordinator has a track with what it does and a count of what is under way`() throws {
    let writer = TraceWriter(setup: Samples.shm(2), origin: 1_000_000_000)
    let lines = writer.moment(.handOut, label: "a", lane: 1, at: 1_000_004_000, inFlight: 3).split(separator: "\n")
    #expect(writer.header().contains(#""tid":3,"args":{"name":"coordinator"}"#))
    #expect(
      lines.map(String.init) == [
        ",",
        #"{"ph":"i","s":"t","cat":"hand out","name":"hand out a","pid":1,"tid":3,"ts":4.000,"args":{"lane":2}},"#,
        #"{"ph":"C","name":"units in flight","pid":1,"ts":4.000,"args":{"units":3}}"#,
      ])
  }

  @Test func `a unit that never ran leaves no event`() {
    let writer = TraceWriter(setup: Samples.serial, origin: 0)
    #expect(writer.events(label: "a", number: 0, UnitRecord(lane: 0)) == "")
  }

  @Test func `times long after the origin keep their nanoseconds`() {
    var late = UnitRecord(lane: 0)
    late.perform = .init(start: 90_071_992_547_409_931, end: 90_071_992_547_409_932)
    let events = TraceWriter(setup: Samples.serial, origin: 0).events(label: "a", number: 0, late)
    #expect(events.contains(#""ts":90071992547409.931,"dur":0.001"#))
  }
}
