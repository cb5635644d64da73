import CLab
import LanesCore
import LanesReport

extension Experiment {
  /// Nanoseconds until an answer is there.
  private static let answer = 5e6

  static let blocking = Experiment(
    "blocking", .talking, title: "Waiting: 32 answers that take 5 ms each, in four ways",
    short: "blocked threads idle, a loop waits for all at once",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .glossary, ostep: .events),
        "one that waits for each answer in turn takes ten times as long as a loop that waits for all, or more",
        .ratio(of: "one by one, wall", to: "event loop, wall", within: .atLeast(10))),
      LabClaim(
        "b", from: .course(.processes, .glossary, ostep: .events),
        "asking again and again without blocking burns the core: ten calls for each answer, or more",
        .value("calls an answer", within: .atLeast(10), counts: "reads for each answer, all but one in vain (EAGAIN)")),
      LabClaim(
        "c", from: .course(.processes, .glossary, ostep: .events),
        "a thread for each answer is as quick as the loop: at most twice as long",
        .ratio(of: "thread each, wall", to: "event loop, wall", within: .atMost(2))),
      LabClaim(
        "d", from: .course(.processes, .glossary, ostep: .events),
        "and costs more processor time: twice as much, or more",
        .ratio(of: "thread each, CPU", to: "event loop, CPU", within: .atLeast(2))),
    ],
    method: [
      "An answer is a timer of 5 ms that is set when it is asked for (timerfd_create(2)), so that nobody needs a core to give it.",
      "In turn, with a thread each, with descriptors that return at once (EAGAIN) read round and round, and with epoll.",
      "Time beyond an answer's and twice the processor time is waiting for a core that somebody else has; where most batches have more "
        + "than a millisecond of it, nothing is said of how quick threads are.",
      "A call that blocks takes no processor time; another thread can have the core, in the same process, too.",
      "Misleading: files on disks cannot be waited for with epoll; they are always ready, and reading them blocks.",
    ],
    loop: "if (!done[i] && answer(timers[i])) {"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    let kinds: [(String, clab_answers)] = [
      ("one by one", CLAB_ONE_BY_ONE), ("thread each", CLAB_THREAD_EACH), ("asking again", CLAB_ASK_AGAIN),
      ("event loop", CLAB_LOOP),
    ]
    var wall: [String: [Double]] = [:]
    var processor: [String: [Double]] = [:]
    var last: [String: clab_answered] = [:]
    let began = clab_now()
    var round = 0
    while round < loop.rounds || (clab_now() - began < Int64(loop.seconds * 1e9) && round < 200) {
      for (name, kind) in round.isMultiple(of: 2) ? kinds : kinds.reversed() {
        var seen = clab_answered()
        guard clab_answers(kind, 32, Int64(answer), &seen) == 0 else { continue }
        wall[name, default: []].append(Double(seen.wall))
        processor[name, default: []].append(Double(seen.processor))
        last[name] = seen
      }
      round += 1
    }
    // What goes by beyond the answer and the processor's work is waiting for a core, which is not what threads cost.
    let (times, burnt) = (wall["thread each"] ?? [], processor["thread each"] ?? [])
    let crowded = zip(times, burnt).count { $0 > answer + 2 * $1 + 1e6 }
    result.require(
      crowded * 2 <= times.count, "threads waited for cores that others had, in more than half of the batches", for: "c"
    )
    for (name, kind) in kinds {
      guard let times = wall[name], let burnt = processor[name], let seen = last[name] else { continue }
      result.figures.append(
        LabFigure(
          "\(name), wall", samples: times, needed: 3,
          counters: [
            LabFigure.Counter("calls", Double(seen.calls)), LabFigure.Counter("switches", Double(seen.switches)),
          ]))
      if kind == CLAB_ASK_AGAIN { result.values["calls an answer"] = Double(seen.calls) / 32 }
      result.figures.append(LabFigure("\(name), CPU", samples: burnt, needed: 3))
    }
    return result
  }

  static let limits = Experiment(
    "limits", .talking, title: "Limits: how many files a process may have open",
    short: "\"too many open files\", and what helps",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, ostep: .files),
        "a process that opens more files than its soft limit gets EMFILE, too many open files",
        .value("error", within: 24...24, counts: "the error's number (EMFILE is 24)")),
      LabClaim(
        "b", from: .course(.manual("getrlimit(2)"), ostep: .files),
        "it may raise the soft limit itself, up to the hard one, and then open more",
        .value("after", within: .atLeast(1), counts: "more files that could be opened")),
    ],
    method: [
      "/dev/null is opened again and again, with a soft limit of 256 at most, until the kernel refuses (getrlimit(2), "
        + "RLIMIT_NOFILE); then the soft limit is raised and opening goes on.",
      "The limit counts descriptors, so the standard ones and whatever else is open belong to it.",
      "Misleading: ulimit -n shows the soft limit; ulimit -Hn shows how far it may be raised.",
    ],
    loop: "while (count < limit && (fds[count] = open(\"/dev/null\", O_RDONLY | O_CLOEXEC)) >= 0) count++;",
    picture: { result, width in
      guard let opened = result.values["opened"], let after = result.values["after"] else { return [] }
      let room = Double(max(20, width - 32))
      let (full, more) = Glyphs.current == .unicode ? ("█", "▒") : ("#", ":")
      let share = opened / max(1, opened + after)
      let first = Int(share * room)
      return [
        "  opened until refused  " + String(repeating: full, count: first) + " \(Int(opened))",
        "  after raising         " + String(repeating: full, count: first)
          + String(repeating: more, count: Int(room) - first) + " \(Int(opened + after))",
        "  limits of this process: \(result.texts["limits"] ?? "")",
      ]
    }
  ) { _ in
    var result = LabMeasurements()
    var seen = clab_limit()
    guard clab_limits(&seen) == 0 else {
      result.require(false, "the limits could not be read")
      return result
    }
    result.values = ["error": Double(seen.error), "opened": Double(seen.opened), "after": Double(seen.after)]
    func text(_ limit: Int64) -> String { limit < 0 ? "none" : Readable.count(limit) }
    result.texts["limits"] = "soft \(text(seen.soft)), hard \(text(seen.hard))"
    result.require(seen.hard < 0 || seen.hard > 256, "the hard limit leaves no room for raising the soft one", for: "b")
    return result
  }
}
