import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  private static let crowds = [1, 2, 16, 200, 1_000, 10_000]
  private static func name(_ threads: Int) -> String { Readable.counted(threads, "thread") }

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
        .value("switches of 1,000 threads", within: .atLeast(10), counts: "switches for each of 1,000 threads"),
        ifRefuted:
          "A thread with little to do is done before its first slice ends. What 1,000 threads cost is their creation."),
      LabClaim(
        "c", from: .course(.glossary, ostep: .concurrency),
        "with 10,000 threads the same work takes twice the processor time, or more",
        .ratio(of: "10,000 threads", to: "1 thread", within: .atLeast(2)),
        ifConfirmed: "Claim d tells whether it is switching that costs so much, or creating and ending them."),
      LabClaim(
        "d", from: .course(.glossary, ostep: .concurrency),
        "and that is switching: each of 10,000 is switched ten times, or more",
        .value("switches of 10,000 threads", within: .atLeast(10), counts: "switches for each of 10,000 threads"),
        ifRefuted: "So it is not: they are done when they have hardly begun, and are paid for by being created."),
    ],
    method: [
      "A computation of some 20 ms is divided evenly among 1, 2, 16, 200, 1,000 and 10,000 threads, which are created and joined.",
      "The figure is processor time of the whole process, which no other load lengthens; the kernel counts its switches "
        + "(getrusage(2), ru_nvcsw and ru_nivcsw).",
      "Where the limits allow fewer than 10,000 threads (ulimit -u, pids.max of a control group, kernel.threads-max and "
        + "vm.max_map_count), that is told, and c and d stay open; so they do with --seconds below 1.",
      "Misleading: threads that wait for locks or for each other do switch much more often.",
    ],
    loop: "state = state * 6364136223846793005u + 1442695040888963407u;",
    picture: { result, width in
      let rows = crowds.compactMap { count -> (count: Int, time: Double, switches: Double)? in
        guard let figure = result[name(count)], let switches = result.values["switches of \(name(count))"] else {
          return nil
        }
        return (count, figure.p50, switches * Double(count))
      }
      guard let longest = rows.map(\.time).max(), longest > 0 else { return [] }
      let mark = Glyphs.current == .unicode ? "█" : "#"
      let room = max(10, width - 32)
      return ["  threads   switches  processor time"]
        + rows.map { row in
          "  " + Readable.count(row.count).leftPadded(to: 7)
            + Readable.count(Int(row.switches.rounded())).leftPadded(to: 11)
            + "  " + String(repeating: mark, count: max(1, Int(row.time / longest * Double(room))))
            + " " + LabFigure.Unit.nanoseconds.text(row.time)
        }
    }
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    var switches: [Int: [Double]] = [:]
    var most = 0
    func variant(_ count: Int) -> LabVariant {
      LabVariant(name(count), most: 1, clock: .processor, needed: 3) { _ in
        var seen = clab_crowd()
        let isWhole = clab_crowd(Int32(count), 20_000_000, &seen) == 0
        most = max(most, Int(seen.started))
        guard isWhole else { return -1 }
        switches[count, default: []].append(Double(seen.switches) / Double(count))
        return seen.processor
      }
    }
    loop.takeTurns(crowds.dropLast().map(variant), share: 0.5, into: &result)
    if loop.seconds < 1 || (availableMemory() ?? 0) < 1 << 30 {
      for claim in ["c", "d"] {
        result.require(
          false, "10,000 threads are left out with --seconds below 1 and less than 1 GiB of free memory", for: claim)
      }
    } else {
      loop.takeTurns([variant(10_000)], share: 0.4, into: &result)
      for claim in ["c", "d"] {
        result.require(most == 10_000, "this process may have \(Readable.count(most)) threads and no more", for: claim)
      }
    }
    for (count, samples) in switches { result.values["switches of \(name(count))"] = Statistics(samples).median }
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
