import CLab
import LanesReport

extension Experiment {
  static let multiplex = Experiment(
    "multiplex", .talking, title: "Waiting for many: select, poll and epoll when one of N descriptors is ready",
    short: "select and poll look at all, epoll at the ready",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .events),
        "poll looks at every descriptor: 10,000 take 100 times as long as 10, or more",
        .ratio(of: "poll, 10,000", to: "poll, 10", within: .atLeast(100))),
      LabClaim(
        "b", from: .course(.processes, ostep: .events),
        "epoll looks at those that are ready: 10,000 take at most twice as long as 10",
        .ratio(of: "epoll, 10,000", to: "epoll, 10", within: .atMost(2))),
      LabClaim(
        "c", from: .course(.processes, ostep: .events), "at 10,000 a poll takes about 10 ms",
        .quantity(of: "poll, 10,000", within: .about(10_000_000)),
        ifRefuted: "Figures of this kind age with the machines that they were taken on."),
      LabClaim(
        "d", from: .course(.processes, ostep: .events), "at 10,000 an epoll takes about 0.01 ms",
        .quantity(of: "epoll, 10,000", within: .about(10_000)),
        ifRefuted: "Figures of this kind age with the machines that they were taken on."),
      LabClaim(
        "e", from: .course(.processes, ostep: .events), "select takes descriptors below 1,024 only",
        .value("room", within: 1_024...1_024, counts: "descriptors that fd_set has room for"),
        ifConfirmed: "The limit is the C library's: given a longer set, the kernel found one above 1,500."),
      LabClaim(
        "f", from: .course(.processes, ostep: .events),
        "select copies its set at each call, in and out: what was not ready is gone from it and must be put in again",
        .value("left", within: 1...1, counts: "descriptors of 100 that were in the set after a call with one ready")),
      LabClaim(
        "g", from: .course(.processes, ostep: .events),
        "epoll keeps what it watches: registered once, found at every call",
        .value("kept", within: 100...100, counts: "calls of 100 that found it after one registration")),
      LabClaim(
        "h", from: .course(.processes, .manual("epoll(7)"), ostep: .events),
        "edge-triggered, epoll tells an arrival once; level-triggered, until it is read",
        .value("edges", within: 2...2, counts: "calls of twenty that told, ten before and ten after another arrival"),
        ifConfirmed: "Who does not read all of it is not told again; level-triggered, each of ten calls told."),
    ],
    method: [
      "Of 10 to 10,000 event descriptors (eventfd(2)) the last is ready and stays so; a call must return it and no other.",
      "select's sets, arguments and results at once, are filled anew for each call.",
      "Something is always ready, so that no call waits. A batch counts only where the thread was not switched away from (getrusage(2), "
        + "RUSAGE_THREAD): whoever has the core meanwhile fills its caches. A poll of 10,000 is longer than a batch should be, so it is one "
        + "by itself, and begins with a slice: the thread sleeps for a moment before.",
      "Claims e to h are facts, counted and not timed; the longer set goes to the kernel by the bare call (pselect6).",
      "Misleading: epoll pays once for each descriptor that is registered, 0.3 µs or so, and pays again where most are ready.",
    ],
    loop: "int ready = kind == CLAB_EPOLL ? epoll_wait(crowded->epoll, events, 8, -1)"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    for (count, text) in [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000")] {
      guard let crowded = clab_crowded_new(Int32(count)) else {
        for claim in ["a", "b", "c", "d"] {
          result.require(
            false, "this process may not open \(text) descriptors; raise the limit with ulimit -n", for: claim)
        }
        continue
      }
      let kinds: [(String, clab_wait)] = [("select", CLAB_SELECT), ("poll", CLAB_POLL), ("epoll", CLAB_EPOLL)]
      loop.measure(
        kinds.filter { count <= 1_000 || $0.1 != CLAB_SELECT }.map { name, kind in
          LabVariant("\(name), \(text)", most: count > 1_000 && kind == CLAB_POLL ? 1 : 1_000) {
            clab_crowded_wait(crowded, kind, $0)
          }
        }, share: count > 1_000 ? 0.4 : 0.2, into: &result)
      clab_crowded_free(crowded)
    }
    var seen = clab_waiting()
    guard clab_waiting(&seen) == 0 else { return result }
    result.values["room"] = Double(seen.room)
    result.values["kept"] = Double(seen.kept)
    result.values["edges"] = Double(seen.edge + seen.again)
    if seen.left >= 0 { result.values["left"] = Double(seen.left) }
    result.require(seen.beyond == 1, "no descriptor above 1,500 could be had, or the kernel did not find it", for: "e")
    result.require(seen.level == 10, "level-triggered, it was told \(seen.level) times of ten", for: "h")
    return result
  }
}
