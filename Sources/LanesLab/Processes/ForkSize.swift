import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  static let forkSize = Experiment(
    "fork-size", .processes, title: "fork and memory: what a larger process pays for being copied",
    short: "fork copies the mappings, so it grows with memory",
    claims: [
      LabClaim(
        "a", from: .course(.lab, ostep: .processAPI),
        "fork copies the table of pages: 256 MiB cost five times what a small process costs, or more",
        .ratio(of: "fork, 256 MiB", to: "fork, small", within: .atLeast(5))),
      LabClaim(
        "b", from: .course(.manual("madvise(2)"), ostep: .smallerTables),
        "huge pages, of which there are fewer, make it cheap again: at most half",
        .ratio(of: "fork, 256 MiB huge", to: "fork, 256 MiB", within: .atMost(0.5))),
      LabClaim(
        "c", from: .course(.manual("posix_spawn(3)"), ostep: .processAPI),
        "posix_spawn copies nothing: at 256 MiB it costs at most twice what it costs a small process",
        .ratio(of: "spawn, 256 MiB", to: "spawn, small", within: .atMost(2))),
      LabClaim(
        "d", from: .course(.lab, ostep: .processAPI),
        "it goes on growing with memory: up to 2 GiB a mebibyte costs about what it costs at 256 MiB",
        .value(
          "growth", within: .about(1),
          counts: "cost of a mebibyte at the largest size to that at 256 MiB")),
      LabClaim(
        "e", from: .course(.lab, ostep: .processAPI),
        "and with huge pages as much memory costs a tenth at most",
        .value(
          "huge", within: .atMost(0.1), counts: "cost of a mebibyte in huge pages to that in others"
        )),
    ],
    published: [
      LabPublished(
        "1 GiB, Xen HVM", 12_000_000, source: "by Redis's 18.4 GB in 0.22 s on cc1.4xlarge",
        address: "https://redis.io/blog/testing-fork-time-on-awsxen-infrastructure"),
      LabPublished(
        "1 GiB, Xen", 623_000_000, source: "by its 1.22 GB in 0.76 s on m1.small",
        address: "https://redis.io/blog/testing-fork-time-on-awsxen-infrastructure"),
    ],
    method: [
      "Memory is mapped and each page of it is written once; then the process forks, and the child ends at once.",
      "The figure is processor time of the parent within fork(2): such a batch is longer than a time slice, and wall time "
        + "would measure the machine's load.",
      "The largest size is 2 GiB where 8 GiB of memory are free and the machine hands them out within a second; elsewhere 1 GiB or 512 MiB. "
        + "It is forked three times. With --seconds below 1 there is none.",
      "Huge pages are asked for and forbidden by madvise(2); by default many systems give them unasked.",
      "Misleading: what the child writes later is copied later, page by page: lanes lab cow.",
    ],
    loop: """
      int64_t start = clab_thread_time();
      pid_t pid = fork();
      if (pid == 0) _exit(0);
      int64_t taken = clab_thread_time() - start;
      """,
    picture: { result, width in
      let sizes = ["small", "64 MiB", "256 MiB"] + [result.texts["largest"]].compactMap(\.self)
      return LabPlot(
        sizes, .nanoseconds,
        [
          LabPlot.Line("fork", sizes.map { result["fork, \($0)"]?.p50 }),
          LabPlot.Line("fork, huge pages", sizes.map { result["fork, \($0) huge"]?.p50 }),
          LabPlot.Line("posix_spawn", sizes.map { result["spawn, \($0)"]?.p50 }),
        ], width: width
      ).text
    }
  ) { loop in
    var result = LabMeasurements()
    // On one CPU, so that it is no matter of luck whose caches the child finds.
    _ = clab_pin(loop.places(.same).first)
    let size = 256 << 20
    guard let free = availableMemory(), free > 4 * size else {
      result.require(false, "less than 1 GiB of memory is free")
      return result
    }
    // One after the other and not in turn: memory that is mapped is what the variants differ in.
    loop.measure(pair("small", spawns: true), share: 0.15, into: &result)
    let isWhole = loop.seconds >= 1 && free > 8 << 30
    let small = grow(huge: false, to: isWhole ? 2 << 30 : size, within: 1.8, loop, into: &result)
    let huge = grow(huge: true, to: isWhole ? 2 << 30 : size, within: 1, loop, into: &result)
    let reason =
      loop.seconds < 1
      ? "larger sizes are left out with --seconds below 1"
      : isWhole
        ? "the machine handed out less than 512 MiB of memory in the time that there was"
        : "larger sizes are taken where 8 GiB of memory are free, and here \(Readable.bytes(free)) are"
    result.require(small != nil, reason, for: "d")
    result.require(small != nil && huge != nil, reason, for: "e")
    guard let small, let base = result["fork, 256 MiB"] else { return result }
    result.texts["largest"] = name(small.bytes)
    result.values["growth"] = small.costOfByte / (base.p50 / Double(size))
    result.values["huge"] = huge.map { $0.costOfByte / small.costOfByte }
    return result
  }

  private static func pair(_ what: String, spawns: Bool) -> [LabVariant] {
    [LabVariant("fork, \(what)", most: 1, clock: .processor, needed: 3) { _ in clab_fork_time() }]
      + (spawns
        ? [
          LabVariant("spawn, \(what)", most: 1, clock: .processor, needed: 3) { _ in
            clab_spawn_time()
          }
        ] : [])
  }

  private static func name(_ bytes: Int) -> String {
    bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
  }

  private struct Largest {
    let bytes: Int
    /// Nanoseconds of forking for each byte.
    let costOfByte: Double
  }

  /// Maps memory and forks while it grows: at 64 MiB, where pages are small, at 256 MiB, and at 512 MiB, 1 or 2 GiB, whatever of `most`
  /// can be written within so many seconds; nil where that is none of the three.
  private static func grow(
    huge: Bool, to most: Int, within seconds: Double, _ loop: LabLoop,
    into result: inout LabMeasurements
  ) -> Largest? {
    guard let memory = clab_reserve(most, huge) else { return nil }
    var mapped = most
    defer { clab_unmap(memory, mapped) }
    let end = clab_now() + Int64(seconds * 1e9)
    let step = 64 << 20
    let suffix = huge ? " huge" : ""
    var filled = 0
    // The sizes that others are compared with are filled whatever the time.
    while filled < most, filled < 256 << 20 || clab_now() < end {
      clab_fill(memory + filled, step)
      filled += step
      if filled == 64 << 20, !huge {
        loop.measure(pair(name(filled), spawns: false), share: 0.15, into: &result)
      }
      if filled == 256 << 20 {
        loop.measure(pair(name(filled) + suffix, spawns: !huge), share: 0.15, into: &result)
      }
    }
    guard let size = [2 << 30, 1 << 30, 512 << 20].first(where: { $0 <= filled }) else {
      return nil
    }
    // What is beyond was written in vain.
    if size < most { clab_unmap(memory + size, most - size) }
    mapped = size
    loop.takeTurns(pair(name(size) + suffix, spawns: !huge), share: 0, into: &result)
    return result["fork, \(name(size))\(suffix)"].map {
      Largest(bytes: size, costOfByte: $0.p50 / Double(size))
    }
  }
}
