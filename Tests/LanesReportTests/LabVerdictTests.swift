import LanesCore
import LanesReport
import Testing

@Suite struct LabVerdictTests {
  /// Figures whose batches all took the given times.
  private func measurements(_ figures: [String: [Double]], batch: Double = 50_000) -> LabMeasurements {
    var result = LabMeasurements()
    for (name, samples) in figures {
      result.figures.append(
        LabFigure(name, samples: samples.count == 1 ? Array(repeating: samples[0], count: 10) : samples, batch: batch))
    }
    return result
  }

  private func verdict(_ rule: LabRule, _ measurements: LabMeasurements) -> LabVerdict {
    LabVerdict(
      LabClaim("a", from: .course(.lab), "it is so", rule, ifConfirmed: "Indeed.", ifRefuted: "Alas."), measurements)
  }

  @Test(arguments: [
    (1_000.0, LabVerdict.Kind.confirmed), (334, .confirmed), (2_999, .confirmed), (330, .refuted), (3_100, .refuted),
  ])
  func `about a value is a third of it to three times as much`(value: Double, kind: LabVerdict.Kind) {
    #expect(verdict(.quantity(of: "x", within: .about(1_000)), measurements(["x": [value]])).kind == kind)
  }

  @Test func `a claim is confirmed only where both the first decile and the median are inside`() {
    let half = Array(repeating: 900.0, count: 5) + Array(repeating: 1_100, count: 6)
    let result = verdict(.quantity(of: "x", within: .atMost(1_000)), measurements(["x": half]))
    #expect(result.kind == .undecidable)
    #expect(result.why.contains("both sides"))
  }

  @Test func `what lies beyond an end by less than the spread is not refuted`() {
    let samples = Array(repeating: 1_050.0, count: 5) + Array(repeating: 1_200, count: 6)
    #expect(verdict(.quantity(of: "x", within: .atMost(1_000)), measurements(["x": samples])).kind == .undecidable)
    let still = Array(repeating: 1_050.0, count: 11)
    #expect(verdict(.quantity(of: "x", within: .atMost(1_000)), measurements(["x": still])).kind == .refuted)
  }

  @Test func `a ratio's direction and size are told apart`() {
    let rule = LabRule.ratio(of: "x", to: "y", within: .about(10))
    let double = verdict(rule, measurements(["x": [200], "y": [100]]))
    #expect(double.kind == .refuted)
    #expect(double.why.contains("The direction holds, the size does not."))
    let reversed = verdict(rule, measurements(["x": [50], "y": [100]]))
    #expect(reversed.kind == .refuted)
    #expect(!reversed.why.contains("direction"))
    // A fiftieth more, with a spread of a seventeenth, is no direction.
    let equal = measurements(["x": Array(repeating: 102, count: 5) + Array(repeating: 108, count: 6), "y": [100]])
    #expect(verdict(rule, equal).kind == .refuted && !verdict(rule, equal).why.contains("direction"))
    #expect(verdict(rule, measurements(["x": [900], "y": [100]])).kind == .confirmed)
  }

  @Test func `a difference is of like quantiles, and asks for a quieter machine`() {
    let rule = LabRule.quantity(of: "x", less: "y", within: 1_000...10_000)
    #expect(verdict(rule, measurements(["x": [2_500], "y": [700]])).kind == .confirmed)
    #expect(verdict(rule, measurements(["x": [1_500], "y": [700]])).kind == .refuted)
    // 15% disturbed: enough for a figure by itself, too much for a difference.
    let restless = Array(repeating: 2_500.0, count: 17) + Array(repeating: 90_000, count: 3)
    #expect(verdict(rule, measurements(["x": restless, "y": [700]])).kind == .undecidable)
    #expect(verdict(.quantity(of: "x", within: 1_000...10_000), measurements(["x": restless])).kind == .confirmed)
  }

  @Test func `each gate has its sentence`() {
    let rule = LabRule.quantity(of: "x", within: .about(1_000))
    let restless = Array(repeating: 1_000.0, count: 7) + Array(repeating: 20_000, count: 3)
    #expect(verdict(rule, measurements(["x": restless])).why.contains("30% of the batches of 'x' were disturbed"))
    #expect(verdict(rule, measurements([:])).why == "'x' could not be measured.")
    #expect(verdict(rule, measurements(["x": [1_000]], batch: 10)).why.contains("too few steps"))
    var few = LabMeasurements()
    few.figures = [LabFigure("x", samples: [1_000, 1_000], needed: 30)]
    #expect(verdict(rule, few).why.contains("only 2 batches"))
    var blocked = measurements(["x": [1_000]])
    blocked.require(false, "two CPUs are needed", for: "b")
    #expect(verdict(rule, blocked).kind == .confirmed, "an obstacle to another claim")
    blocked.require(false, "two CPUs are needed")
    #expect(verdict(rule, blocked) == verdict(rule, blocked))
    #expect(verdict(rule, blocked).why == "two CPUs are needed.")
    #expect(verdict(.value("x", within: 0...0, counts: "losses"), LabMeasurements()).kind == .undecidable)
  }

  @Test func `many disturbances decide nothing unless the whole span says the same`() {
    let rule = LabRule.ratio(of: "x", to: "y", within: .atLeast(10))
    let restless = Array(repeating: 1_000.0, count: 6) + Array(repeating: 3_000, count: 4)
    #expect(verdict(rule, measurements(["x": restless, "y": [10]])).kind == .confirmed)
    #expect(verdict(rule, measurements(["x": restless, "y": [2_000]])).kind == .refuted)
    #expect(verdict(rule, measurements(["x": [300], "y": restless.map { $0 / 60 }])).kind == .undecidable)
  }

  @Test func `facts are in their range or not`() {
    var result = LabMeasurements()
    result.values["lost"] = 0
    #expect(verdict(.value("lost", within: 0...0, counts: "lost"), result).why == "lost: 0. Indeed.")
    result.values["lost"] = 3
    #expect(verdict(.value("lost", within: 0...0, counts: "lost"), result).why == "lost: 3. Alas.")
  }

  @Test func `a speed is the better the larger it is`() {
    let figure = LabFigure("x", .bytesPerSecond, samples: [100, 100, 100, 100, 50, 100, 100, 100, 100, 100])
    #expect(figure.p10 == 100 && figure.p50 == 100 && figure.p90 < 100)
    #expect(figure.disturbed == 0.1)
  }

  @Test func `measurements arrive as they were sent`() throws {
    var sent = measurements(["x": [1, 2, 3, 4, 5, 6]])
    sent.figures.append(
      LabFigure("y", .bytes, samples: [1], cpuPerWall: 0.5, delay: 0.25, counters: [LabFigure.Counter("faults", 3)]))
    sent.values = ["lost": 0.5]
    sent.texts = ["order": "abab"]
    sent.require(false, "no", for: "b")
    sent.circumstances = "Load 3"
    sent.isFacilityMissing = true
    #expect(try LabMeasurements(decoding: sent.encoded) == sent)
    for length in 0..<sent.encoded.count {
      #expect(throws: WireError.self) { try LabMeasurements(decoding: Array(sent.encoded.prefix(length))) }
    }
  }
}

@Suite struct LabTextTests {
  private static let description = LabDescription(
    name: "toy", title: "A toy",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, .manual("time(7)"), ostep: .scheduling),
        "one takes as long as another that has quite a long name and more words than a line has room for",
        .ratio(of: "one", to: "another", within: .about(1)))
    ],
    published: [
      LabPublished(
        "one", 900...2_000, source: "somebody, of a machine that was new ten years ago", address: "https://example.org")
    ], next: "ball")

  private static var measurements: LabMeasurements {
    var result = LabMeasurements()
    result.figures = [
      LabFigure("one", samples: Array(repeating: 1_000, count: 20), cpuPerWall: 0.98),
      LabFigure("another", samples: Array(repeating: 3_000, count: 20)),
      LabFigure("memory", .bytes, samples: [4096, 4096, 4096, 4096, 4096]),
    ]
    result.circumstances = "45 batches, load 0.1"
    return result
  }

  @Test(arguments: [80, 60], [Glyphs.unicode, .ascii])
  func `text fits the terminal`(width: Int, glyphs: Glyphs) {
    let lines = Glyphs.with(glyphs) { LabText(Self.description, Self.measurements, width: width).lines() }
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines.filter { $0.count > width })")
    #expect(
      lines.contains {
        $0.hasPrefix("a  undecidable here") || $0.hasPrefix("a  confirmed") || $0.hasPrefix("a  refuted")
      })
    #expect(lines.last?.contains("lanes lab toy --explain") == true)
    if glyphs == .ascii { #expect(lines.joined().utf8.allSatisfy { $0 < 0x80 }) }
  }

  @Test func `published ranges stand on the scale beside what was measured`() {
    let lines = LabText(Self.description, Self.measurements, width: 80).lines()
    #expect(lines.contains { $0.hasPrefix("  (one)") && $0.contains("○─") })
    #expect(lines.contains { $0.hasPrefix("  another") && $0.contains("●") })
  }

  @Test func `figures that a picture shows are not listed above it`() {
    var description = Self.description
    description.drawn = [.bytes]
    let drawn = LabText(description, Self.measurements, width: 80).lines(picture: ["a picture"])
    #expect(drawn.contains { $0.hasPrefix("  another") } && !drawn.contains { $0.hasPrefix("  memory") })
    // Without a picture they would be nowhere.
    let listed = LabText(description, Self.measurements, width: 80).lines()
    #expect(listed.contains { $0.hasPrefix("  memory") })
    #expect(LabJSON.lines(description, Self.measurements).contains { $0.contains("\"variant\":\"memory\"") })
  }

  @Test func `a rate is the inverse of a time, and its best tenth the highest`() {
    let time = LabFigure("x", samples: [1_000, 1_000, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000])
    let rate = LabFigure("y", .perSecond, each: 8, in: time)
    #expect(rate.p10 == 8_000_000 && rate.p90 == 4_000_000 && rate.disturbed == time.disturbed)
    #expect(rate.text(rate.p10) == "8,000,000/s")
  }

  @Test func `figures and claims are lines of JSON`() {
    let lines = LabJSON.lines(Self.description, Self.measurements)
    #expect(lines.count == 4)
    #expect(lines.last?.contains("\"claim\":\"one takes") == true)
    let source = "course notes on concurrency; the manual page time(7); OSTEP 7, Scheduling"
    #expect(lines.last?.contains("\"source\":\"\(source)\"") == true)
    #expect(lines[0].contains("\"variant\":\"one\",\"unit\":\"ns\",\"p10\":1000.0"))
  }
}
