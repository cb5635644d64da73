import CLab
import LanesCore
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
      LabClaim(
        "c", from: .course(.concurrency, .lab),
        "a million tasks can wait at the same time",
        .value("tasks at once", within: .atLeast(1_000_000), counts: "tasks that waited at the same moment")),
      LabClaim(
        "d", from: .course(.concurrency, .lab),
        "a task that waits keeps a tenth of the memory of a thread that waits, or less",
        .ratio(of: "memory, task", to: "memory, thread", within: .atMost(0.1)),
        ifConfirmed:
          "What it needs when it goes on is kept in a list of pieces, and a stack belongs to the thread that it runs on."
      ),
      LabClaim(
        "e", from: .course(.concurrency, .lab),
        "giving way to another task takes about 0.2 µs", .quantity(of: "yield", within: .about(200)),
        ifRefuted:
          "Each goes to the end of the pool's queue, which its threads take from one by one."
      ),
    ],
    published: [
      LabPublished(
        "switch between tasks", 200, source: "tasks of Rust, jimblandy/context-switch",
        address: "https://github.com/jimblandy/context-switch"),
      LabPublished(
        "memory, task", 410, .bytes, source: "tasks of Rust, the same",
        address: "https://github.com/jimblandy/context-switch"),
      LabPublished(
        "memory, thread", 9_728, .bytes, source: "the same, without what the kernel keeps",
        address: "https://github.com/jimblandy/context-switch"),
    ],
    method: [
      "Swift tasks that do nothing are started in a group and waited for, 5,000 to a batch; the figure is processor time of the "
        + "process for each, as is that of a thread.",
      "A million tasks are started, or as many as can be in --seconds, and each waits for a word to go on; what the process has in memory "
        + "then (VmRSS) is divided among them. A thread's memory is that of 1,000 parked ones, with what the kernel keeps for them.",
      "Four tasks for each CPU that do nothing but give way (Task.yield), 20,000 times a batch, tell what a switch between tasks costs.",
      "Then four tasks for each CPU sleep for 10 ms, in usleep(3), which blocks, or in Task.sleep, which gives the thread back.",
      "All are on one CPU, where threads of the pool do not get in each other's way.",
      "Misleading: what counts is what a task does between two points at which it may give up its thread; and on several CPUs a task costs "
        + "several times as much, since the threads of the pool take them from one queue.",
    ],
    loop: "if ((errno = pthread_create(&thread, NULL, return_at_once, NULL)) != 0) return -1;"
  ) { loop in
    var result = LabMeasurements()
    let cpus = CPUs.available
    // Threads of the pool are made by this one and stay on its CPU: processor time is then that of tasks, and not of threads
    // that get in each other's way.
    _ = clab_pin(loop.places(.same).first)
    loop.measure(
      [
        LabVariant("task", most: 1, per: 5_000, clock: .processor) { _ in
          let start = clab_process_time()
          awaiting { await withTaskGroup(of: Void.self) { group in for _ in 0..<5_000 { group.addTask {} } } }
          return clab_process_time() - start
        },
        LabVariant("thread", most: 16, clock: .processor) { count in
          let start = clab_process_time()
          return clab_threads(count) < 0 ? -1 : clab_process_time() - start
        },
        LabVariant("yield", most: 1, per: 20_000, clock: .processor) { _ in
          let lanes = 4 * cpus
          let start = clab_process_time()
          awaiting {
            await withTaskGroup(of: Void.self) { group in
              for lane in 0..<lanes {
                group.addTask { for _ in stride(from: lane, to: 20_000, by: lanes) { await Task.yield() } }
              }
            }
          }
          return clab_process_time() - start
        },
      ], share: 0.4, into: &result)
    measureMillion(loop, into: &result)
    let many = 4 * cpus
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
      ], share: 0.2, into: &result)
    return result
  }

  /// Starts a million tasks that wait, or as many as can be started in the seconds that there are.
  private static func measureMillion(_ loop: LabLoop, into result: inout LabMeasurements) {
    let most = min(1_000_000, (availableMemory() ?? 0) / 2 / 4096)
    @Sendable func resident() -> Int { (ProcessFile("/proc/self/status")?.number(after: "VmRSS:") ?? 0) * 1024 }
    let gate = Gate(most)
    let (before, start, end) = (resident(), clab_process_time(), clab_now() + Int64(loop.seconds * 1e9))
    let seen = Monitor((count: 0, memory: 0, processor: Int64(0)))
    awaiting {
      await withTaskGroup(of: Void.self) { group in
        var count = 0
        while count < most, !count.isMultiple(of: 1_000) || clab_now() < end {
          group.addTask { await gate.wait() }
          count += 1
        }
        while gate.waiting < count { await Task.yield() }
        seen.withLock { $0 = (count, resident(), clab_process_time()) }
        gate.open()
      }
    }
    let (count, memory, processor) = seen.withLock { $0 }
    result.require(
      most == 1_000_000, "there is memory for \(Readable.count(most)) tasks, and for a million 8 GB are to be free",
      for: "c")
    result.require(
      count == most,
      "\(Readable.count(count)) were started in the time that there was, and all waited; give --seconds more",
      for: "c")
    guard count > 0 else { return }
    result.values["tasks at once"] = Double(count)
    result.figures.append(
      LabFigure("start and wait", samples: [Double(processor - start) / Double(count)], needed: 1))
    result.figures.append(
      LabFigure("memory, task", .bytes, samples: [Double(max(1, memory - before)) / Double(count)], needed: 1))
    let threads = (0..<3).compactMap { _ -> Double? in
      var parked = clab_memory()
      guard clab_park(CLAB_PARKED_THREADS, 1_000, &parked) == 0, parked.parked == 1_000 else { return nil }
      return (parked.resident + max(0, parked.kernel)) * 1024
    }
    if !threads.isEmpty {
      result.figures.append(LabFigure("memory, thread", .bytes, samples: [Statistics(threads).median], needed: 1))
    }
  }
}

/// Where tasks wait until it is opened.
private final class Gate: Sendable {
  private let tasks: Monitor<[UnsafeContinuation<Void, Never>]>

  init(_ count: Int) {
    var room: [UnsafeContinuation<Void, Never>] = []
    room.reserveCapacity(count)
    tasks = Monitor(room)
  }

  var waiting: Int { tasks.withLock(\.count) }

  func wait() async {
    await withUnsafeContinuation { task in tasks.withLock { $0.append(task) } }
  }

  /// Lets all go on that wait now.
  func open() {
    for task in tasks.withLock({ $0 }) { task.resume() }
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
