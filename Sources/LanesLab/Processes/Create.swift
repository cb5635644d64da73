import CLab
import LanesReport

extension Experiment {
  static let create = Experiment(
    "create", .processes, title: "Creation: what it costs to start a thread or a process, and to wait for its end",
    short: "a process is about ten times as dear as a thread",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .lab, ostep: .processAPI),
        "creating a process is about ten times as dear as creating a thread",
        .ratio(of: "fork, CPU", to: "thread, CPU", within: .about(10))),
      LabClaim(
        "b", from: .course(.lab, ostep: .processAPI), "starting a program costs more than fork alone",
        .ratio(of: "spawn true, CPU", to: "fork, CPU", within: .atLeast(1)),
        ifConfirmed: "Loading and linking a program cost more than copying the process did."),
      LabClaim(
        "c", from: .course(.lab, ostep: .processAPI),
        "what makes fork dear is copying the mappings: vfork, which copies none, is cheaper",
        .ratio(of: "vfork, CPU", to: "fork, CPU", within: .atMost(0.9))),
    ],
    published: [
      LabPublished(
        "fork", 80_000, source: "McKenney, Is Parallel Programming Hard, 2011; minimal child",
        address: "https://www.kernel.org/pub/linux/kernel/people/paulmck/perfbook/"),
      LabPublished(
        "fork and exec", 480_000, source: "the same, minimal program in C, Core Duo",
        address: "https://www.kernel.org/pub/linux/kernel/people/paulmck/perfbook/"),
    ],
    method: [
      "Each is created, does nothing, ends and is waited for; the wait belongs to the figure.",
      "Claims go by processor time, of the parent and of what it created, which no other load lengthens (RUSAGE_CHILDREN).",
      "posix_spawn starts /bin/true, which is linked against the C library when it starts.",
      "Misleading: this process is small. What fork costs grows with the memory it copies the mappings of: lanes lab fork-size.",
    ],
    loop: """
      pid_t pid = fork();
      if (pid == 0) _exit(0);
      if (pid < 0 || waitpid(pid, NULL, 0) < 0) return -1;
      """
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.free)
    _ = clab_pin(places.first)
    let ways: [(String, Int, (Int) -> Int64)] = [
      ("thread", 64, { clab_threads($0) }), ("vfork", 8, { clab_vforks($0) }), ("fork", 4, { clab_forks($0) }),
      ("spawn true", 1, { clab_spawns($0) }),
    ]
    loop.measure(
      ways.flatMap { name, most, run in
        [
          LabVariant(name, most: most, clock: .wallOfSeveral, run),
          LabVariant(name + ", CPU", most: most, clock: .processor) { count in
            let before = clab_family_time()
            return run(count) < 0 ? -1 : clab_family_time() - before
          },
        ]
      }, into: &result)
    return result
  }
}
