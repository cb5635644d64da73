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
    ],
    method: [
      "Of 10 to 10,000 event descriptors (eventfd(2)) the last is ready and stays so; a call must return it and no other.",
      "select takes descriptors below 1,024 only, and its sets, arguments and results at once, are filled anew for each call.",
      "Something is always ready, so that no call waits and processor time is all there is; it stays right where a poll of 10,000 "
        + "is longer than a batch should be.",
      "Misleading: epoll pays once for each descriptor that is registered, 0.3 µs or so, and pays again where most are ready.",
    ],
    loop: "int ready = kind == CLAB_EPOLL ? epoll_wait(crowded->epoll, events, 8, -1)"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    for (count, text) in [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000")] {
      guard let crowded = clab_crowded_new(Int32(count)) else {
        result.require(false, "this process may not open \(text) descriptors; raise the limit with ulimit -n")
        continue
      }
      let kinds: [(String, clab_wait)] = [("select", CLAB_SELECT), ("poll", CLAB_POLL), ("epoll", CLAB_EPOLL)]
      loop.measure(
        kinds.filter { count <= 1_000 || $0.1 != CLAB_SELECT }.map { name, kind in
          LabVariant("\(name), \(text)", most: 1_000, clock: .processor) {
            clab_crowded_wait(crowded, kind, $0)
          }
        }, share: 0.25, into: &result)
      clab_crowded_free(crowded)
    }
    return result
  }
}
