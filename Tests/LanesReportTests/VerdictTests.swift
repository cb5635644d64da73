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
      words: ["17% of its time", "20,100 voluntary", "55 major", "680 MiB", "several reads in flight", "eventloop won"]),
    Case(
      name: "waiting for a pipe, which no storage figure shows",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 5_000, user: 500, loading: 0.8)),
        Samples.contender(Samples.threads(2), Figures(wall: 5_000, user: 500, loading: 0.8)),
      ], kind: .ioBound, words: ["More lanes than cores will help", "No difference beyond the spread"]),
    Case(
      name: "a pipe that moves much beside threads that move nothing",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_800, system: 150)),
        Samples.contender(Samples.threads(2), Figures(wall: 1_050, user: 1_900, system: 150)),
        Samples.contender(Samples.pipe(2), Figures(wall: 2_400, user: 1_900, system: 1_900, between: 3 << 30)),
        Samples.contender(Samples.shm(2), Figures(wall: 1_080, user: 1_900, system: 200, between: 3 << 30)),
      ], kind: .cpuBound, words: ["But processes/pipe ×2 moved 3.0 GiB", "2.40 s", "Use shm", "threads ×2 won"]),
    Case(
      name: "processes alone, held back by a pipe",
      contenders: [
        Samples.contender(Samples.serial, Figures(wall: 2_000, user: 1_800, system: 150)),
        Samples.contender(Samples.pipe(2), Figures(wall: 2_400, user: 1_900, system: 1_900, between: 3 << 30)),
      ], kind: .ipcBound, words: ["moved 3.0 GiB", "where serial needed 2.00 s", "Use shm"]),
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
        Samples.contender(Samples.shm(2), Figures(wall: 31, user: 22, system: 14)),
      ], kind: .startUpBound, words: ["4.00 ms", "processes/shm ×2 needed 31.0 ms", "too small", "threads ×2 won"]),
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
      ], kind: .oversubscribed, words: ["8 lanes of threads ×8", "1.9 cores", "2,400 times", "fewer lanes"]),
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
      ], kind: .oversubscribed, words: ["one lane of serial waited for a core for 49%", "other programs"]),
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
      ], kind: .undecided, words: ["50% of its time", "5,000 involuntary switches", "quiet machine"]),
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
        + "threads ×2 came first, with no difference beyond the spread to processes/shm ×2: 2.06 s, 1.94 times as fast "
        + "as serial.")
  }

  @Test func `two rounds name no winner`() {
    let contenders = [
      Samples.contender(Samples.serial, Figures(wall: 4_000, user: 3_950), rounds: 2),
      Samples.contender(Samples.threads(2), Figures(wall: 2_000, user: 3_950), rounds: 2),
    ]
    #expect(Verdict(Comparison(contenders)).winner.contains("no winner is named"))
  }

  @Test func `serial can win`() {
    let contenders = [
      Samples.contender(Samples.serial, Figures(wall: 400, user: 395)),
      Samples.contender(Samples.threads(2), Figures(wall: 500, user: 790)),
    ]
    #expect(Verdict(Comparison(contenders)).winner == "serial won: 400 ms, 1.25 times as fast as threads ×2.")
  }

  @Test func `nothing compared is no reason to trap`() {
    let verdict = Verdict(Comparison([]))
    #expect(verdict.kind == .undecided)
    #expect(verdict.winner == "Nothing was compared.")
  }
}
