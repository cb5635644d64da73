import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let interleave = Experiment(
    "interleave", .scheduling, title: "Interleaving: in which order four threads get on",
    short: "order within a thread is known, between them not",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, ostep: .concurrency), "the order between threads changes from run to run",
        .value("orders", within: .atLeast(2), counts: "different orders in 100 runs")),
      LabClaim(
        "b", from: .course(.concurrency, ostep: .concurrency), "within a thread nothing is lost or doubled",
        .value(
          "wrong", within: 0...0,
          counts: "runs of 100 in which a thread's number stood more or less often than it wrote it")),
    ],
    method: [
      "Four threads wait for each other and then write their number 20,000 times into the next free place of one list.",
      "Runs are the same where the whole list is.",
      "Misleading: long stretches of one number are time slices, or one core that started before the other.",
    ],
    loop: "for (int i = 0; i < writer->times; i++) writer->order[atomic_fetch_add(writer->place, 1)] = writer->number;",
    picture: { result, width in
      let strips = ["1", "2", "3"].compactMap { result.texts["run " + $0] }
      guard !strips.isEmpty else { return [] }
      let signs = Glyphs.current == .unicode ? Array("█▓▒░") : Array("#+:.")
      return ["who wrote, from the first to the last number, three runs:"]
        + strips.enumerated().map { number, strip in
          "  run \(number + 1)  "
            + String(strip.prefix(max(20, width - 10)).map { signs[min(3, $0.wholeNumberValue ?? 0)] })
        }
    }
  ) { _ in
    var result = LabMeasurements()
    let (lanes, times) = (4, 20_000)
    var orders: Set<[UInt8]> = []
    var wrong = 0
    for run in 1...100 {
      var order = [UInt8](repeating: 0, count: lanes * times)
      guard clab_interleave(Int32(lanes), Int32(times), &order) == 0 else { continue }
      if (0..<lanes).contains(where: { lane in order.count { Int($0) == lane } != times }) { wrong += 1 }
      if run <= 3 {
        // Whoever wrote most of a stretch stands for it.
        let stretch = order.count / 70
        result.texts["run \(run)"] = (0..<70).map { place in
          let part = order[place * stretch..<(place + 1) * stretch]
          let most = (0..<lanes).max { one, two in part.count { Int($0) == one } < part.count { Int($0) == two } }
          return "\(most ?? 0)"
        }.joined()
      }
      orders.insert(order)
    }
    result.values["orders"] = Double(orders.count)
    result.values["wrong"] = Double(wrong)
    return result
  }

  static let fair = Experiment(
    "fair", .scheduling, title: "Fairness: a process with three busy threads beside a process with one",
    short: "the system schedules threads, not processes",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, ostep: .proportionalShare),
        "threads are what shares a core: the process with three gets three quarters",
        .quantity(of: "share of the three, %", within: 65...85),
        ifRefuted: "Tasks are grouped before they share, by sessions (sched_autogroup_enabled) or control groups.")
    ],
    method: [
      "Both processes compute on one CPU, and their processor time is compared (clock_getcpuclockid(3)); others' load takes "
        + "from both alike.",
      "Misleading: /proc/sys/kernel/sched_autogroup_enabled makes groups of terminals; both processes are in one here.",
    ],
    loop: "for (;;) __asm__ volatile(\"\" ::: \"memory\");"
  ) { loop in
    var result = LabMeasurements()
    let cpu = loop.places(.same).first
    let parts = 4
    let samples = (0..<parts).map { _ in clab_fair(cpu, Int64(loop.seconds / Double(parts) * 1e9)) * 100 }.filter {
      $0 >= 0
    }
    guard !samples.isEmpty else {
      result.require(false, "no process could be started")
      return result
    }
    result.figures.append(LabFigure("share of the three, %", .count, samples: samples, needed: 3))
    return result
  }
}
