import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let deadlock = Experiment(
    "deadlock", .sharing, title: "Deadlock: two threads, two locks, and each has what the other wants",
    short: "opposite order deadlocks, one order never does",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .glossary, ostep: .concurrencyProblems),
        "threads that take two locks in opposite order come to wait for each other for ever",
        .value("deadlocked, opposite", within: 1...1, counts: "runs, of one, that ended in a cycle")),
      LabClaim(
        "b", from: .course(.glossary, ostep: .concurrencyProblems), "in one order they never do",
        .value("deadlocked, one order", within: 0...0, counts: "runs, of one, that ended in a cycle"),
        ifConfirmed: "No cycle: whoever has the second lock wants nothing more."),
      LabClaim(
        "c", from: .course(.glossary, ostep: .concurrencyProblems),
        "giving back what one has, when the other is taken, helps too",
        .value("deadlocked, try", within: 0...0, counts: "runs, of one, that ended in a cycle"),
        ifConfirmed: "No hold and wait."),
      LabClaim(
        "d", from: .course(.glossary, ostep: .concurrencyProblems), "finding the cycle and ending one turn helps too",
        .value("deadlocked, detected", within: 0...0, counts: "runs, of one, that ended in a cycle"),
        ifConfirmed: "Preemption, by agreement."),
    ],
    method: [
      "Both threads write down what they hold and what they want; a third looks at this graph every half millisecond. The same "
        + "cycle twenty times, without a turn in between, is a deadlock. All is in a process of its own, which is then ended.",
      "Where none comes in 200,000 turns, both are made to wait for each other between their two locks, and the picture says so.",
      "A deadlock needs four conditions at once: mutual exclusion, hold and wait, no preemption, and a cycle. Each cure takes one.",
    ],
    loop: """
      take(who, first);
      atomic_store(&scene->holds[who], first + 1);
      """,
    picture: { result, _ in
      guard let graph = result.texts["graph"] else { return [] }
      let arrow = Glyphs.current == .unicode ? "──▶" : "-->"
      var lines = graph.split(separator: "\n").map { "  " + $0.split(separator: ">").joined(separator: " \(arrow) ") }
      if let turns = result.texts["turns"] { lines.append("  " + turns) }
      return lines + [
        "", "                     mutual     hold and   no           cycle",
        "                     exclusion  wait       preemption",
        "  opposite order     yes        yes        yes          yes",
        "  one order          yes        yes        yes          no",
        "  try, give back     yes        no         yes          yes",
        "  find, end one      yes        yes        no           yes",
      ]
    }
  ) { _ in
    var result = LabMeasurements()
    let orders: [(String, clab_order, Int)] = [
      ("opposite", CLAB_OPPOSITE, 200_000), ("one order", CLAB_SAME_ORDER, 20_000), ("try", CLAB_TRY, 1_000),
      ("detected", CLAB_DETECT, 5_000),
    ]
    for (name, order, turns) in orders {
      var seen = clab_deadlock()
      guard clab_deadlock(order, turns, false, &seen) == 0 else { continue }
      if order == CLAB_OPPOSITE, seen.deadlocked == 0 { _ = clab_deadlock(order, turns, true, &seen) }
      result.values["deadlocked, \(name)"] = Double(seen.deadlocked)
      guard order == CLAB_OPPOSITE, seen.deadlocked == 1 else { continue }
      let (holds, wants) = (seen.holds, seen.wants)
      func row(_ thread: String, _ holds: Int32, _ wants: Int32) -> String {
        "thread \(thread), which holds lock \(holds),> wants lock \(wants),"
      }
      result.texts["graph"] =
        row("1", holds.0, wants.0) + "> held by thread 2\n" + row("2", holds.1, wants.1) + "> held by thread 1"
      result.texts["turns"] =
        seen.forced == 1
        ? "made to happen: both waited for each other between their locks"
        : "after \(Readable.count(seen.turns)) turns, "
          + LabFigure.Unit.nanoseconds.text(Double(seen.nanoseconds)) + " with the time to be sure"
    }
    return result
  }
}
