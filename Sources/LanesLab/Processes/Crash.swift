import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let crash = Experiment(
    "crash", .processes, title: "Crash: what is lost when one of eight writes to address 0",
    short: "a crash costs a process, or all threads of one",
    claims: [
      LabClaim(
        "a", from: .course(.parallelism, .processes, .lab, ostep: .addressSpaces),
        "the crash of a process costs that process alone",
        .value("finished processes", within: 7...7, counts: "processes of eight that finished")),
      LabClaim(
        "b", from: .course(.parallelism, .processes, .lab, ostep: .concurrency),
        "the crash of a thread takes all threads of its process with it",
        .value("finished threads", within: 0...0, counts: "threads of eight that finished")),
    ],
    method: [
      "Eight lanes work, first as processes, then as threads of one process; the third writes to address 0, the others finish "
        + "a tenth of a second after it was about to.",
      "The kernel must say that the process with the threads was ended by SIGSEGV.",
      "lanes primes --mode processes does the same with its workers, and starts those that died again.",
    ],
    loop: "atomic_fetch_add(finished, 1);",
    picture: { result, _ in
      guard let processes = result.values["finished processes"], let threads = result.values["finished threads"] else {
        return []
      }
      let (mark, fault) = Glyphs.current == .unicode ? ("█", "✗") : ("#", "x")
      func lanes(_ name: String, _ finished: Double) -> [String] {
        [name]
          + (1...8).map { lane in
            let cut = lane == 3 ? 4 : finished >= 7 ? 16 : 5
            return "  lane \(lane)  " + String(repeating: mark, count: cut) + (cut < 16 ? fault : " done")
          }
      }
      return lanes("eight processes", processes) + lanes("eight threads of one process", threads)
    }
  ) { _ in
    var result = LabMeasurements()
    var seen = clab_crash()
    guard clab_crash(8, &seen) == 0 else {
      result.require(false, "no process could be started")
      return result
    }
    result.values["finished processes"] = Double(seen.finished_processes)
    result.values["finished threads"] = Double(seen.finished_threads)
    result.require(seen.thread_signal == 11, "the process with the threads was not ended by SIGSEGV", for: "b")
    return result
  }
}
