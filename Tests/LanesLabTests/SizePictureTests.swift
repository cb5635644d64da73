import LanesCore
import LanesReport
import Testing

@testable import LanesLab

/// Pictures of costs over sizes, from made-up measurements.
@Suite struct SizePictureTests {
  private func picture(_ name: String, _ measurements: LabMeasurements, _ width: Int, _ glyphs: Glyphs) throws
    -> [String]
  {
    let experiment = try #require(Experiment.named(name))
    return Glyphs.with(glyphs) { experiment.picture(measurements, width) }
  }

  private func measurements(_ figures: [String: Double]) -> LabMeasurements {
    var result = LabMeasurements()
    result.figures = figures.map { LabFigure($0.key, samples: [$0.value]) }
    return result
  }

  private func check(_ lines: [String], _ width: Int, _ glyphs: Glyphs) {
    #expect(!lines.isEmpty && lines.allSatisfy { $0.count <= width }, "\(lines.filter { $0.count > width })")
    if glyphs == .ascii { #expect(lines.joined().utf8.allSatisfy { $0 < 0x80 }) }
  }

  @Test(arguments: [60, 80], [Glyphs.unicode, .ascii])
  func `thrashing is a cliff between three quarters of memory and five`(width: Int, glyphs: Glyphs) throws {
    var seen = measurements([
      "0.25 of memory": 3, "0.75 of memory": 6, "1.25 of memory": 70_000, "2.00 of memory": 65_000,
    ])
    seen.texts["way"] =
      "Memory is a window of 8 MiB: this process may make no control group, so it drops pages by hand."
    seen.texts["swap"] = "pswpin and pswpout of the machine meanwhile: 0, 0."
    let lines = try picture("thrash", seen, width, glyphs)
    check(lines, width, glyphs)
    #expect(
      lines.contains { $0.contains("0.25") && $0.contains("2.00") } && lines.joined(separator: " ").contains("by hand"))
    #expect(try picture("thrash", LabMeasurements(), width, glyphs).isEmpty)
  }

  @Test(arguments: [60, 80], [Glyphs.unicode, .ascii])
  func `a crowd is told with its switches`(width: Int, glyphs: Glyphs) throws {
    var seen = measurements(["1 thread": 20e6, "1,000 threads": 70e6, "10,000 threads": 2_400e6])
    seen.values = ["switches of 1 thread": 3, "switches of 1,000 threads": 1, "switches of 10,000 threads": 1.2]
    let lines = try picture("crowd", seen, width, glyphs)
    check(lines, width, glyphs)
    #expect(lines.count == 4 && lines[3].contains("10,000     12,000"), "\(lines)")
    #expect(try picture("crowd", LabMeasurements(), width, glyphs).isEmpty)
  }

  @Test(arguments: [60, 80], [Glyphs.unicode, .ascii])
  func `fork's cost is drawn over memory, with what huge pages and posix_spawn cost`(width: Int, glyphs: Glyphs) throws
  {
    let seen = measurements([
      "fork, small": 130e3, "fork, 2 GiB": 50e6, "fork, 2 GiB huge": 300e3, "spawn, small": 20e3,
    ])
    let lines = try picture("fork-size", seen, width, glyphs)
    check(lines, width, glyphs)
    #expect(lines.last?.contains("fork, huge pages") == true)
  }
}
