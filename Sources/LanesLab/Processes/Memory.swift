import CLab
import LanesOS
import LanesReport

extension Experiment {
  static let memory = Experiment(
    "memory", .processes, title: "Memory: what a parked thread, process or connection keeps",
    short: "10 MB a process, 1 MB a thread, 10 KB a connection",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .addressSpaces), "a process keeps about 10 MB",
        .quantity(of: "process, in all", within: .about(10e6)),
        ifRefuted: "Most of what it seems to have is shared with its parent, page by page, until it is written."),
      LabClaim(
        "b", from: .course(.processes, ostep: .concurrency), "a thread keeps about 1 MB",
        .quantity(of: "thread, in all", within: .about(1e6)),
        ifRefuted: "The megabytes of its stack are addresses; memory is given page by page when it is touched."),
      LabClaim(
        "c", from: .course(.processes, ostep: .events), "a connection of an event loop keeps at most 10 KB",
        .quantity(of: "connection, in all", within: .atMost(10_240))),
    ],
    published: [
      LabPublished(
        "thread, in all", 20 * 1024, .bytes, source: "jimblandy/context-switch, 9.5 KiB user, 10 KiB kernel",
        address: "https://github.com/jimblandy/context-switch"),
      LabPublished(
        "task in Rust", 0.4 * 1024, .bytes, source: "the same, an async task",
        address: "https://github.com/jimblandy/context-switch"),
    ],
    method: [
      "1,000 threads with stacks of 8 MiB, 60 forks, and 4,000 pairs of sockets registered with epoll are made and wait; fewer "
        + "pairs where this process may not have so many descriptors.",
      "Virtual is the growth of VmSize, resident that of VmRSS (of a fork: its proportional set size, since pages that it "
        + "shares would count for each), both of /proc/PID.",
      "In all adds what the kernel keeps: growth of KernelStack, PageTables and SUnreclaim in /proc/meminfo, which is the "
        + "whole machine's, so that others' work shows in the spread.",
      "Misleading: resident pages that are shared count fully in each process that ps(1) lists.",
    ],
    loop: "while (read(parking[0], &byte, 1) < 0 && errno == EINTR) {}"
  ) { loop in
    var result = LabMeasurements()
    let kinds: [(String, clab_parked, Int32)] = [
      ("thread", CLAB_PARKED_THREADS, 1_000), ("process", CLAB_PARKED_FORKS, 60),
      ("connection", CLAB_PARKED_PAIRS, 4_000),
    ]
    var virtual: [String: [Double]] = [:]
    var resident: [String: [Double]] = [:]
    var whole: [String: [Double]] = [:]
    let began = clab_now()
    var round = 0
    while round < max(3, loop.rounds) || (clab_now() - began < Int64(loop.seconds * 1e9) && round < 40) {
      for (name, kind, count) in round.isMultiple(of: 2) ? kinds : kinds.reversed() {
        var seen = clab_memory()
        guard clab_park(kind, count, &seen) == 0, seen.parked >= (kind == CLAB_PARKED_PAIRS ? 30 : count) else {
          continue
        }
        virtual[name, default: []].append(max(0, seen.virtual_size) * 1024)
        resident[name, default: []].append(max(0, seen.proportional) * 1024)
        whole[name, default: []].append(seen.proportional + max(0, seen.kernel) * 1024)
      }
      round += 1
    }
    for (name, _, _) in kinds {
      guard let sizes = virtual[name], let kept = resident[name], let all = whole[name] else { continue }
      // The first park of a kind fills the allocator's stocks; those after it tell what one more costs.
      let later = all.count > 2 ? Array(all.dropFirst()) : all
      if name != "connection" {
        result.figures.append(LabFigure("\(name), virtual", .bytes, samples: sizes, needed: 3))
        result.figures.append(LabFigure("\(name), resident", .bytes, samples: kept, needed: 3))
      }
      // The middle one of each three rounds: what others do in between changes the machine's figures by leaps.
      let triples = stride(from: 0, to: max(1, later.count - 2), by: 3).map { start in
        Statistics(Array(later[start..<min(start + 3, later.count)])).median
      }
      result.figures.append(LabFigure("\(name), in all", .bytes, samples: triples, needed: 1))
    }
    return result
  }
}
