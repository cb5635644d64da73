import CKernels
import LanesCore
import LanesOS
import LanesTesting
import Testing

@testable import LanesFiles

@Suite struct PercentileTests {
  private func percentiles(_ values: [String], _ asked: [String], approximate: Bool = false) -> [String] {
    var runner = StatsRunner(column: .number(1), by: nil)
    runner.percentiles = asked
    runner.isApproximate = approximate
    let result = runner.run(text: values.joined(separator: "\n"))
    #expect(result.failures.isEmpty)
    return (result.rows.first ?? "").split(separator: " ").suffix(asked.count).map(String.init)
  }

  @Test(arguments: [
    (["7"], ["0", "50", "100"], ["7", "7", "7"]),
    (["4", "1", "3", "2"], ["0", "25", "50", "75", "100"], ["1", "1.75", "2.5", "3.25", "4"]),
    (["1", "2"], ["50", "99.9", "33.333"], ["1.5", "1.999", "1.33333"]),
    (["-1", "-2.5", "4"], ["50", "10", "75"], ["-1", "-2.2", "1.5"]),
    (["1", "1", "1", "9"], ["50", "66", "100"], ["1", "1", "9"]),
    (["1e300", "1e-300", "-1e300"], ["0", "50", "100"], ["-1e+300", "1e-300", "1e+300"]),
    (["0.1", "0.25", "3"], ["50", "75"], ["0.25", "1.625"]),
    (
      ["18446744073709551615", "-18446744073709551615"], ["0", "50", "100"],
      [
        "-18446744073709551615", "0", "18446744073709551615",
      ]
    ),
    (["", " ", ""], ["50"], ["-"]),
    (["5", "", "7"], ["50"], ["6"]),
  ])
  func `percentiles are those of definition 7`(values: [String], asked: [String], expected: [String]) {
    #expect(percentiles(values, asked) == expected)
  }

  @Test func `percentiles are written as numbers from 0 to 100`() {
    for text in ["0", "100", "99.9", "0.000000001", "100.0", "007"] { #expect(Percentile(text) != nil, "\(text)") }
    for text in ["", "-1", "100.1", "101", "1e1", "5%", ".5", "5.", "1.2.3", "0.0000000001", " 5", "1000"] {
      #expect(Percentile(text) == nil, "\(text)")
    }
  }

  /// Lines of a group and a number of tenths or hundredths, and what sorting makes of them, times 1000.
  private static func table(_ count: Int) -> (text: String, expected: [String: [Int]]) {
    var random = Repeatable(state: 11)
    var text = ""
    var byGroup: [String: [Int]] = [:]
    for _ in 0..<count {
      let key = "group number \(random.next() % 5) of a long name"
      let hundredths = Int(random.next() % 40_000) - 20_000
      let isFine = random.next() % 50 == 0
      let value = isFine ? hundredths : hundredths / 10 * 10
      let size = abs(value)
      let fraction = isFine ? ".\(size % 100 / 10)\(size % 10)" : ".\(size % 100 / 10)"
      text += "\(key);\(value < 0 ? "-" : "")\(size / 100)\(fraction)\n"
      byGroup[key, default: []].append(value)
    }
    return (
      text,
      byGroup.mapValues { values in
        let sorted = values.sorted()
        return [0, 50, 95, 100].map { percent in
          let place = (sorted.count - 1) * percent
          let low = sorted[place / 100]
          let high = sorted[min(place / 100 + 1, sorted.count - 1)]
          return low * 100 + (high - low) * (place % 100)
        }
      }
    )
  }

  @Test func `no slicing, number of lanes or way to divide work changes a digit`() throws {
    let (text, expected) = Self.table(1500)
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    var runner = StatsRunner()
    runner.percentiles = ["0", "50", "95", "100"]
    let whole = runner.run([path])
    #expect(whole.rows.count == 5)
    for row in whole.rows {
      let cells = row.split(separator: " ")
      let key = cells.dropLast(10).joined(separator: " ")
      let got = cells.suffix(4).map { Int((Double($0)! * 10_000).rounded()) }
      #expect(got == expected[key], "\(row)")
    }
    for split in StatsSplit.allCases {
      for (sliceBytes, lanes, level) in [(64, nil, nil), (1000, 3, nil), (20_000, nil, 0)] as [(Int, Int?, UInt32?)] {
        var other = runner
        other.split = split
        other.sliceBytes = sliceBytes
        other.lanes = lanes
        other.level = level
        #expect(other.run([path]) == whole, "\(split) \(sliceBytes)")
      }
    }
  }

  @Test func `values beyond the granted memory end the run without a result`() {
    var runner = StatsRunner(column: .number(1), by: nil)
    runner.percentiles = ["50"]
    runner.memory = 1000
    #expect(runner.run(text: (0..<5000).map { "\($0 * 7919)" }.joined(separator: "\n")).failures == ["no result"])
  }

  @Test func `runs hold what was written`() throws {
    var random = Repeatable(state: 3)
    var writer = ValueRunWriter()
    let edge = Int128(UInt64.max)
    for round in 0..<50 {
      var values = (0..<Int(random.next() % 200) + 1).map { _ in
        Int128(Int64(bitPattern: random.next())) >> Int128(random.next() % 60)
      }
      if round % 5 == 0 { values += [edge, -edge, edge, 0, 0, 0] }
      values.sort()
      writer.begin()
      for value in values { try writer.append(value) }
      var read: [Int128] = []
      let count = writer.values
      try writer.finish { (bytes) throws(UnitFailure) in
        var reader = ValueRunReader(ValueRun(bytes: bytes, places: 0, values: count))
        while let (value, count) = reader.next() { for _ in 0..<count { read.append(value) } }
      }
      #expect(read == values)
    }
  }

  @Test func `bytes that are no run are read to their end and no further`() {
    var random = Repeatable(state: 5)
    for _ in 0..<300 {
      let bytes = random.bytes(Int(random.next() % 60), flavour: 0)
      bytes.withUnsafeBytes { raw in
        let run = ValueRun(bytes: raw, places: Int(random.next() % 800) - 400, values: random.next())
        var reader = ValueRunReader(run)
        var read = 0
        while reader.next() != nil { read += 1 }
        #expect(read <= bytes.count)
        let asked = ["0", "50", "100"].map { Percentile($0)! }
        _ = ValueSelection([run, run], mostSorted: 4).values(asked)
        _ = ValueDigest.estimates(asked, of: [run])
      }
    }
  }

  @Test func `ranks among many values are found by counting as by sorting`() throws {
    var random = Repeatable(state: 8)
    let store = ValueStore(.exact)
    var all: [Int128] = []
    var writer = ValueRunWriter()
    for run in 0..<6 {
      // Most values crowd at one end, so that stretches have to be divided in turn.
      var values = (0..<500).map { _ in Int128(random.next() >> (random.next() % 64)) }
      if run == 2 { values = values.map { _ in 5 } }
      values.sort()
      writer.begin()
      for value in values { try writer.append(value) }
      let count = writer.values
      try writer.finish { (bytes) throws(UnitFailure) in
        try store.append(ValueRun(bytes: bytes, places: 0, values: count), to: 3)
      }
      all += values
    }
    all.sort()
    let asked = stride(from: 0, through: 100, by: 5).map { Percentile("\($0)")! }
    let expected = asked.map { percentile -> String in
      let position = percentile.position(among: UInt64(all.count))
      let exact = { (rank: UInt64) in
        ExactValue(isNegative: false, magnitude: BigUInt(all[Int(rank)].magnitude), places: 0)
      }
      let low = exact(position.lower)
      return (position.rest == 0 ? low : position.between(low, exact(position.lower + 1))).text(nil)
    }
    for store in [store, try store.compacted()] {
      for most in [2, 40, 1 << 20] {
        let got = ValueSelection(store.runs(of: 3), mostSorted: most).values(asked).map { $0.text(nil) }
        #expect(got == expected, "\(most)")
      }
    }
    #expect(try store.compacted().entryCount == 1)
  }

  @Test func `keys are in the order of numbers and give them back`() {
    var random = Repeatable(state: 9)
    func number() -> DecimalNumber {
      DecimalNumber(
        isNegative: random.next() % 2 == 0, digits: random.next() >> (random.next() % 64),
        places: Int(random.next() % 800) - 400)
    }
    for round in 0..<2000 {
      let one = number()
      var other = number()
      if round % 2 == 0 { other.places = one.places + Int(random.next() % 3) }
      #expect(one.isLess(than: other) == (one.orderedKey < other.orderedKey))
      let back = DecimalNumber(orderedKey: one.orderedKey)
      #expect(!back.isLess(than: one) && !one.isLess(than: back))
    }
  }

  @Test func `values are sorted by place and number`() {
    var random = Repeatable(state: 12)
    for (count, numbers, places) in [(0, 1, 1), (1, 5, 5), (200, 50, 3), (3000, 1 << 40, 7), (3000, 1, 5000)] {
      var values = (0..<count).map { _ in
        ckernels_value(number: Int64(random.next() % UInt64(numbers)) - 20, place: Int(random.next() % UInt64(places)))
      }
      if count > 2 { (values[0].number, values[1].number) = (.max, -.max) }
      let expected = values.map { [$0.place, Int($0.number)] }.sorted { $0.lexicographicallyPrecedes($1) }
      var scratch = values
      let sorted = values.withUnsafeMutableBufferPointer { values in
        scratch.withUnsafeMutableBufferPointer { scratch in
          guard let base = values.baseAddress, let other = scratch.baseAddress else { return [[Int]]() }
          let sorted = ValueSorter.sort(base, other, count)
          return (0..<count).map { [sorted[$0].place, Int(sorted[$0].number)] }
        }
      }
      #expect(sorted == expected)
    }
  }

  // MARK: Digests

  @Test func `few values are estimated as they are`() {
    #expect(
      percentiles(["4", "1", "3", "2"], ["0", "25", "50", "100"], approximate: true) == ["1.0", "1.75", "2.5", "4.0"])
    #expect(percentiles([""], ["50"], approximate: true) == ["-"])
  }

  @Test func `estimates are as near as stated`() throws {
    var random = Repeatable(state: 4)
    // Digests of 40 slices: two are put together twice over.
    var runs: [ValueRun] = []
    var all: [Double] = []
    let store = ValueStore(.digest)
    var writer = ValueRunWriter()
    for slice in 0..<40 {
      // Of one slice all are larger than those before, and so on: values that come in order are the hard case.
      let values = (0..<2500).map { _ in
        Int128(random.next() % 1_000_000) * Int128(random.next() % 1000) + Int128(slice * slice * 50_000)
      }.sorted()
      writer.begin()
      for value in values { try writer.append(value) }
      let count = writer.values
      try writer.finish { (bytes) throws(UnitFailure) in
        let centroids = ValueDigest.centroids(of: ValueRun(bytes: bytes, places: 0, values: count))
        #expect(centroids.count < 2500)
        try ValueDigest.withRun(centroids, level: 0) { (run) throws(UnitFailure) in try store.append(run, to: 0) }
      }
      all += values.map { Double($0) }
    }
    all.sort()
    let thinned = try store.compacted()
    #expect(thinned.runBytes < store.runBytes / 2)
    for (digests, levels) in [(store, 1.0), (thinned, 2.0)] {
      runs = digests.runs(of: 0)
      let asked = ["0", "1", "10", "25", "50", "75", "90", "99", "99.9", "100"].map { Percentile($0)! }
      for (percentile, estimate) in zip(asked, ValueDigest.estimates(asked, of: runs)) {
        let rank = Double(all.firstIndex { $0 >= estimate } ?? all.count) / Double(all.count)
        let share = percentile.share
        let bound = (levels + 1) * 4 * share * (1 - share) / ValueDigest.precision + 2 / Double(all.count)
        #expect(abs(rank - share) <= bound, "p\(percentile.text): \(rank)")
      }
    }
  }

  @Test func `an estimate is the same for any number of lanes`() {
    let (text, _) = Self.table(2000)
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    var runner = StatsRunner()
    runner.percentiles = ["1", "50", "99"]
    runner.isApproximate = true
    runner.sliceBytes = 1500
    let alone = runner.run([path])
    runner.lanes = 3
    #expect(runner.run([path]) == alone)
    runner.split = .tasks
    #expect(runner.run([path]) == alone)
    #expect(alone.rows.count == 5 && alone.failures.isEmpty)
  }
}
