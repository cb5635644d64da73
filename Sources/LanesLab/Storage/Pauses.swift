import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  static let pauses = Experiment(
    "pauses", .storage, title: "Pauses: what collecting garbage does to everybody else, and counting references",
    short: "collecting garbage stops the world",
    claims: [
      LabClaim(
        "a", from: .course(.glossary),
        "while garbage is collected, every other thread stands still",
        .value("stopped", within: 0.9...1, counts: "share of a pause in which another thread got nothing done")),
      LabClaim(
        "b", from: .course(.glossary),
        "a pause grows with the objects that live: ten times as many make it five times as long, or more",
        .ratio(of: "1,000,000 objects", to: "100,000 objects", within: .atLeast(5))),
      LabClaim(
        "c", from: .course(.glossary),
        "with a million of them it takes 10 ms or more",
        .quantity(of: "1,000,000 objects", within: .atLeast(10_000_000))),
      LabClaim(
        "d", from: .course(.glossary),
        "counting references has no such pauses: letting go of a million objects of Swift takes at most a tenth",
        .ratio(of: "1,000,000 let go in Swift", to: "1,000,000 objects", within: .atMost(0.1)),
        ifRefuted:
          "The last reference that goes takes all with it: that is a pause as well, but of one thread, and at a place that "
          + "the program chose."),
    ],
    method: [
      "python3 makes pairs of lists that refer to each other, which no count of references would ever free, keeps them, and collects: "
        + "gc.callbacks tell when a collection begins and ends. The figure is its processor time.",
      "Another thread looks at the clock and sleeps for 0.1 ms, again and again. The longest time within a pause in which it did not look is "
        + "what it stood still; in the same time before a collection it must have gone on, or the claim stays open.",
      "Swift counts references and frees an object with the last of them; a list of a million objects is let go at once.",
      "Misleading: collectors that work beside the program (of Java or Go) stop it for parts of a millisecond, and pay for that with "
        + "processor time; without cycles, and that is most of what a program makes, Python frees by counting, too.",
    ], loop: ""
  ) { loop in
    var result = LabMeasurements()
    guard let run = LabProgram.python(script, [String(loop.scaled(1_000_000, least: 100_000))]) else {
      result.isFacilityMissing = true
      result.require(false, "python3 is not to be found, or does not run")
      return result
    }
    let report = PauseReport(run.output)
    for (count, samples) in report.pauses.sorted(by: { $0.key < $1.key }) {
      result.figures.append(LabFigure("\(Readable.count(count)) objects", samples: samples, needed: 3))
    }
    let releases = (0..<5).map { _ in release(loop.scaled(1_000_000, least: 100_000)) }
    result.figures.append(
      LabFigure(
        "\(Readable.count(loop.scaled(1_000_000, least: 100_000))) let go in Swift", samples: releases, needed: 3))
    result.values["stopped"] = report.stopped
    result.require(
      report.before.map { $0 < 0.7 } ?? false, "the other thread had no core before a collection, either", for: "a")
    return result
  }

  /// Nanoseconds of processor time for freeing so many objects at once.
  private static func release(_ count: Int) -> Double {
    var objects: [Held]? = (0..<count).map { Held(number: $0) }
    guard objects?.last?.number == count - 1 else { return 0 }
    let start = clab_thread_time()
    objects = nil
    return Double(clab_thread_time() - start)
  }

  private static let script = """
    import gc, sys, threading, time
    most = int(sys.argv[1])
    marks, ticks = [], []
    def note(phase, info):
        marks.append((time.monotonic_ns(), time.thread_time_ns()))
    def tick():
        while not done:
            ticks.append(time.monotonic_ns())
            time.sleep(0.0001)
    def still(start, end):
        seen = [start] + [t for t in ticks if start < t < end] + [end]
        return max(b - a for a, b in zip(seen, seen[1:])) / (end - start)
    gc.disable()
    done = False
    thread = threading.Thread(target=tick)
    thread.start()
    for count in (most // 100, most // 10, most):
        held = []
        for _ in range(count // 2):
            one, two = [], []
            one.append(two)
            two.append(one)
            held.append(one)
        gc.callbacks.append(note)
        for _ in range(5):
            time.sleep(0.01)
            marks.clear()
            gc.collect()
            (start, before), (end, after) = marks[0], marks[-1]
            print("pause", count, after - before)
            if count == most:
                time.sleep(0.002)
                print("stopped", still(start, end))
                time.sleep((end - start) / 1e9)
                now = time.monotonic_ns()
                time.sleep(0.002)
                print("before", still(now - (end - start), now))
        gc.callbacks.remove(note)
        del held
        gc.collect()
    done = True
    thread.join()
    """
}

/// An object of some bytes.
private final class Held {
  let number: Int
  init(number: Int) { self.number = number }
}

/// What the script tells, line by line: `pause COUNT NANOSECONDS`, `stopped SHARE` and `before SHARE`.
struct PauseReport {
  /// Nanoseconds of processor time, by objects.
  private(set) var pauses: [Int: [Double]] = [:]
  /// Shares of a pause, and of as long a time without one, for which another thread stood still; the median of all.
  let stopped: Double?
  let before: Double?

  init(_ text: String) {
    var shares: [Substring: [Double]] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let value = words.last.flatMap({ Double($0) }) else { continue }
      if words.count == 3, words[0] == "pause", let count = Int(words[1]) { pauses[count, default: []].append(value) }
      if words.count == 2 { shares[words[0], default: []].append(value) }
    }
    stopped = shares["stopped"].map { Statistics($0).median }
    before = shares["before"].map { Statistics($0).median }
  }
}
