import CLab
import LanesReport

extension Experiment {
  static let crowd = Experiment(
    "crowd", .scheduling, title: "Crowd: the same work divided among more and more threads",
    short: "too many threads switch and do no work",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, ostep: .concurrency),
        "with 200 threads on few cores the same work takes half as much processor time again, or more",
        .ratio(of: "200 threads", to: "1 thread", within: .atLeast(1.5)),
        ifRefuted: "Threads that compute are switched no more often than their slices end."),
      LabClaim(
        "b", from: .course(.glossary, ostep: .concurrency),
        "with 1,000 threads all is switching: each is switched ten times, or more",
        .value("switches a thread", within: .atLeast(10), counts: "switches for each of 1,000 threads"),
        ifRefuted:
          "A thread with little to do is done before its first slice ends. What 1,000 threads cost is their creation."),
    ],
    method: [
      "A computation of some 20 ms is divided evenly among 1, 2, 16, 200 and 1,000 threads, which are created and joined.",
      "The figure is processor time of the whole process, which no other load lengthens; the kernel counts its switches.",
      "Misleading: threads that wait for locks or for each other do switch much more often.",
    ],
    loop: "state = state * 6364136223846793005u + 1442695040888963407u;"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    var switches: [Double] = []
    func variant(_ count: Int32, _ name: String) -> LabVariant {
      LabVariant(name, most: 1, clock: .processor, needed: 3) { _ in
        var seen = clab_crowd()
        guard clab_crowd(count, 20_000_000, &seen) == 0 else { return -1 }
        if count == 1_000 { switches.append(Double(seen.switches) / 1_000) }
        return seen.processor
      }
    }
    loop.measure(
      [
        variant(1, "1 thread"), variant(2, "2 threads"), variant(16, "16 threads"), variant(200, "200 threads"),
        variant(1_000, "1,000 threads"),
      ], into: &result)
    if !switches.isEmpty { result.values["switches a thread"] = Statistics(switches).median }
    return result
  }

  static let pool = Experiment(
    "pool", .scheduling, title: "Pool: threads that stay, beside a thread for each task",
    short: "creating threads is dear, so pool them",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, .lab),
        "a task that does nothing costs twice as much on a thread of its own as in a pool, or more",
        .ratio(of: "thread each, no work", to: "pool of 2, no work", within: .atLeast(2))),
      LabClaim(
        "b", from: .course(.glossary, .lab), "with 1 ms of work a task it hardly matters: at most a fifth more",
        .ratio(of: "thread each, 1 ms", to: "pool of 2, 1 ms", within: .atMost(1.2))),
    ],
    method: [
      "Tasks are put into a queue that two waiting threads take from, or each gets a thread that is created and joined.",
      "The figure is processor time of the whole process for each task.",
      "lanes runs its batches in such a pool, whose heart is shown below; docs/lab/scheduling.md has the exercise of building one.",
      "Misleading: a pool of two keeps two cores at most busy, whatever is in its queue.",
    ],
    loop: "while (pool.waiting == 0) pthread_cond_wait(&pool.filled, &pool.lock);",
    excerpt: Excerpt(
      file: "Sources/LanesEngines/Threads/ThreadPool.swift",
      text: """
        // Each thread, until the pool is closed:
        while case .perform(let share) = nextTurn(atMost: limit, lane) {
          for (position, unit) in share.enumerated() {
            perform(unit, executor, &report, tellsStart: isAlone && limit == 1)
        // nextTurn gives up the lock and sleeps while there is nothing to do:
        return queue.wait { queue in
          let turn = self.turn(&queue, atMost: limit)
          if turn == nil { queue.idle.insert(lane) } else { queue.idle.remove(lane) }
          return turn
        }
        // submit puts units into the queue under the same lock, and then wakes:
        let idle = queue.withLock { queue in
          for unit in units { queue.units.append(unit) }
          return queue.idle.count
        }
        // shutDown closes the pool, wakes all, and joins them:
        queue.withLock { _ in phase.store(.closed, ordering: .relaxed) }
        queue.wakeAll()
        for thread in running { thread.join() }
        """)
  ) { loop in
    var result = LabMeasurements()
    // On one CPU, so that a lane that is awake anyhow is no matter of luck.
    _ = clab_pin(loop.places(.same).first)
    // Steps of the computation that take about a millisecond here.
    let steps = 100_000
    let began = clab_thread_time()
    _ = clab_work(Int64(steps))
    let millisecond = Int64(Double(steps) * 1e6 / Double(max(1, clab_thread_time() - began)))
    loop.measure(
      [
        LabVariant("thread each, no work", most: 16, clock: .processor) { clab_thread_each($0, 0) },
        LabVariant("pool of 2, no work", most: 64, clock: .processor) { clab_pool($0, 0, 2) },
        LabVariant("thread each, 1 ms", most: 1, clock: .processor) { clab_thread_each($0, millisecond) },
        LabVariant("pool of 2, 1 ms", most: 1, clock: .processor) { clab_pool($0, millisecond, 2) },
      ], into: &result)
    return result
  }
}
