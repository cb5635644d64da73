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
        .value("growth", within: .about(1), counts: "cost of a mebibyte at the largest size to that at 256 MiB")),
      LabClaim(
        "e", from: .course(.lab, ostep: .processAPI), "and with huge pages as much memory costs a tenth at most",
        .value("huge", within: .atMost(0.1), counts: "cost of a mebibyte in huge pages to that in others")),
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
    func pair(_ what: String, spawns: Bool) -> [LabVariant] {
      [LabVariant("fork, \(what)", most: 1, clock: .processor) { _ in clab_fork_time() }]
        + (spawns ? [LabVariant("spawn, \(what)", most: 1, clock: .processor) { _ in clab_spawn_time() }] : [])
    }
    // One after the other and not in turn: memory that is mapped is what the variants differ in.
    loop.measure(pair("small", spawns: true), share: 0.15, into: &result)
    for (what, bytes, huge) in [("64 MiB", size / 4, false), ("256 MiB", size, false), ("256 MiB huge", size, true)] {
      guard let memory = clab_map(bytes, huge) else { continue }
      loop.measure(pair(what, spawns: what == "256 MiB"), share: 0.15, into: &result)
      clab_unmap(memory, bytes)
    }
    measureLargest(loop, free, into: &result)
    return result
  }

  /// As much memory as is filled within the time that there is, of which filling takes more than forking.
  private static func measureLargest(_ loop: LabLoop, _ free: Int, into result: inout LabMeasurements) {
    guard loop.seconds >= 1, free > 8 << 30, let base = result["fork, 256 MiB"] else {
      let reason =
        loop.seconds < 1
        ? "larger sizes are left out with --seconds below 1"
        : "larger sizes are taken where 8 GiB of memory are free, and here \(Readable.bytes(free)) are"
      for claim in ["d", "e"] { result.require(false, reason, for: claim) }
      return
    }
    guard let large = measure(2 << 30, huge: false, within: 1, loop, into: &result) else {
      for claim in ["d", "e"] {
        result.require(false, "the machine handed out less than 512 MiB of memory in a second", for: claim)
      }
      return
    }
    result.texts["largest"] = sizeName(large.bytes)
    result.values["growth"] = large.costOfByte / (base.p50 / Double(256 << 20))
    let huge = measure(large.bytes, huge: true, within: 0.7, loop, into: &result)
    result.values["huge"] = huge.map { $0.costOfByte / large.costOfByte }
    result.require(huge != nil, "the machine handed out less than 512 MiB of huge pages in time", for: "e")
  }

  private struct Largest {
    let bytes: Int
    /// Nanoseconds of forking for each byte.
    let costOfByte: Double
  }

  private static func sizeName(_ bytes: Int) -> String {
    bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
  }

  /// Maps `most` bytes, writes as many of them as `seconds` allow, 2 or 1 GiB or 512 MiB, and forks; nil where that is too
  /// much.
  private static func measure(
    _ most: Int, huge: Bool, within seconds: Double, _ loop: LabLoop, into result: inout LabMeasurements
  ) -> Largest? {
    guard let memory = clab_reserve(most, huge) else { return nil }
    var mapped = most
    defer { clab_unmap(memory, mapped) }
    let end = clab_now() + Int64(seconds * 1e9)
    let step = 64 << 20
    var filled = 0
    while filled < most, clab_now() < end {
      clab_fill(memory + filled, step)
      filled += step
    }
    guard let size = [2 << 30, 1 << 30, 512 << 20].first(where: { $0 <= filled }) else { return nil }
    // What is beyond was written in vain.
    if size < most { clab_unmap(memory + size, most - size) }
    mapped = size
    let name = "fork, \(sizeName(size))" + (huge ? " huge" : "")
    var variants = [LabVariant(name, clock: .processor, needed: 3) { _ in clab_fork_time() }]
    if !huge {
      variants.append(LabVariant("spawn, \(sizeName(size))", clock: .processor, needed: 3) { _ in clab_spawn_time() })
    }
    loop.takeTurns(variants, share: 0, into: &result)
    return result[name].map { Largest(bytes: size, costOfByte: $0.p50 / Double(size)) }
  }
}
