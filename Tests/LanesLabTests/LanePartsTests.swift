import LanesCore
import Testing

@testable import LanesLab

@Suite struct LanePartsTests {
  private static let trace = """
    {"displayTimeUnit":"ms","traceEvents":[
    {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"lane 1"}},
    {"ph":"X","cat":"load","name":"/t/1, sum","pid":1,"tid":2,"ts":0.500,"dur":0.500,"args":{"unit":1,"in_bytes":13}},
    {"ph":"X","cat":"perform","name":"/t/1, sum","pid":1,"tid":2,"ts":1.000,"dur":9.000,"args":{"unit":1,"failed":false}},
    {"ph":"X","cat":"perform","name":"/t/1, count","pid":1,"tid":1,"ts":0.000,"dur":5.000,"args":{"unit":0,"failed":false}},
    {"ph":"i","s":"t","cat":"settle","name":"settle /t/1, sum","pid":1,"tid":3,"ts":10.0,"args":{"lane":2}}
    ]}
    """

  @Test func `a trace tells which lane performed which unit, and when`() {
    let parts = LaneParts(trace: Self.trace)
    #expect(
      parts.parts == [
        LaneParts.Part(lane: 2, number: 1, label: "/t/1, sum", start: 1, end: 10),
        LaneParts.Part(lane: 1, number: 0, label: "/t/1, count", start: 0, end: 5),
      ])
    #expect(parts.end == 10)
    #expect(LaneParts(trace: "no trace\n{\"ph\":\"X\"}").parts.isEmpty)
  }

  @Test func `a strip has the part that took most of a column, and points where there was none`() {
    let parts = LaneParts(trace: Self.trace)
    let strips = parts.strips(columns: 10, span: 10) { Character(String($0.number)) }
    #expect(strips == ["00000.....", ".111111111"])
    #expect(parts.strips(columns: 0, span: 10) { _ in "x" }.isEmpty)
    #expect(LaneParts([]).strips(columns: 5, span: 10) { _ in "x" }.isEmpty)
  }

  @Test(arguments: [60, 80], [Glyphs.unicode, .ascii])
  func `the picture of both ways names lanes and tasks, and fits`(width: Int, glyphs: Glyphs) {
    let parts = LaneParts(trace: Self.trace)
    let lines = Glyphs.with(glyphs) { LaneParts.picture(data: parts, tasks: parts, width: width) }
    #expect(lines.count >= 6 && lines.allSatisfy { $0.count <= width }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("  tasks lane 1") && $0.contains("ccc") })
    #expect(lines.contains { $0.contains("lane 2") && $0.contains("sss") })
    #expect(lines.contains { $0.hasPrefix("  data  lane 1") && $0.contains("000") })
    #expect(lines.last?.contains("c count, s sum") == true || lines.dropLast().last?.contains("c count, s sum") == true)
  }

  @Test func `what the script tells of pauses is read line by line`() {
    let report = PauseReport(
      "pause 100 5\npause 100 7\npause 1000 50\nstopped 1.0\nstopped 0.5\nbefore 0.25\nTraceback\n")
    #expect(report.pauses == [100: [5, 7], 1000: [50]])
    #expect(report.stopped == 0.75 && report.before == 0.25)
    #expect(PauseReport("").stopped == nil)
  }
}
