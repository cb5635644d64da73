import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let slice = Experiment(
    "slice", .scheduling, title: "Time slices: how long a busy process keeps its core when others want it",
    short: "the scheduler switches every 20 ms",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, ostep: .scheduling), "busy processes take turns of about 20 ms",
        .quantity(of: "turn of two", within: .about(20_000_000)),
        ifRefuted: "The kernel's base slice and the rate of its ticks decide; 3 to 4 ms are usual on Linux.")
    ],
    method: [
      "Two, and then four, processes that never wait share one CPU. One of them reads the clock all the time: where more than "
        + "0.2 ms are missing, another had the core.",
      "A turn is the time between two such gaps.",
      "Misleading: whoever else is on the machine takes turns as well, and shortens those that are seen.",
    ],
    loop: """
      int64_t now = clab_now();
      if (now - last > GAP) {
      """,
    picture: { result, width in
      guard let text = result.texts["turns"] else { return [] }
      let turns = text.split(separator: " ").compactMap { Double($0) }
      guard let longest = turns.max(), longest > 0 else { return [] }
      let (bar, line) =
        Glyphs.current == .unicode
        ? ("█", "turns in their order, two on a core:") : ("#", "turns in their order, two on a core:")
      return [line]
        + turns.prefix(8).map { turn in
          "  " + LabFigure.Unit.nanoseconds.text(turn).leftPadded(to: 8) + "  "
            + String(repeating: bar, count: max(1, Int(turn / longest * Double(max(10, width - 14)))))
        }
    }
  ) { loop in
    var result = LabMeasurements()
    let cpu = loop.places(.same).first
    for (busy, name) in [(2, "turn of two"), (4, "turn of four")] {
      var turns = [Int64](repeating: 0, count: 2_000)
      let count = clab_turns(Int32(busy), cpu, Int64(loop.seconds / 2 * 1e9), &turns, 2_000)
      let seen = turns.prefix(Int(count)).map(Double.init)
      if busy == 2 { result.texts["turns"] = seen.prefix(8).map { "\($0)" }.joined(separator: " ") }
      guard !seen.isEmpty else { continue }
      // A turn is what it is; a long one beside short ones is no disturbance, so the middle half stands for all.
      let statistics = Statistics(seen)
      let middle = seen.filter { $0 >= statistics.quantile(0.25) && $0 <= statistics.quantile(0.75) }
      result.figures.append(LabFigure(name, samples: middle.isEmpty ? seen : middle, needed: 5))
    }
    return result
  }
}
