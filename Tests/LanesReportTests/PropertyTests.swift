import LanesCore
import LanesReport
import Testing

/// Every sentence of a verdict, held against the figures beside it, over comparisons made up at random.
@Suite struct PropertyTests {
  private static let comparisons: [Comparison] = {
    var random = RandomComparisons(seed: 11)
    return (0..<700).map { _ in random.next() }
  }()

  private static let judged = comparisons.map { (comparison: $0, verdict: Verdict($0)) }

  @Test func `all kinds of verdict occur`() {
    #expect(Set(Self.judged.map(\.verdict.kind)) == Set(Verdict.Kind.allCases))
  }

  @Test func `who won has the least median, and no interval of its lead holds 1`() {
    for (comparison, verdict) in Self.judged where verdict.winner.contains(" won: ") {
      let best = comparison.fastest!
      #expect(verdict.winner.hasPrefix("\(best.setup.title) won: "))
      #expect(comparison.rounds >= 3)
      for other in comparison.entries where other != best {
        #expect(other.wall.median > best.wall.median && best.differs(from: other) == true)
      }
    }
  }

  @Test func `who shares the least time is told apart from all but those named beside it`() {
    for (comparison, verdict) in Self.judged where verdict.winner.hasPrefix("No single winner: ") {
      let best = comparison.fastest!
      let named = verdict.winner.dropFirst("No single winner: ".count).split(separator: ": ")[0]
      #expect(named.hasPrefix("\(best.setup.title) needed least time"))
      for other in comparison.entries where other != best {
        let isNamed =
          named.contains(" \(other.setup.title),") || named.contains(" \(other.setup.title) and ")
          || named.hasSuffix(" \(other.setup.title) to tell apart")
        #expect(isNamed == (best.differs(from: other) != true), "\(verdict.winner)")
      }
    }
  }

  @Test func `nobody wins where the verdict is undecided or the cores were taken`() {
    for (_, verdict) in Self.judged where [.undecided, .oversubscribed].contains(verdict.kind) {
      for words in [" won", "No single winner", "times as fast"] { #expect(!verdict.winner.contains(words)) }
    }
  }

  @Test func `more lanes are said to help or not to help only where the rounds show it`() {
    for (comparison, verdict) in Self.judged {
      guard let serial = comparison.baseline, [.ioBound, .writeBound].contains(verdict.kind) else { continue }
      let several = comparison.entries.filter { $0.setup.lanes > 1 || $0.setup.kind == .eventloop }
      func isAhead(_ entry: Comparison.Entry) -> Bool {
        entry.wall.median < serial.wall.median && entry.differs(from: serial) == true
      }
      if verdict.advice.contains("did not help") {
        #expect(comparison.rounds >= 3 && !several.isEmpty && !several.contains(where: isAhead))
      }
      if verdict.advice.hasPrefix("Keep several") {
        #expect(several.contains { isAhead($0) && verdict.advice.contains("needed") })
      }
    }
  }

  @Test func `whoever is said to move nothing moved nothing`() {
    for (comparison, verdict) in Self.judged where verdict.text.contains("threads, which move nothing") {
      let threads = comparison.entries.filter { $0.setup.kind == .threads }
      #expect(!threads.isEmpty && threads.allSatisfy { $0.bytesBetween == 0 })
    }
    #expect(Self.judged.allSatisfy { !$0.verdict.text.contains("shm (shared memory), or threads, which move nothing") })
  }

  @Test func `a pipe or a socket that loses is named, whatever else the verdict says`() {
    var count = 0
    for (comparison, verdict) in Self.judged where verdict.kind != .oneUnit {
      for pipe in comparison.entries where pipe.setup.channel?.isShared == false && pipe.bytesBetween >= 2 << 30 {
        let isHeavy = Double(pipe.bytesBetween) / Double(pipe.roundWall) > 0.07
        let rivals = comparison.entries.filter {
          $0.setup.lanes == pipe.setup.lanes && ($0.setup.channel == .shm || $0.setup.kind == .threads)
        }
        let loses = rivals.contains {
          // Starting workers moves nothing.
          pipe.wall.median - Double(pipe.startUp ?? 0) > 1.1 * ($0.wall.median - Double($0.startUp ?? 0))
            && pipe.differs(from: $0) == true
        }
        guard isHeavy, loses else { continue }
        count += 1
        #expect(verdict.text.contains("\(pipe.setup.title) moved") || verdict.text.contains("\(pipe.setup.title) ("))
      }
    }
    #expect(count > 25)
  }

  @Test func `shares lie between none and all`() {
    for (comparison, verdict) in Self.judged {
      for percent in Self.percentages(in: verdict.text) { #expect((0...105).contains(percent), "\(verdict.text)") }
      for entry in comparison.entries {
        for share in [entry.queuedShare, entry.loading, entry.storing, entry.stalled] {
          #expect((0...1).contains(share))
        }
        for kind in LaneActivity.Kind.allCases { #expect((0...1).contains(entry.activity?.share(kind) ?? 0)) }
      }
    }
  }

  private static func percentages(in text: String) -> [Int] {
    text.split(separator: "%").dropLast().compactMap { piece in
      Int(String(piece.reversed().prefix { $0.isNumber || $0 == "-" }.reversed()))
    }
  }

  @Test func `efficiency and serial fraction stand only where their assumptions hold`() {
    var count = 0
    for (comparison, verdict) in Self.judged {
      for entry in comparison.entries {
        if let fraction = entry.serialFraction { #expect((0...1).contains(fraction) && entry.setup.lanes > 1) }
        guard let efficiency = entry.efficiency else { continue }
        count += 1
        let serial = comparison.baseline!
        #expect((0...1.05).contains(efficiency) && entry.setup.lanes <= comparison.cpus ?? .max)
        #expect(entry.setup.kind != .eventloop && serial.busyCores >= 0.85 && serial.units > 1)
      }
      if verdict.text.contains("serial fraction") { #expect(verdict.kind == .cpuBound) }
    }
    #expect(count > 250)
  }

  @Test func `figures in the finding are those of the serial contender`() {
    for (comparison, verdict) in Self.judged {
      guard let serial = comparison.baseline else {
        #expect(verdict.kind == .undecided)
        continue
      }
      if verdict.text.contains("fetched nothing") { #expect(serial.storageRead == 0) }
      if verdict.text.contains("fetched from storage") { #expect((serial.storageRead ?? 0) > 0) }
      if verdict.text.contains("major fault") { #expect(serial.majorFaults > 0) }
      let several = comparison.entries.filter { $0.setup.lanes > 1 }
      let isChain = !several.isEmpty && several.allSatisfy { $0.mostInFlight == 1 }
      #expect((verdict.kind == .oneUnit) == (comparison.entries.map(\.units).max() == 1 || isChain))
      if verdict.kind == .startUpBound {
        #expect(
          comparison.entries.contains { ($0.startUp ?? 0) * 2 >= $0.roundWall && verdict.text.contains($0.setup.title) }
        )
      }
      if verdict.kind == .writeBound { #expect(serial.storing > serial.loading && serial.busyCores < 0.85) }
      if verdict.kind == .cpuBound { #expect(serial.busyCores >= 0.7 && serial.queuedShare < 0.25) }
    }
  }

  @Test(arguments: [60, 80, 100, 200]) func `no line is wider than the terminal, and every contender has its row`(
    _ width: Int
  ) {
    for (comparison, _) in Self.judged.prefix(60) {
      let lines = ComparisonText(comparison, width: width).lines()
      for line in lines { #expect(line.count <= width, "\(line)") }
      let table = ComparisonTable(comparison).lines(width: width)
      for entry in comparison.entries {
        #expect(table.contains { $0.dropFirst(2).hasPrefix("\(entry.setup.title) ") })
      }
    }
  }

  @Test func `in a locale without UTF-8 all text is ASCII`() {
    for (comparison, _) in Self.judged.prefix(60) {
      let lines = Glyphs.with(.ascii) {
        ComparisonText(comparison, width: 100).lines() + ComparisonText(comparison, width: 200).markdown()
          + comparison.typicalRuns.flatMap { StatsText.lines($0) }
      }
      for line in lines { #expect(line.utf8.allSatisfy { $0 < 0x80 }, "\(line)") }
    }
  }

  @Test func `JSON and the page are the same in every locale`() {
    for (comparison, _) in Self.judged.prefix(20) {
      func page() -> String {
        ReportPage(comparison, .init(subject: "lanes compare primes", options: [], machine: [])).html
      }
      #expect(
        Glyphs.with(.ascii) { ComparisonJSON.lines(comparison, Samples.circumstances) }
          == ComparisonJSON.lines(comparison, Samples.circumstances))
      #expect(Glyphs.with(.ascii) { page() } == page())
    }
  }
}
