extension Experiment {
  /// All experiments, in the order of a course: each needs only what came before.
  package static let all: [Experiment] = [
    syscall, isolation, layout, create, forkSize, cow, memory, stack, crash, `switch`, warmUp, slice, fair, crowd, pool,
    interleave, race, locks, falseSharing, deadlock, starve, gil, ipc, blocking, multiplex, c10k, limits, uring, fault,
    tlb,
    mmap,
    tasks,
  ]

  /// What of a course cannot be measured here, and why.
  package static let untested: [(claim: String, reason: String)] = [
    (
      "isolation is security",
      "a proof of what cannot happen is no measurement; lanes doctor tries attacks on its sandbox"
    ),
    ("collecting garbage stops the world", "Swift counts references and has no collector to stop anything"),
    ("pages of the kernel are never swapped", "telling takes the rights of root"),
    ("swapping makes a machine crawl", "provoking it takes memory from everybody else on the machine"),
    ("a process is a program in execution", "a definition; there is nothing to measure"),
  ]
}
