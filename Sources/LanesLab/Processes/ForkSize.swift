import CLab
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
      "Huge pages are asked for and forbidden by madvise(2); by default many systems give them unasked.",
      "Misleading: what the child writes later is copied later, page by page: lanes lab cow.",
    ],
    loop: """
      int64_t start = clab_thread_time();
      pid_t pid = fork();
      if (pid == 0) _exit(0);
      int64_t taken = clab_thread_time() - start;
      """
  ) { loop in
    var result = LabMeasurements()
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
    loop.measure(pair("small", spawns: true), share: 0.2, into: &result)
    for (what, bytes, huge) in [("64 MiB", size / 4, false), ("256 MiB", size, false), ("256 MiB huge", size, true)] {
      guard let memory = clab_map(bytes, huge) else { continue }
      loop.measure(pair(what, spawns: what == "256 MiB"), share: 0.25, into: &result)
      clab_unmap(memory, bytes)
    }
    return result
  }
}
