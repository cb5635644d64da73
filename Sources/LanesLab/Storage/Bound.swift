import CLab
import LanesOS
import LanesReport

extension Experiment {
  static let bound = Experiment(
    "bound", .storage, title: "Bound by the processor, or by the disk: which way of lanes is quicker for what",
    short: "compute with threads or processes, wait with a loop",
    claims: [
      LabClaim(
        "a", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "work that computes wants threads: with one for each core it takes at most 0.75 of one lane's time",
        .ratio(of: "primes, threads", to: "primes, serial", within: .atMost(0.75))),
      LabClaim(
        "b", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "or processes: at most 0.75, too",
        .ratio(of: "primes, processes", to: "primes, serial", within: .atMost(0.75)),
        ifRefuted: "Starting them, once for each run, is part of the time; larger work would hide it."),
      LabClaim(
        "c", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "a loop is one thread and of no use to it: at least 0.8 of one lane's time",
        .ratio(of: "primes, loop", to: "primes, serial", within: .atLeast(0.8))),
      LabClaim(
        "d", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "work that waits wants a loop: many reads at once take at most 0.7 of the time of one after the other",
        .ratio(of: "files, loop", to: "files, serial", within: .atMost(0.7))),
      LabClaim(
        "e", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "and nothing waits better: even 16 threads take longer",
        .ratio(of: "files, 16 threads", to: "files, loop", within: .atLeast(1)),
        ifRefuted: "Threads that wait cost memory and switches, and wait as well as anything else."),
      LabClaim(
        "f", from: .course(.parallelism, .processes, .lab, ostep: .events),
        "a loop that loads for lanes which compute is as good at both: at most 1.2 times the loop's time for files",
        .ratio(of: "files, hybrid", to: "files, loop", within: .atMost(1.2))),
    ],
    method: [
      "lanes is run: it counts the primes below 1,500,000,000, and the lines of 2,000 files of 4 KiB that are on the disk only, by each "
        + "of its engines. The figure is the time of a whole run, from its start to its end. There are as many files as can be made in "
        + "0.8 s, and less of all with --seconds below 1.",
      "Threads, processes and lanes of hybrid are as many as there are CPUs, or 16. CPU/wall tells how many cores a run kept busy: what "
        + "a lane leaves free while it waits, others have.",
      "The files are dropped from memory before each run (posix_fadvise(2)), and the kernel must count that nine tenths of their bytes "
        + "were fetched from the disk (ru_inblock), or the claims on files stay open.",
      "A run is longer than a time slice, so it counts only where its first thread waited for a core for a fifth of the time at most "
        + "(/proc/PID/schedstat).",
      "Misleading: on a busy machine threads beside the first one wait as well, and that is not seen. A virtual disk may lie in the memory of the machine beneath, and answers sooner than a disk.",
      "The same at length: lanes compare primes 1e9, and lanes compare --cold files count -r FOLDER.",
    ], loop: ""
  ) { loop in
    var result = LabMeasurements()
    let cpus = String(CPUs.available)
    for claim in ["a", "b"] {
      result.require(CPUs.available > 1, "two CPUs are needed, and this process may use one", for: claim)
    }
    let limit = String(loop.scaled(1_500_000_000, least: 100_000_000))
    let primes: [(String, [String])] = [
      ("serial", ["--mode", "serial"]), ("threads", ["--mode", "threads", "--cores", cpus]),
      ("processes", ["--mode", "processes", "--cores", cpus]), ("loop", ["--mode", "eventloop"]),
    ]
    loop.takeTurns(
      primes.map { name, words in
        LabVariant("primes, \(name)", clock: .wallOfFamily, needed: 3) { _ in
          LabProgram.lanes(["primes", limit] + words)?.undisturbed ?? -1
        }
      }, share: 0.3, into: &result)
    // Without two cores to be had, threads would be no quicker than one lane, whatever they are.
    for claim in ["a", "b"] {
      result.require(
        (result["primes, threads"]?.cpuPerWall ?? 0) >= 1.5, "two cores were not to be had at the same moment",
        for: claim)
    }
    measureFiles(loop, cpus, into: &result)
    for claim in Experiment.named("bound")?.claims ?? [] where claim.rule.figures.contains(where: { result[$0] == nil })
    {
      result.require(false, "runs waited for cores that others had for more than a fifth of their time", for: claim.id)
    }
    return result
  }

  private static func measureFiles(_ loop: LabLoop, _ cpus: String, into result: inout LabMeasurements) {
    guard let folder = clab_folder_new("/var/tmp") else {
      for claim in ["d", "e", "f"] { result.require(false, "no folder could be made in /var/tmp", for: claim) }
      return
    }
    defer { clab_folder_free(folder) }
    let path = String(cString: clab_folder_path(folder))
    let wanted = loop.scaled(2_000, least: 200)
    let count = Int(clab_folder_fill(folder, Int32(wanted), 4096, 800_000_000))
    let isFilled = count >= min(wanted, 200)
    for claim in ["d", "e", "f"] {
      result.require(isFilled, "200 files could not be made in /var/tmp within 0.8 s", for: claim)
    }
    guard isFilled else { return }
    let ways: [(String, [String])] = [
      ("serial", ["--mode", "serial"]), ("threads", ["--mode", "threads", "--cores", cpus]),
      ("16 threads", ["--mode", "threads", "--cores", "16"]), ("processes", ["--mode", "processes", "--cores", cpus]),
      ("loop", ["--mode", "eventloop"]), ("hybrid", ["--mode", "hybrid", "--cores", cpus]),
    ]
    // A run that found a tenth of the files in memory, or more, is none of files on the disk.
    var least = Double.infinity
    loop.takeTurns(
      ways.map { name, words in
        LabVariant("files, \(name)", clock: .wallOfFamily, needed: 3) { _ in
          clab_folder_drop(folder, Int32(count))
          guard let run = LabProgram.lanes(["files", "count", "-r", path] + words) else { return -1 }
          least = min(least, Double(run.read) / Double(count * 4096))
          return run.undisturbed
        }
      }, share: 0.6, into: &result)
    for claim in ["d", "e", "f"] {
      result.require(least >= 0.9, "the files could not be dropped from memory, or lie there anyhow", for: claim)
    }
  }
}
