import LanesCore
import LanesReport
import Testing

@Suite struct ScalabilityTests {
  /// Speeds that follow the law exactly.
  static func speeds(_ lanes: [Int], sigma: Double, kappa: Double) -> [Int: Double] {
    let points = lanes.map { lanes in
      let n = Double(lanes)
      return (lanes, 5 * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)))
    }
    return Dictionary(uniqueKeysWithValues: points)
  }

  @Test(arguments: [(0.05, 0.001), (0.2, 0.0), (0.0, 0.01), (0.0, 0.0)]) func `a fit finds what made the points`(
    _ sigma: Double, _ kappa: Double
  ) throws {
    let speeds = Self.speeds([1, 2, 4, 8, 16, 32], sigma: sigma, kappa: kappa)
    let fit = try #require(ScalabilityFit(kind: .threads, channel: nil, speeds: speeds))
    #expect(abs(fit.contention - sigma) < 1e-9)
    #expect(abs(fit.coherency - kappa) < 1e-9)
    #expect(fit.determination > 0.999)
    #expect((fit.bestLanes == nil) == (fit.coherency <= 0))
  }

  @Test func `coefficients are never negative`() throws {
    // Faster than ideal, as when more lanes bring more cache.
    let speeds = Dictionary(uniqueKeysWithValues: (1...6).map { ($0, Double($0 * $0)) })
    let fit = try #require(ScalabilityFit(kind: .threads, channel: nil, speeds: speeds))
    #expect(fit.contention == 0 && fit.coherency == 0)
  }

  @Test func `five points are too few, and so are six without one lane`() {
    let five = Self.speeds([1, 2, 3, 4, 5], sigma: 0.1, kappa: 0)
    #expect(ScalabilityFit(kind: .threads, channel: nil, speeds: five) == nil)
    let none = Self.speeds([2, 3, 4, 5, 6, 7], sigma: 0.1, kappa: 0)
    #expect(ScalabilityFit(kind: .threads, channel: nil, speeds: none) == nil)
  }

  @Test func `six numbers of lanes in a comparison are fitted, and the verdict's page says so`() throws {
    let lanes = [1, 2, 3, 4, 6, 8]
    let contenders =
      [Samples.contender(Samples.serial, .init(wall: 8_000, user: 7_900))]
      + lanes.map { Samples.contender(Samples.threads($0), .init(wall: 8_000 / Double($0) + 200, user: 7_900)) }
    let comparison = Comparison(contenders)
    let fit = try #require(comparison.fits.first)
    #expect(comparison.fits.count == 1)
    #expect(fit.sentence.hasPrefix("threads scales with contention"))
    #expect(
      ComparisonJSON.lines(comparison, Samples.circumstances).last?.contains(
        #""scalability":[{"mode":"threads","ipc":null,"#) == true)
  }

  /// (1/1.6 − 1/2) / (1 − 1/2) = 0.25.
  @Test func `the serial fraction is that of Karp and Flatt`() throws {
    let contenders = [
      Samples.contender(Samples.serial, .init(wall: 1_600, user: 1_500)),
      Samples.contender(Samples.threads(2), .init(wall: 1_000, user: 1_500)),
    ]
    let entries = Comparison(contenders).entries
    #expect(entries[0].serialFraction == nil)
    #expect(abs(try #require(entries[1].serialFraction) - 0.25) < 1e-9)
    #expect(abs(try #require(entries[1].efficiency) - 0.8) < 1e-9)
  }

  /// A serial contender, threads, CPUs: why neither figure says anything.
  static let meaningless: [(name: String, serial: Samples.Figures, lanes: Int, threads: Samples.Figures, cpus: Int)] = [
    ("more lanes than CPUs", .init(wall: 1_600, user: 1_500), 4, .init(wall: 1_000, user: 1_500), 2),
    ("a lane that waits", .init(wall: 9_000, user: 900), 2, .init(wall: 1_000, user: 900), 2),
    ("faster than the lanes allow", .init(wall: 9_000, user: 8_900), 2, .init(wall: 1_000, user: 8_900), 2),
    ("less work", .init(wall: 4_000, user: 3_900), 2, .init(wall: 2_500, user: 1_500), 2),
    ("more work", .init(wall: 4_000, user: 3_900), 2, .init(wall: 6_000, user: 11_000), 2),
    (
      "other programs beside serial", .init(wall: 4_000, user: 3_900, queued: 0.5), 2, .init(wall: 2_500, user: 3_900),
      2
    ),
    (
      "other programs beside threads", .init(wall: 4_000, user: 3_900), 2, .init(wall: 2_500, user: 3_900, queued: 0.5),
      2
    ),
    ("one unit", .init(wall: 4_000, user: 3_900, units: 1), 2, .init(wall: 4_000, user: 3_900, units: 1), 2),
  ]

  @Test func `efficiency and serial fraction are left out where their assumptions do not hold`() {
    for one in Self.meaningless {
      let contenders = [
        Samples.contender(Samples.serial, one.serial), Samples.contender(Samples.threads(one.lanes), one.threads),
      ]
      let entry = Comparison(contenders, cpus: one.cpus).entries[1]
      #expect(entry.efficiency == nil, "\(one.name)")
      #expect(entry.serialFraction == nil, "\(one.name)")
      #expect(entry.speedUp != nil)
    }
  }

  @Test func `speeds that follow no law get no law`() throws {
    let speeds = [1: 5.0, 2: 4.0, 3: 6.0, 4: 4.5, 5: 5.5, 6: 5.0]
    let fit = try #require(ScalabilityFit(kind: .threads, channel: nil, speeds: speeds))
    #expect(fit.determination < 0.8)
    #expect(fit.sentence.contains("do not follow"))
  }
}
