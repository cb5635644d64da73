import LanesReport
import Testing

@Suite struct ProgressLineTests {
  static let half = ProgressLine(done: 1_250, total: 2_500, failed: 0, elapsed: .seconds(10))

  @Test func `a line shows bar, percentage, count, rate and time left`() {
    #expect(
      ProgressLineTests.half.render(width: 80)
        == "[━━━━━━━━━━━━━━━━━━━───────────────────]  50%  1,250/2,500  125/s  10 s left")
  }

  @Test func `without Unicode the bar is ASCII`() {
    let line = ProgressLineTests.half.render(width: 50, unicode: false)
    #expect(line == "[######------]  50%  1,250/2,500  125/s  10 s left")
    #expect(line.utf8.count == line.count)
  }

  @Test(arguments: 0...120) func `a line never exceeds the width`(width: Int) {
    for done in [0, 1, 1_250, 2_499, 2_500] {
      for total in [2_500, nil] {
        let line = ProgressLine(done: done, total: total, failed: 3, elapsed: .milliseconds(700))
        #expect(line.render(width: width).count <= width)
      }
    }
  }

  @Test(arguments: [
    (40, " 50%  1,250/2,500  125/s  10 s left"), (33, " 50%  1,250/2,500  125/s"), (20, " 50%  1,250/2,500"),
    (10, " 50%"), (3, " 50"), (0, ""),
  ])
  func `what does not fit is left out from the right`(width: Int, text: String) {
    #expect(ProgressLineTests.half.render(width: width) == text)
  }

  @Test func `an unknown total leaves count and rate`() {
    let line = ProgressLine(done: 42, total: nil, failed: 0, elapsed: .seconds(4))
    #expect(line.render(width: 80) == "42 done  10.5/s")
  }

  @Test func `at the end there is no time left to show`() {
    let line = ProgressLine(done: 10, total: 10, failed: 1, elapsed: .seconds(5))
    #expect(line.render(width: 30, unicode: false) == "100%  10/10  1 failed  2.0/s")
  }

  @Test func `100% means all`() {
    let line = ProgressLine(done: 999, total: 1_000, failed: 0, elapsed: .seconds(1))
    #expect(line.render(width: 14) == " 99%")
    #expect(line.render(width: 15) == " 99%  999/1,000")
  }

  @Test func `nothing to do and no time passed divide by nothing`() {
    #expect(ProgressLine(done: 0, total: 0, failed: 0, elapsed: .zero).render(width: 80) == "0 done")
    #expect(ProgressLine(done: 0, total: 5, failed: 0, elapsed: .zero).render(width: 15) == "  0%  0/5")
  }

  @Test func `long waits are told in minutes`() {
    let line = ProgressLine(done: 1, total: 126, failed: 0, elapsed: .seconds(1))
    #expect(line.render(width: 40) == "  0%  1/126  1.0/s  2 min 5 s left")
  }

  @Test func `failures are red where color is allowed`() {
    let line = ProgressLine(done: 5, total: 10, failed: 2, elapsed: .seconds(1))
    #expect(line.render(width: 30, color: true).contains("  \u{1B}[31m2 failed\u{1B}[0m  "))
    #expect(!line.render(width: 30).contains("\u{1B}"))
  }
}
