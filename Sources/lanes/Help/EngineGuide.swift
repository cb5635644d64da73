import LanesCore
import LanesUsage

/// `lanes help engines`: what the engines are, and every option that all workloads share.
///
/// The help of each command names these options in a few words; what they do, what they default to and how they bear on
/// each other is told here once.
enum EngineGuide {
  static let guide = Guide(
    name: "lanes-engines",
    abstract:
      "Engines run the units of a batch. A unit is an image, a range of primes or a slice of a file. Every engine "
      + "gives the same results; they differ in speed, in memory, and in what a crash costs.",
    sections: [
      modes, choosing, lanes, limits, resuming, output,
      Guide.Section(
        "Examples",
        [
          .lines([
            "lanes primes 1e10 --mode processes -j 4 --stats",
            "lanes files count -r /usr/share --mode eventloop",
            "lanes images convert photos -o small --resize 800x800 --isolation none",
            "lanes compare primes 1e10",
          ])
        ]),
    ])

  /// The page for a terminal of `width` columns.
  static func text(width: Int) -> String { guide.text(width: width) }

  /// One item for each engine: what it is, what it is good for, and what a crash costs.
  private static let modes = Guide.Section(
    "Modes",
    EngineKind.allCases.map { .item("--mode \($0.rawValue)", $0.summary) } + [
      .item(
        "--mode auto",
        "The default. The first units of the batch are measured while they run; the rest runs on one thread for each "
          + "CPU where units compute, under hybrid where they wait for storage, on eight threads for each CPU where they wait "
          + "for something else or other programs keep the CPUs busy, and serially where there is one unit, one CPU, or nothing worth sharing. --stats says what "
          + "was chosen and why.")
    ])

  /// How to say which engine is wanted without naming one.
  private static let choosing = Guide.Section(
    "Choosing",
    [
      .item(
        "--isolation none|process|sandbox",
        "What a crash or a hijacked decoder can reach. With process, auto runs worker processes, so that a crash fails only "
          + "the unit that caused it. With sandbox, workers can also open no file, reach no network and start no program; "
          + "the run ends with status 69 where the kernel lacks Landlock or seccomp. With none, units may run in this "
          + "process. The default is sandbox for images, and none for the rest unless --mode is processes. It cannot be "
          + "combined with --mode \(EngineKind.list { !$0.usesWorkers }). lanes doctor tries the sandbox."
      ),
      .paragraph(
        "To see what each engine costs for a batch, run lanes compare with the same words. To see what the engines "
          + "themselves cost, run lanes lab engines."),
    ])

  /// How much is done at a time, and by what bytes travel.
  private static let lanes = Guide.Section(
    "Lanes",
    [
      .item(
        "-j N, --cores N",
        "How many units run at a time: threads or worker processes, 1 to 4096. The default is the number of CPUs that "
          + "this process may use, by its affinity and its cgroup's quota; auto may use more threads where units "
          + "wait, but stays within N when it is given. Serial and event loop have one lane whatever is given."),
      .item(
        "--ipc pipe|socket|shm",
        "How bytes reach worker processes: through shared memory (shm, the default), or copied through pipes or through a "
          + "pair of sockets. Other engines do not use it."),
      .item(
        "--queue-depth N",
        "How many loads the loops of eventloop and hybrid, and the process engine's coordinator, keep in flight, 1 to 4096. The default is "
          + "64, fewer where the limit of open descriptors is low."),
    ])

  /// What keeps one unit, or all of them together, from taking too much.
  private static let limits = Guide.Section(
    "Limits",
    [
      .item(
        "--memory SIZE",
        "How much memory inputs, outputs and working memory of the units in flight may take together, such as 512M or "
          + "1.5GiB. Units wait until there is room for them. The default is half of the memory that is free."),
      .item(
        "--timeout DURATION",
        "The longest time that one unit may take, such as 500ms, 2s or 1m; one that takes longer fails, and the batch "
          + "goes on. The default is none."),
      .item(
        "--retries N",
        "How often the units of a worker process that died are tried again, 0 to 1000. The default is 1."),
      .item(
        "LANES_INSTRUCTIONS=LEVEL",
        "An environment variable: which vector instructions the kernels of lanes use at most, portable, sse2, avx2, avx512 or "
          + "avx512-vbmi. Results do not depend on it; it is for measuring what a processor without them would do. "
          + "lanes --version tells which are in use."),
      .item(
        "LANES_CACHES=L1,L2",
        "An environment variable: the bytes of both data caches that lanes primes is set up for instead of those found, such as "
          + "32768,1048576. Results do not depend on it; lanes primes --stats tells which are in use."),
    ])

  /// How an interrupted run goes on.
  private static let resuming = Guide.Section(
    "Going on, and proof",
    [
      .item(
        "--journal FILE",
        "Write to FILE how each unit ended, never before its output is safe on the disk. lanes verify FILE proves from it "
          + "that all results are there. A run that is killed loses the work of a second at most."),
      .item(
        "--resume FILE",
        "Go on with the run that FILE tells of: type the same command with --resume in place of --journal. Nothing is "
          + "done twice, and results, messages and status are those of a run that was not interrupted, under any engine. "
          + "Inputs that have changed are done anew and named; other options that shape results are refused."),
    ])

  /// What a run tells beside its results.
  private static let output = Guide.Section(
    "Output",
    [
      .item(
        "--stats",
        "After the run, print to standard error what it cost: wall, user and system time, CPU use, context switches, "
          + "page faults, peak memory, bytes moved, requests to io_uring, and each lane's share with the number of its thread "
          + "(TID) or worker process (PID). On a terminal it says as the run begins which processes there are and what shows "
          + "them at work: ps, /proc/PID/task, strace and perf. With --json it is a JSON object on standard output, with the "
          + "same numbers."),
      .item(
        "--trace FILE",
        "Write start and end of every unit, by lane, in the Chrome trace format, which https://ui.perfetto.dev opens."),
      .item("--json", "Print results, and statistics with --stats, as one JSON object per line."),
      .item(
        "--progress auto|always|never",
        "Show a progress bar with rate and time left on standard error. auto, the default, shows it on a terminal."),
      .item(
        "-q, --quiet",
        """
        Print no progress, no notes and no summary. Errors are still reported. With files search, as with grep: print no lines \
        either, and stop at the first that is selected.
        """),
      .item("--no-color", "Print no colors. The environment variable NO_COLOR does the same."),
    ])
}
