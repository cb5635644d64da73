import CLab
import LanesReport

extension Experiment {
  static let `switch` = Experiment(
    "switch", .scheduling, title: "Switching: what it costs to go from one thread, or process, to another",
    short: "a switch costs 1 to 10 µs, 10 times less between threads",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .execution), "a switch takes 1 to 10 µs",
        .quantity(of: "threads", less: "pipe to itself", within: 1_000...10_000)),
      LabClaim(
        "b", from: .course(.processes, ostep: .concurrency),
        "between processes it takes about ten times as long as between threads",
        .ratio(of: "processes", to: "threads", within: .about(10)),
        ifRefuted:
          "The page tables change and little else: processors that tag the entries of their TLB with the address "
          + "space (pcid, asid) need not empty it."),
    ],
    published: [
      LabPublished(
        "threads", 1_070, source: "i7 of the 11th generation, Linux 6.6, one blog",
        address: "https://ddumbying.vercel.app/experiments/ctx-switch-overhead"),
      LabPublished(
        "processes", 2_410, source: "the same i7",
        address: "https://ddumbying.vercel.app/experiments/ctx-switch-overhead"),
      LabPublished(
        "threads in Rust", 1_700, source: "jimblandy/context-switch",
        address: "https://github.com/jimblandy/context-switch"),
    ],
    method: [
      "64 bytes go through a pipe to a partner on the same CPU and come back through another: two switches. A figure is half "
        + "a round trip.",
      "'Pipe to itself' does the same reads and writes in one thread; less that, what is left is the switch.",
      "The kernel must count a switch for each trip at least (getrusage(2), ru_nvcsw and ru_nivcsw), or the claims stay open.",
      "Misleading: on two CPUs the figure is that of waking an idle core, --pin two.",
    ],
    loop: """
      if (!send_one(pair, 0, 1)) return -1;
      if (!receive_one(pair, 1)) return -1;
      """
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.same)
    result.require(places)
    let pairs = Pairs(
      [("pipe to itself", CLAB_SELF), ("threads", CLAB_THREAD), ("processes", CLAB_PROCESS)], channel: CLAB_PIPE,
      places: places)
    loop.measure(pairs.variants(per: 2), into: &result)
    result.require(
      ["threads", "processes"].allSatisfy {
        result.rate("voluntary_switches", of: $0) + result.rate("involuntary_switches", of: $0) > 0.9
      },
      "the kernel counted fewer switches than messages were sent")
    return result
  }

  static let warmUp = Experiment(
    "warm-up", .scheduling, title: "Warm-up: what a switch costs afterwards, in caches that belong to somebody else",
    short: "after a switch caches cost 10,000 to 100,000 cycles",
    claims: [
      LabClaim(
        "a", from: .course(.lab, ostep: .multiprocessors),
        "with 256 KiB of its own, a switch costs 10,000 to 100,000 cycles more than one without memory",
        .quantity(of: "refill at 256 KiB, cycles", within: 10_000...100_000),
        ifRefuted: "Both working sets fit the caches of this core, and stay there from one turn to the next."),
      LabClaim(
        "b", from: .course(.lab, ostep: .multiprocessors),
        "with 4 MiB of its own, more than most cores cache alone, it does",
        .quantity(of: "refill at 4 MiB, cycles", within: 10_000...100_000)),
    ],
    method: [
      "As in lanes lab switch, but both partners write a byte of each cache line of their own memory when it is their turn.",
      "The same memory is touched by one thread without a partner; the difference, less that of no memory at all, is what "
        + "refilling costs a switch.",
      "Cycles are nanoseconds times the MHz of /proc/cpuinfo.",
      "Misleading: the last cache is shared with neighbors on other cores, and on a virtual machine with other machines.",
    ],
    loop: "for (size_t i = 0; i < bytes; i += 64) memory[i]++;"
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.same)
    result.require(places)
    let sizes = [(0, "0"), (32 << 10, "32 KiB"), (256 << 10, "256 KiB"), (4 << 20, "4 MiB")]
    for (size, text) in sizes {
      let pairs = Pairs(
        [("alone, \(text)", CLAB_SELF), ("processes, \(text)", CLAB_PROCESS)], channel: CLAB_PIPE, places: places,
        touched: size)
      loop.measure(pairs.variants(per: 2), share: 0.25, into: &result)
    }
    guard let gigahertz = LabMachine.gigahertz, let alone = result["alone, 0"], let paired = result["processes, 0"]
    else {
      result.require(false, "the kernel does not tell the processor's frequency")
      return result
    }
    for (claim, text) in [("a", "256 KiB"), ("b", "4 MiB")] {
      guard let large = result["processes, \(text)"], let same = result["alone, \(text)"] else { continue }
      let quiet = large.disturbed <= 0.1 && same.disturbed <= 0.1
      result.require(
        quiet, "more than 10% of the batches with \(text) were disturbed, too many for a difference", for: claim)
      result.figures.append(
        LabFigure(
          "refill at \(text), cycles", .count, sumOf: [large, alone], less: [same, paired], times: gigahertz))
    }
    return result
  }
}

/// Partners at the two ends of a channel; they end with the value.
final class Pairs {
  private let pairs: [(name: String, pair: OpaquePointer)]
  /// Batches of each without which nothing is decided.
  private let needed: Int

  init(
    _ partners: [(String, clab_partner)], channel: clab_channel, places: LabLoop.Places, touched: Int = 0,
    needed: Int = 5
  ) {
    self.needed = needed
    pairs = partners.compactMap { name, partner in
      clab_pair_new(channel, partner, places.first, places.second, touched).map { (name, $0) }
    }
  }

  deinit { for (_, pair) in pairs { clab_pair_free(pair) } }

  /// True where the system refused the channel; the C library's errno says why.
  var isEmpty: Bool { pairs.isEmpty }

  /// Trips of each, divided by `per`.
  func variants(per: Double) -> [LabVariant] {
    pairs.map { name, pair in
      // The batches keep the partners alive: their variant holds on to this value.
      LabVariant(name, per: per, clock: .wallOfSeveral, needed: needed) { [self] count in
        withExtendedLifetime(self) { clab_pair_trips(pair, count) }
      }
    }
  }
}
