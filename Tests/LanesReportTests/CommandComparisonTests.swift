import LanesCore
import LanesReport
import Testing

@Suite struct CommandComparisonTests {
  /// A run, in milliseconds and bytes.
  private static func run(
    _ wall: Double, user: Double, system: Double = 0, read: Int? = 0, written: Int? = 0, faults: Int = 100,
    io: Double? = 0,
    cpu: Double? = 0, queued: Double? = 0, memory: Int = 4 << 20
  ) -> CommandRun {
    var usage = ProcessUsage()
    usage.user = Int64(user * 1e6)
    usage.system = Int64(system * 1e6)
    usage.storageRead = read
    usage.storageWritten = written
    usage.minorFaults = faults
    usage.voluntarySwitches = 7
    usage.peakMemory = memory
    var run = CommandRun(exit: .status(0), wall: Int64(wall * 1e6), usage: usage)
    run.pressure = PressureStall(cpu: cpu.map { Int64($0 * 1e6) }, io: io.map { Int64($0 * 1e6) }, memory: 0)
    run.queuedShare = queued
    return run
  }

  private static func contender(_ name: String, _ run: CommandRun, rounds: Int = 5, shift: Int = 0) -> CommandContender
  {
    let factors = [1, 1.01, 0.99, 1.02, 0.98]
    let runs = (0..<rounds).map { round in
      var varied = run
      varied.wall = Int64(Double(run.wall) * factors[(round + shift) % 5])
      return varied
    }
    return CommandContender(name: name, command: name, runs: runs)
  }

  @Test(arguments: [
    (run(100, user: 98), "CPU-bound", ["a core busy for 98%", "no more than one core of 4"]),
    (run(100, user: 300, system: 50), "CPU-bound", ["kept 3.5 cores busy", "3.5 cores of 4"]),
    (run(100, user: 10), "waiting", ["10%", "7 times", "fetched nothing", "another process."]),
    (run(100, user: 10, cpu: 80), "waiting", ["or a core, since the machine was short of cores for up to 80.0 ms."]),
    (run(100, user: 10, cpu: 300), "waiting", ["short of cores for up to 100 ms."]),
    (
      run(100, user: 10, read: 1 << 30, io: 70), "I/O-bound",
      ["1.0 GiB fetched", "70.0 ms in which the machine was short"]
    ),
    (run(100, user: 10, read: 4096, io: 0.5), "waiting", ["fetched 4.0 KiB"]),
    (run(100, user: 10, read: 1 << 30, io: nil), "I/O-bound", ["1.0 GiB fetched from storage)"]),
    (run(100, user: 10, read: nil, io: nil), "waiting", ["fetched an unknown amount"]),
    (run(100, user: 10, written: 1 << 30, io: 70), "write-bound", ["sent 1.0 GiB to storage"]),
    (run(100, user: 30, system: 68, faults: 60_000), "memory-set-up-bound", ["69%", "60,000 times"]),
    (run(100, user: 50, queued: 0.45), "oversubscribed", ["none for 45% of the time"]),
    (run(100, user: 78), "undecided", ["no figure stands out"]),
  ]) func `what bounds a command is told with the figures that show it`(
    _ run: CommandRun, _ kind: String, _ words: [String]
  ) {
    let comparison = CommandComparison([Self.contender("x", run)], cpus: 4)
    let finding = comparison.findings[0].finding
    #expect(finding.kind.rawValue == kind)
    for word in words { #expect(finding.sentence.contains(word), "\(finding.sentence)") }
    #expect(finding.sentence.lowercased().hasPrefix(kind.lowercased()))
  }

  @Test(arguments: [
    (run(100, user: 98), run(40, user: 39), "slow beside quick: mostly time in its own code, 98.0 ms and 39.0 ms."),
    (run(100, user: 30, system: 68), run(40, user: 30, system: 9), "mostly time in the kernel, 68.0 ms and 9.00 ms."),
    (run(100, user: 30), run(40, user: 30), "mostly waiting, 70.0 ms and 10.0 ms."),
    (
      run(100, user: 99), run(40, user: 110),
      "about as much processor time (99.0 ms and 110 ms), but 1.0 cores busy instead of 2.8."
    ),
    (run(100, user: 190), run(40, user: 60), "3.17 times the processor time, 190 ms and 60.0 ms."),
  ]) func `what makes the difference is told`(_ slow: CommandRun, _ quick: CommandRun, _ words: String) {
    let comparison = CommandComparison([Self.contender("slow", slow), Self.contender("quick", quick, shift: 2)])
    #expect(
      comparison.differences.count == 1 && comparison.differences[0].hasSuffix(words), "\(comparison.differences)")
  }

  @Test func `a difference that chance explains is none, and the first command is the measure`() {
    let equal = CommandComparison([
      Self.contender("a", Self.run(100, user: 99)), Self.contender("b", Self.run(101, user: 99), shift: 2),
    ])
    #expect(equal.winner.hasPrefix("No difference that these rounds can tell") && equal.differences.isEmpty)
    #expect(equal.entries[0].ratio == nil && equal.entries[1].ratio?.excludesOne == false)
    #expect(equal.leaders.map(\.name) == ["a", "b"])
    let memory = CommandComparison(
      [
        Self.contender("a", Self.run(100, user: 99)),
        Self.contender("b", Self.run(50, user: 49, memory: 8 << 20), shift: 2),
      ],
      by: .memory)
    #expect(
      memory.winner == "a won by peak memory: 4.0 MiB, where b needed 2.00 times as much (95% interval 2.00 to 2.00).")
    #expect(memory.fastest?.name == "b" && memory.best?.name == "a")
  }

  @Test func `what the shell takes is subtracted, and never more than there is`() {
    let shell = ShellCost([(2_000_000, ProcessUsage()), (1_000_000, ProcessUsage()), (3_000_000, ProcessUsage())])
    #expect(Self.run(10, user: 1).without(shell).wall == 8_000_000)
    #expect(Self.run(1, user: 1).without(shell).wall == 0)
    let comparison = CommandComparison([Self.contender("x", Self.run(3, user: 1).without(shell))], shell: shell)
    #expect(comparison.notes.count == 1 && comparison.notes[0].contains("--shell none"))
    #expect(CommandComparison([Self.contender("x", Self.run(30, user: 1))], shell: shell).notes.isEmpty)
  }

  @Test func `a command that takes little beside the shell has no finding made of what was subtracted`() {
    let shell = ShellCost([(1_000_000, ProcessUsage())])
    let run = Self.run(0.4, user: 0.9)
    let comparison = CommandComparison([Self.contender("x", run)], shell: shell, cpus: 2)
    #expect(comparison.findings[0].finding.kind == .undecided)
    #expect(comparison.findings[0].finding.sentence.contains("too little beside the shell's start-up"))
    let alone = CommandComparison([Self.contender("x", run)], cpus: 2)
    #expect(alone.findings[0].finding.kind == .cpuBound)
  }

  @Test(arguments: [
    (RankedFigure.faults, "No difference that these rounds can tell: the fewest page faults were 100, by a."),
    (.bytes, "No difference that these rounds can tell: the fewest bytes from and to storage were 0 B, by a."),
    (.memory, "No difference that these rounds can tell: the least peak memory was 4.0 MiB, by a."),
    (.wall, "No difference that these rounds can tell: the least time was 100 ms, by a."),
    (.cpu, "No difference that these rounds can tell: the least processor time was 99.0 ms, by a."),
  ]) func `a tie is told in the words of what is ranked`(_ figure: RankedFigure, _ sentence: String) {
    let run = Self.run(100, user: 99)
    let comparison = CommandComparison([Self.contender("a", run), Self.contender("b", run, shift: 2)], by: figure)
    #expect(comparison.winner == sentence)
    let few = CommandComparison([Self.contender("a", run, rounds: 2), Self.contender("b", run, rounds: 2)], by: figure)
    #expect(
      few.winner.hasPrefix("a needed ") && few.winner.contains(figure == .wall ? "least time, " : figure.words + ", "))
  }

  @Test func `what a control group counted is the command's own, and told as such`() throws {
    var run = Self.run(100, user: 10, cpu: 80)
    run.isPressureOwn = true
    run.hasUnwaited = true
    let comparison = CommandComparison([Self.contender("x", run)], cpus: 4)
    #expect(
      comparison.findings[0].finding.sentence.hasSuffix(
        ", or a core, which one of its processes wanted and had not for 80.0 ms."))
    #expect(
      CommandText(comparison, width: 100).lines().joined(separator: " ").contains(
        "note: x: has processes that nobody waited for"))
  }

  @Test(arguments: [60, 80, 100, 200]) func `text fits its width whatever commands are called`(_ width: Int) {
    let name = String(repeating: "a rather long command | ", count: 9) + "\u{1B}[31m\nend"
    let comparison = CommandComparison([
      Self.contender(Readable.oneLine(name), Self.run(1e7, user: 9e6, faults: 999_999)),
      Self.contender(Readable.oneLine(name) + "!", Self.run(1e7, user: 9e6, read: 1 << 40, faults: 999_999)),
    ])
    for line in CommandText(comparison, width: width).lines() {
      #expect(line.count <= width && !line.contains("\u{1B}"), "\(line)")
    }
    #expect(Readable.shortened("abcdefghij", to: 6) == "abc…ij" && Readable.shortened("abc", to: 6) == "abc")
  }
}
