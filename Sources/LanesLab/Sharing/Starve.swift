import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let starve = Experiment(
    "starve", .sharing, title: "Starvation: a thread that waits for a lock, and a process that waits for a core",
    short: "an unfair lock, or a low priority, starves a thread",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, ostep: .locks),
        "a thread that takes its lock again at once starves another that waits for it: of 100 turns that begin meanwhile that one gets ten, or fewer",
        .value("share, mutex", within: .atMost(10), counts: "turns of 100, begun while it waited, that it got"),
        ifConfirmed: "A mutex is free for whoever comes first, and who waits has to wake up before it can come.",
        ifRefuted: "Here a thread that waits wakes up before the other comes back."),
      LabClaim(
        "b", from: .course(.glossary, ostep: .locks),
        "a ticket lock starves nobody: while one waits, the other begins one turn at most",
        .value(
          "passed, ticket lock", within: 0...1, counts: "turns that the other began, at most, while one waited")),
      LabClaim(
        "c", from: .course(.glossary, .manual("sched(7)"), ostep: .proportionalShare),
        "a process of nice 19 beside one of nice 0 gets about 15 of 1,039 shares of a core, which is 1.4%",
        .value("share, nice 19", within: .about(100 * 15 / 1039), counts: "percent of a core that nice 19 got of both"),
        ifConfirmed: "It is slow and does not starve: its weight is small, and more than nothing."),
    ],
    method: [
      "A thread holds a lock for 20 \(Glyphs.microseconds), gives it back and takes it again, on a CPU of its own. A second one, on another CPU, "
        + "asks for it, has its turn, lets the first begin one, and asks again.",
      "Turns are counted, not timed: those of the first that begin while the second waits, and those that the second gets.",
      "With a ticket lock each draws a number and waits until it is called, so that turns go by the order of asking.",
      "Then two processes that never wait share one CPU, one of nice 0 and one of nice 19, until both together had half a second "
        + "of it. The kernel's weights are 1,024 and 15 (sched_prio_to_weight in kernel/sched/core.c), a factor of 1.25 for each step.",
      "Misleading: on one CPU a mutex may be fair by chance, where waking a thread takes the core from whoever woke it. A fair lock "
        + "costs a switch at each turn. Nice values count among the processes of one session only (sched_autogroup_enabled).",
    ],
    loop: "while (atomic_load(&scene.serving) != ticket) sched_yield();",
    picture: { result, width in
      func bars(_ title: String, _ rows: [(String, String)]) -> [String] {
        LabBars.lines(
          title,
          rows.compactMap { name, key in
            result.values[key].map { LabBars.Row(name: name, value: $0, text: LabFigure.Unit.count.text($0)) }
          }, width: width)
      }
      let passed = result.values["passed, mutex"].map {
        "  passed by at a mutex: \(LabFigure.Unit.count.text($0)) turns during one wait, at most"
      }
      return bars(
        "of 100 turns that begin while one waits, its own",
        [("a mutex", "share, mutex"), ("a ticket lock", "share, ticket lock")])
        + (passed.map { [$0] } ?? [])
        + bars(
          "of a core that two busy processes have between them, percent",
          [("nice 0", "share, nice 0"), ("nice 19", "share, nice 19")])
    }
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.two)
    for claim in ["a", "b"] {
      result.require(places.isPossible, "two CPUs are needed, and this process may use one", for: claim)
    }
    // On one CPU it depends on who is woken when, and shows nothing.
    if places.isPossible { measureLocks(loop, places, into: &result) }
    var seen = clab_niced()
    let wanted = Int64((loop.seconds >= 1 ? 0.5 : loop.seconds * 0.25) * 1e9)
    guard clab_nice(places.first, wanted, 4 * wanted, &seen) == 0 else {
      result.require(false, "no process could be started", for: "c")
      return result
    }
    let both = Double(seen.plain + seen.nice)
    if both > 0 {
      result.values["share, nice 19"] = 100 * Double(seen.nice) / both
      result.values["share, nice 0"] = 100 * Double(seen.plain) / both
    }
    result.require(seen.own == 0, "this program was started with nice \(seen.own), and may not go back to 0", for: "c")
    result.require(
      both >= 0.4e9, "the two had \(LabFigure.Unit.nanoseconds.text(both)) of a core, too little for a share", for: "c")
    return result
  }

  private static func measureLocks(_ loop: LabLoop, _ places: LabLoop.Places, into result: inout LabMeasurements) {
    for (name, kind, claim) in [("mutex", CLAB_UNFAIR, "a"), ("ticket lock", CLAB_TICKET, "b")] {
      var seen = clab_starved()
      guard
        clab_starve(kind, places.first, places.second, Int64(loop.seconds * 0.2 * 1e9), &seen) == 0,
        seen.own + seen.passed > 0
      else { continue }
      result.values["share, " + name] = 100 * Double(seen.own) / Double(seen.own + seen.passed)
      result.values["passed, " + name] = Double(seen.most)
      result.require(seen.own + seen.passed >= 20, "the two threads had fewer than 20 turns", for: claim)
    }
  }
}
