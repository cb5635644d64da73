import LanesReport
import Testing

@Suite struct ComparisonProgressTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `rounds done and time left are told`() {
    var progress = ComparisonProgress(contenders: ["serial", "threads ×2"], warmup: 1, goal: .fixed(2))
    #expect(progress.next?.contender == 0 && progress.next?.isMeasured == false)
    #expect(progress.line(width: 80) == "warm-up  0 of 6 runs done  serial")
    progress.ended(after: 10 * Self.second)
    #expect(progress.line(width: 80) == "warm-up  1 of 6 runs done  50 s left  threads ×2")
    progress.ended(after: 4 * Self.second)
    #expect(progress.next?.contender == 0 && progress.next?.isMeasured == true)
    #expect(progress.line(width: 80) == "round 1 of 2  2 of 6 runs done  28 s left  serial")
    progress.elapsed = 3 * Self.second
    #expect(progress.line(width: 80) == "round 1 of 2  2 of 6 runs done  25 s left  serial")
    progress.elapsed = 30 * Self.second
    #expect(progress.line(width: 80) == "round 1 of 2  2 of 6 runs done  18 s left  serial")
    for _ in 0..<4 { progress.ended(after: Self.second) }
    #expect(progress.next == nil && progress.line(width: 80) == "")
  }

  @Test func `a narrow terminal loses the least important`() {
    var progress = ComparisonProgress(contenders: ["processes/shm ×16"], warmup: 0, goal: .fixed(100))
    progress.ended(after: 7_000 * Self.second)
    #expect(progress.line(width: 40) == "round 2 of 100  1 of 100 runs done")
    #expect(progress.line(width: 20) == "round 2 of 100")
    #expect((1...100).allSatisfy { progress.line(width: $0).count <= $0 })
  }
}
