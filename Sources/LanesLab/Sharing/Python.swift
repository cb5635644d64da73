import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  static let gil = Experiment(
    "gil", .sharing, title: "The lock of an interpreter: Python's threads and processes beside each other",
    short: "Python's GIL lets one thread compute at a time",
    claims: [
      LabClaim(
        "a", from: .course(.parallelism), "two threads of Python that compute keep one core busy, not two",
        .quantity(of: "cores of two threads", within: .atMost(1.2)),
        ifRefuted: "This build of Python has no such lock (sys._is_gil_enabled)."),
      LabClaim(
        "b", from: .course(.parallelism), "two processes keep two cores busy",
        .quantity(of: "cores of two processes", within: .atLeast(1.5))),
    ],
    method: [
      "python3 counts in two threads, and then in two processes; cores are processor time over wall time of both counting.",
      "Where two processes do not get two cores, nothing is told: then two threads would not, either.",
      "Misleading: while a thread waits for a file or a socket it gives the lock back, so that threads do help with waiting.",
    ],
    loop: ""
  ) { loop in
    var result = LabMeasurements()
    for (name, way) in [("cores of two threads", "threads"), ("cores of two processes", "processes")] {
      var samples: [Double] = []
      let began = clab_now()
      for _ in 0..<max(3, min(loop.rounds, 5)) where samples.count < 3 || clab_now() - began < 1_500_000_000 {
        guard let cores = python(way), cores > 0 else { continue }
        samples.append(cores)
      }
      if samples.isEmpty {
        result.isFacilityMissing = true
        result.require(false, "python3 is not to be found, or does not run")
        return result
      }
      result.figures.append(LabFigure(name, .count, samples: samples, needed: 3))
    }
    // Without two cores to be had, threads would keep one busy whatever lock there is: the processes are the proof.
    result.require(
      (result["cores of two processes"]?.p50 ?? 0) >= 1.5, "two cores were not to be had at the same moment")
    result.require(CPUs.available > 1, "two CPUs are needed, and this process may use one")
    return result
  }

  private static let script = """
    import sys, time, threading, multiprocessing, os
    def count():
        n = 0
        for i in range(400000):
            n += i
    kind = threading.Thread if sys.argv[1] == "threads" else multiprocessing.get_context("fork").Process
    wall = time.monotonic()
    before = sum(os.times()[:4])
    lanes = [kind(target=count) for _ in range(2)]
    for lane in lanes: lane.start()
    for lane in lanes: lane.join()
    print((sum(os.times()[:4]) - before) / (time.monotonic() - wall))
    """

  /// Cores that Python kept busy; nil where it does not run.
  private static func python(_ way: String) -> Double? {
    LabProgram.python(script, [way]).flatMap { Double($0.output.split(whereSeparator: \.isWhitespace).first ?? "") }
  }
}
