import LanesCore
import LanesReport
import Testing

@Suite struct VerdictTests {
  typealias Figures = Samples.Figures

  /// A comparison that calls for one kind of verdict, and words that its text must hold.
  struct Case: CustomTestStringConvertible {
    let name: String
    let contenders: [Contender]
    let kind: Verdict.Kind
    let words: [String]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "two lanes halve the time", contenders: Samples.computing, kind: .cpuBound,
      words: ["99% of its time", "fetched nothing", "More cores will help", "speed-up of 1.94, 97% of the ideal"]),
    Case(
      name: "computing, though the input came from disk",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_700, storageRead: 400 << 20)),
        Samples.contender(Samples.threads(2), Figures(wall: 2_000, user: 3_700, storageRead: 400 << 20)),
      ], kind: .cpuBound, words: ["fetched 400 MiB from storage"]),
    Case(
      name: "computing with units too large to share",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_990)),
        Samples.contender(Samples.threads(4), Figures(wall: 3_500, user: 3_990)),
      ], kind: .cpuBound, words: ["only a little", "too large or too few"]),
    Case(
      name: "a cold disk",
      contenders: [
        Samples.contender(
          Samples.serial,
          Figures(
            wall: 9_000, user: 900, system: 600, voluntary: 20_100, major: 55, storageRead: 680 << 20, loading: 0.9)),
        Samples.contender(
          Samples.threads(2), Figures(wall: 4_600, user: 900, system: 640, voluntary: 20_200, storageRead: 680 << 20)),
        Samples.contender(
          Samples.eventLoop, Figures(wall: 2_100, user: 900, system: 700, voluntary: 900, storageRead: 680 << 20)),
      ], kind: .ioBound,
      words: [
        "17% of its time", "20,100 voluntary", "55 major", "680 MiB",
        "several reads in flight: the event loop, on one thread, needed 2.10 s and threads ×2 needed 4.60 s, serial 9.00 s",
        "eventloop won",
      ]),
    Case(
      name: "waiting for a pipe, which no storage figure shows",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 5_000, user: 500, loading: 0.8)),
        Samples.contender(Samples.threads(2), Figures(wall: 5_000, user: 500, loading: 0.8)),
      ], kind: .ioBound, words: ["More lanes did not help here", "No difference that these rounds can tell"]),
    Case(
      name: "a pipe that moves much beside threads that move nothing",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_800, system: 150)),
        Samples.contender(Samples.threads(2), Figures(wall: 1_050, user: 1_900, system: 150)),
        Samples.contender(Samples.pipe(2), Figures(wall: 2_400, user: 1_900, system: 1_900, between: 3 << 30)),
        Samples.contender(Samples.shm(2), Figures(wall: 1_080, user: 1_900, system: 200, between: 3 << 30)),
      ], kind: .cpuBound,
      words: [
        "But processes/pipe ×2 moved 3.0 GiB", "lost time to it: 2.40 s, where threads ×2 needed 1.05 s",
        "Use shm (shared memory), which needed 1.08 s for the same, or threads, which move nothing",
        "No single winner: threads ×2 needed least time, too close to processes/shm ×2",
      ]),
    Case(
      name: "processes alone, held back by a pipe",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_800, system: 150)),
        Samples.contender(Samples.pipe(2), Figures(wall: 2_400, user: 1_900, system: 1_900, between: 3 << 30)),
      ], kind: .ipcBound,
      words: ["moved 3.0 GiB", "where serial needed 2.00 s", "Let shm (shared memory) and threads take part"]),
    Case(
      name: "sockets that move much beside shared memory",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_800, system: 150)),
        Samples.contender(Samples.socket(2), Figures(wall: 2_400, user: 1_900, system: 1_900, between: 3 << 30)),
        Samples.contender(Samples.shm(2), Figures(wall: 1_080, user: 1_900, system: 200, between: 3 << 30)),
      ], kind: .cpuBound,
      words: [
        "But processes/socket ×2 moved 3.0 GiB", "2.40 s, where processes/shm ×2 needed 1.08 s",
        "Use shm (shared memory), which needed 1.08 s for the same.",
      ]),
    Case(
      name: "shared memory behind threads",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_950)),
        Samples.contender(Samples.threads(2), Figures(wall: 1_000, user: 1_950)),
        Samples.contender(Samples.shm(2), Figures(wall: 1_600, user: 1_950, system: 900, between: 3 << 30)),
      ], kind: .cpuBound, words: ["But processes/shm ×2 moved", "Use threads"]),
    Case(
      name: "a tiny batch",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4, user: 3.9)),
        Samples.contender(Samples.threads(2), Figures(wall: 3, user: 4)),
        Samples.contender(Samples.shm(2), Figures(wall: 31, user: 22, system: 14, startUp: 22)),
      ], kind: .startUpBound,
      words: [
        "4.00 ms", "processes/shm ×2 needed 31.0 ms", "took 22.0 ms to start", "in one process", "threads ×2 won",
      ]),
    Case(
      name: "a small batch in which starting is not what costs",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 40, user: 39)),
        Samples.contender(Samples.threads(2), Figures(wall: 22, user: 40)),
        Samples.contender(Samples.shm(2), Figures(wall: 92, user: 60, system: 30, startUp: 18)),
      ], kind: .cpuBound, words: ["More cores will help"]),
    Case(
      name: "one unit that cannot be divided",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 12, user: 11.8, units: 1)),
        Samples.contender(Samples.threads(2), Figures(wall: 12.2, user: 12, units: 1)),
        Samples.contender(Samples.pipe(2), Figures(wall: 58, user: 22, system: 14, units: 1, startUp: 8.8)),
      ], kind: .oneUnit,
      words: ["One unit: nothing to share out", "98% of that", "several units, such as more files", "a faster core"]),
    Case(
      name: "units of which each waits for the one before it",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 400, user: 390, units: 65)),
        Samples.contender(Samples.threads(2), Figures(wall: 405, user: 392, units: 65, inFlight: 1)),
        Samples.contender(Samples.shm(2), Figures(wall: 412, user: 399, units: 65, inFlight: 1, startUp: 9)),
      ], kind: .oneUnit,
      words: ["One unit at a time: nothing to share out", "Each of the 65 units", "several files, or a faster core"]),
    Case(
      name: "a small batch that lost to starting, and not to the few bytes it moved",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 15, user: 14.8)),
        Samples.contender(Samples.threads(2), Figures(wall: 14.9, user: 14.8)),
        Samples.drawn(
          Samples.pipe(2), Figures(wall: 47, user: 30, system: 10, between: 1 << 20, startUp: 32, transferring: 0.3)),
      ], kind: .startUpBound, words: ["took 32.0 ms to start", "in one process"]),
    Case(
      name: "results that are waited for until they are on storage",
      contenders: [
        Samples.drawn(Samples.serial, Figures(wall: 120, user: 40, loading: 0.05, storing: 0.6)),
        Samples.drawn(Samples.threads(2), Figures(wall: 70, user: 42, loading: 0.05, storing: 0.6)),
      ], kind: .writeBound,
      words: [
        "33% of its time", "waited for 54% of it until its results, 10.0 MiB, were on stable storage",
        "several writes in flight: threads ×2 needed 70.0 ms, serial 120 ms", "threads ×2 won",
      ]),
    Case(
      name: "mapped inputs that are waited for page by page, and few writes",
      contenders: [
        Samples.contender(
          Samples.serial, Figures(wall: 2_000, user: 700, major: 3_000, storageRead: 1 << 30, loading: 0, storing: 0.01)
        ),
        Samples.contender(Samples.threads(2), Figures(wall: 1_990, user: 700, major: 3_000, storageRead: 1 << 30)),
      ], kind: .ioBound, words: ["3,000 major faults", "512 MiB a second"]),
    Case(
      name: "a pipe that loses in two rounds, on a machine where serial says little",
      contenders: [
        Samples.drawn(Samples.serial, Figures(wall: 900, user: 700), rounds: 2),
        Samples.drawn(
          Samples.pipe(2), Figures(wall: 1_180, user: 400, system: 900, between: 2_200 << 20, transferring: 0.67),
          rounds: 2
        ),
        Samples.drawn(Samples.shm(2), Figures(wall: 280, user: 400, between: 20 << 20), rounds: 2),
      ], kind: .ipcBound,
      words: [
        "processes/pipe ×2 moved 2.1 GiB", "processes/shm ×2 needed 281 ms",
        "Use shm (shared memory), which needed 281 ms for the same.", "no winner is named",
      ]),
    Case(
      name: "storage that gives all it has to one lane",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 1_000, user: 500, storageRead: 2 << 30, loading: 0.7)),
        Samples.contender(Samples.threads(2), Figures(wall: 1_005, user: 520, storageRead: 2 << 30, loading: 0.8)),
      ], kind: .ioBound, words: ["did not help", "2.0 GiB a second", "only faster storage"]),
    Case(
      name: "page after page mapped",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 700, user: 350, system: 330, minor: 260_000)),
        Samples.contender(Samples.threads(2), Figures(wall: 520, user: 360, system: 500, minor: 260_000)),
      ], kind: .memorySetUpBound, words: ["49%", "260,000 times", "smaller buffers"]),
    Case(
      name: "a kernel busy with something else than memory",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 700, user: 350, system: 330, minor: 2_000)),
        Samples.contender(Samples.threads(2), Figures(wall: 360, user: 350, system: 330, minor: 2_000)),
      ], kind: .cpuBound, words: ["97% of its time"]),
    Case(
      name: "eight lanes on two cores",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_950)),
        Samples.contender(Samples.threads(8), Figures(wall: 2_050, user: 3_990, involuntary: 2_400)),
      ], kind: .oversubscribed,
      words: ["8 lanes of threads ×8", "1.9 cores", "2,400 times", "fewer lanes", "No winner is named"]),
    Case(
      name: "lanes that had no core for much of their time",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_950)),
        Samples.contender(Samples.threads(8), Figures(wall: 2_050, user: 3_990, queued: 0.7)),
      ], kind: .oversubscribed, words: ["8 lanes of threads ×8", "waited for a core for 69%", "fewer lanes"]),
    Case(
      name: "a machine that is busy with something else",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 8_000, user: 4_000, storageRead: 1 << 20, queued: 0.5)),
        Samples.contender(Samples.threads(2), Figures(wall: 6_000, user: 4_000, queued: 0.6)),
      ], kind: .oversubscribed,
      words: ["one lane of serial waited for a core for 47%", "other programs", "No winner is named"]),
    Case(
      name: "a sweep in which two lanes are as good as eight",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_950)),
        Samples.contender(Samples.threads(2), Figures(wall: 2_050, user: 3_990)),
        Samples.contender(Samples.threads(8), Figures(wall: 2_040, user: 3_990, involuntary: 2_400)),
      ], kind: .cpuBound, words: ["threads ×2 reached"]),
    Case(
      name: "half busy for no visible reason",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 4_000, user: 2_000, involuntary: 5_000)),
        Samples.contender(Samples.threads(2), Figures(wall: 4_010, user: 2_000)),
      ], kind: .undecided,
      words: ["50% of its time", "5,000 involuntary switches", "quiet machine", "No winner is named"]),
    Case(
      name: "no serial contender",
      contenders: [Samples.contender(Samples.threads(2), Figures(wall: 4_010, user: 2_000))],
      kind: .undecided, words: ["without a serial contender", "Only threads ×2 ran"]),
  ]

  @Test(arguments: cases) func `the verdict fits the figures`(example: Case) {
    let verdict = Verdict(Comparison(example.contenders))
    #expect(verdict.kind == example.kind)
    for words in example.words { #expect(verdict.text.contains(words), "\(verdict.text)") }
  }

  @Test func `every kind of verdict has a case`() {
    #expect(Set(VerdictTests.cases.map(\.kind)) == Set(Verdict.Kind.allCases))
  }

  @Test func `a verdict reads as sentences`() {
    #expect(
      Verdict(Comparison(Samples.computing)).text
        == "CPU-bound: serial kept a core busy for 99% of its time and fetched nothing from storage. "
        + "More cores will help, more lanes than cores will not: threads ×2 reached a speed-up of 1.94, 97% of the ideal, "
        + "a serial fraction of 3%. "
        + "No single winner: threads ×2 needed least time, too close to processes/shm ×2 to tell apart: 2.06 s, 1.94 times as "
        + "fast as serial (95% interval 1.87 to 2.01).")
  }

  @Test func `two rounds name no winner`() {
    let contenders = [
      Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_950), rounds: 2),
      Samples.contender(Samples.threads(2), Figures(wall: 2_000, user: 3_950), rounds: 2),
    ]
    #expect(Verdict(Comparison(contenders)).winner.contains("no winner is named"))
  }

  /// Every rule of `VerdictFacts.kind`, and what beats it.
  static let rules: [(name: String, change: @Sendable (inout VerdictFacts) -> Void, kind: Verdict.Kind)] = [
    ("a lane that computes", { _ in }, .cpuBound),
    ("no baseline", { $0.hasBaseline = false }, .undecided),
    ("no units", { $0.units = 0 }, .undecided),
    ("one unit", { $0.units = 1 }, .oneUnit),
    ("one unit at a time", { $0.isChain = true }, .oneUnit),
    ("one unit, and workers that start slowly", { ($0.units, $0.wall, $0.startUp) = (1, 12e6, 0.9) }, .oneUnit),
    ("starting is half of it", { ($0.wall, $0.startUp) = (12e6, 0.5) }, .startUpBound),
    ("starting is less than half of it", { ($0.wall, $0.startUp) = (12e6, 0.49) }, .cpuBound),
    ("starting is half of it, of a long batch", { ($0.wall, $0.startUp) = (200e6, 0.5) }, .cpuBound),
    ("waiting for writes", { ($0.busyCores, $0.output) = (0.3, 0.6) }, .writeBound),
    ("waiting more for writes than for input", { ($0.busyCores, $0.output, $0.input) = (0.3, 0.4, 0.3) }, .writeBound),
    ("waiting more for input", { ($0.busyCores, $0.output, $0.input) = (0.3, 0.3, 0.4) }, .ioBound),
    ("waiting, and bytes from storage", { ($0.busyCores, $0.hasFetched) = (0.6, true) }, .ioBound),
    ("waiting for nothing that was seen", { $0.busyCores = 0.6 }, .undecided),
    ("waiting for a core", { ($0.busyCores, $0.queued, $0.hasFetched) = (0.6, 0.4, true) }, .oversubscribed),
    ("computing beside a few bytes from storage", { $0.hasFetched = true }, .cpuBound),
    ("a kernel that sets up memory", { ($0.system, $0.systemPerFault) = (0.5, 2_000) }, .memorySetUpBound),
    ("a kernel that does something else", { ($0.system, $0.systemPerFault) = (0.5, 9_000) }, .cpuBound),
    ("traffic that nobody avoids", { $0.traffic = .unavoidable }, .ipcBound),
    ("traffic that some avoid", { $0.traffic = .avoidable }, .cpuBound),
    ("traffic, and nothing else to say", { ($0.busyCores, $0.traffic) = (0.8, .avoidable) }, .ipcBound),
    ("other programs on the core", { $0.queued = 0.25 }, .oversubscribed),
    ("too many lanes", { $0.isCrowded = true }, .oversubscribed),
    ("computing, and else waiting for writes", { ($0.busyCores, $0.output) = (0.75, 0.2) }, .cpuBound),
    ("half busy", { $0.busyCores = 0.75 }, .undecided),
  ]

  @Test func `the rules decide as they are written down`() {
    for rule in Self.rules {
      var facts = VerdictFacts()
      rule.change(&facts)
      #expect(facts.kind == rule.kind, "\(rule.name)")
    }
    #expect(Set(Self.rules.map(\.kind)) == Set(Verdict.Kind.allCases))
  }

  @Test func `serial can win`() {
    let contenders = [
      Samples.contender(Samples.serial, Figures(wall: 400, user: 395)),
      Samples.contender(Samples.threads(2), Figures(wall: 500, user: 790)),
    ]
    #expect(
      Verdict(Comparison(contenders)).winner
        == "serial won: 400 ms, 1.25 times as fast as threads ×2 (95% interval 1.21 to 1.30).")
  }

  @Test func `nothing compared is no reason to trap`() {
    let verdict = Verdict(Comparison([]))
    #expect(verdict.kind == .undecided)
    #expect(verdict.winner == "Nothing was compared.")
  }
}
