extension Experiment {
  /// All experiments, in the order of a course: each needs only what came before.
  package static let all: [Experiment] = [
    syscall, isolation, layout, create, forkSize, cow, memory, stack, crash, `switch`, warmUp, slice, fair, crowd, pool,
    interleave, race, locks, falseSharing, deadlock, starve, gil, ipc, blocking, multiplex, c10k, limits, uring, fault,
    tlb, mmap, thrash, pauses, tasks, split, bound,
  ]

  /// What of a course cannot be measured here, and why.
  package static let untested: [(claim: String, reason: String)] = [
    (
      "isolation is security",
      "a proof of what cannot happen is no measurement; lanes doctor tries attacks on its sandbox"
    ),
    ("pages of the kernel are never swapped", "telling takes the rights of root"),
    (
      "swapping makes a machine crawl",
      "provoking it takes memory from everybody else on the machine; lanes lab thrash does the same with pages of a file"
    ),
    ("a process is a program in execution", "a definition; there is nothing to measure"),
  ]
}
