import LanesCore
import LanesReport
import Testing

@Suite struct LabPlotTests {
  private func plot(_ values: [Double?], width: Int = 60, glyphs: Glyphs = .unicode) -> [String] {
    Glyphs.with(glyphs) {
      LabPlot(["0.5", "1.0", "1.5", "2.0"], .nanoseconds, [LabPlot.Line("a touch", values)], width: width).text
    }
  }

  @Test func `a cliff is a line low to the left and high to the right`() throws {
    let lines = plot([5, 5, 70_000, 70_000])
    let marked = lines.indices.filter { lines[$0].contains("●") && !lines[$0].contains("touch") }
    #expect(marked.count == 2)
    #expect(lines[marked[0]].contains("●──") && lines[marked[1]].contains("●──"))
    let (high, low) = (Array(lines[marked[0]]), Array(lines[marked[1]]))
    #expect(try #require(high.firstIndex(of: "●")) > #require(low.lastIndex(of: "●")))
    #expect(lines.contains { $0.contains("0.5") && $0.contains("2.0") })
    #expect(lines.last == "  ● a touch")
  }

  @Test(arguments: [40, 60, 80], [Glyphs.unicode, .ascii])
  func `it fits the terminal`(width: Int, glyphs: Glyphs) {
    let lines = plot([1, 10, nil, 1e9], width: width, glyphs: glyphs)
    #expect(!lines.isEmpty && lines.allSatisfy { $0.count <= width })
    if glyphs == .ascii { #expect(lines.joined().utf8.allSatisfy { $0 < 0x80 }) }
  }

  @Test func `without a value above nothing there is nothing to draw`() {
    #expect(plot([nil, nil, nil, nil]).isEmpty)
    #expect(plot([0, nil, -1, nil]).isEmpty)
    #expect(plot([1, 2, 3, 4], width: 12).isEmpty)
  }
}
