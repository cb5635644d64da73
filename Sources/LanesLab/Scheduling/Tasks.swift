import CLab
import LanesOS
import LanesReport

extension Experiment {
  static let tasks = Experiment(
    "tasks", .scheduling, title: "Tasks: many of them on few threads, and what blocking does to them",
    short: "tasks are cheap; one that blocks holds its thread",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, .glossary, .lab), "starting and ending a task costs about 0.3 µs",
        .quantity(of: "task", within: .about(300)),
        ifRefuted: "Each task is allocated, queued and taken by a thread of the pool."),
      LabClaim(
        "b", from: .course(.concurrency, .glossary, .lab),
        "tasks that block hold their threads: four for each thread of the pool take three times as long as tasks that wait "
          + "without blocking, or more",
        .ratio(of: "tasks that block", to: "tasks that wait", within: .atLeast(3)),
        ifConfirmed: "The pool has as many threads as there are CPUs, and gets no more."),
    ],
    method: [
      "Swift tasks that do nothing are started in a group and waited for, 500 to a batch; the figure is processor time of the "
        + "process for each, as is that of a thread.",
      "Then four tasks for each CPU sleep for 10 ms, in usleep(3), which blocks, or in Task.sleep, which gives the thread back.",
      "Misleading: threads of the pool get in each other's way on a busy machine, so that a task may cost several times as much as on "
        + "a quiet one; and what counts is what a task does between two points at which it may give up its thread.",
    ],
    loop: "if ((errno = pthread_create(&thread, NULL, return_at_once, NULL)) != 0) return -1;"
  ) { loop in
    var result = LabMeasurements()
    loop.measure(
      [
        LabVariant("task", most: 500, clock: .processor) { count in
          let start = clab_process_time()
          awaiting { await withTaskGroup(of: Void.self) { group in for _ in 0..<count { group.addTask {} } } }
          return clab_process_time() - start
        },
        LabVariant("thread", most: 16, clock: .processor) { count in
          let start = clab_process_time()
          return clab_threads(count) < 0 ? -1 : clab_process_time() - start
        },
      ], share: 0.6, into: &result)
    let many = 4 * CPUs.available
    func turn(_ name: String, _ wait: @escaping @Sendable () async -> Void) -> LabVariant {
      LabVariant(name, most: 1, clock: .wallOfSeveral) { _ in
        let start = clab_now()
        awaiting {
          await withTaskGroup(of: Void.self) { group in for _ in 0..<many { group.addTask { await wait() } } }
        }
        return clab_now() - start
      }
    }
    loop.measure(
      [
        turn("tasks that block") { clab_sleep(10_000) },
        turn("tasks that wait") { try? await Task.sleep(nanoseconds: 10_000_000) },
      ], share: 0.4, into: &result)
    return result
  }
}

/// Runs `body` to its end on the pool of tasks while this thread, which is none of the pool's, waits.
private func awaiting(_ body: @escaping @Sendable () async -> Void) {
  let done = Monitor(false)
  Task.detached {
    await body()
    done.withLock { $0 = true }
    done.wakeAll()
  }
  _ = done.wait { $0 ? true : nil }
}
