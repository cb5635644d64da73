import LanesCore

/// Finds the numbers at given ranks among all values of the runs of one group, exactly.
///
/// Few values are sorted. Of many, it is counted how many lie in each of 65,536 stretches of equal length, and only those are
/// gone into in which a rank lies: two passes over the runs as a rule, and no more memory than for a million values. Where most
/// values crowd in one stretch, that is divided in turn; five times at most, since numbers have 78 bits.
struct ValueSelection {
  private let runs: [ValueRun]
  /// Digits behind the point that all values are brought to; nil where they are too far apart, and are compared by order of
  /// magnitude.
  private let places: Int?
  let count: UInt64

  /// Distinct values that are sorted at once.
  private let mostSorted: Int
  private static let buckets = 1 << 16

  /// - Parameter mostSorted: distinct values that are sorted at once; a million take 32 MiB.
  init(_ runs: [ValueRun], mostSorted: Int = 1 << 20) {
    self.runs = runs
    self.mostSorted = mostSorted
    count = runs.reduce(0) { $0 &+ $1.values }
    let finest = runs.map(\.places).max() ?? 0
    let coarsest = runs.map(\.places).min() ?? 0
    // Values are below 2^64, and 2^64 · 10^18 is below 2^124.
    places = finest - coarsest <= 18 ? finest : nil
  }

  /// The percentiles, each exactly; none where there is no value.
  func values(_ percentiles: [Percentile]) -> [ExactValue] {
    guard count > 0 else { return [] }
    let positions = percentiles.map { $0.position(among: count) }
    let ranks = Set(positions.flatMap(\.ranks)).sorted()
    let keys = keys(at: ranks)
    let byRank = Dictionary(uniqueKeysWithValues: zip(ranks, keys))
    return positions.map { position in
      let low = exact(byRank[position.lower]!)
      return position.rest == 0 ? low : position.between(low, exact(byRank[position.lower + 1]!))
    }
  }

  // MARK: Keys

  /// A whole number that is in the same order as the values: themselves in one unit, or else `DecimalNumber.orderedKey`.
  @inline(__always) private func key(_ value: Int128, _ run: ValueRun, _ scale: Int128) -> Int128 {
    if places != nil { return value &* scale }
    let digits = UInt64(truncatingIfNeeded: value.magnitude)
    return DecimalNumber(isNegative: value < 0, digits: digits, places: run.places).orderedKey
  }

  private func exact(_ key: Int128) -> ExactValue {
    if let places { return ExactValue(isNegative: key < 0, magnitude: BigUInt(key.magnitude), places: places) }
    let number = DecimalNumber(orderedKey: key)
    return ExactValue(
      isNegative: number.isNegative, magnitude: BigUInt(UInt128(number.digits)), places: number.places)
  }

  /// Calls `body` with every distinct value of every run.
  @inline(__always) private func forEach(_ body: (_ key: Int128, _ count: UInt64) -> Void) {
    for run in runs {
      let scale = Int128(places.map { PowersOfTen.wide[$0 - run.places] } ?? 1)
      var reader = ValueRunReader(run)
      while let (value, count) = reader.next() { body(key(value, run, scale), count) }
    }
  }

  // MARK: Ranks

  /// The keys at ascending ranks.
  private func keys(at ranks: [UInt64]) -> [Int128] {
    var (low, high, distinct) = (Int128.max, Int128.min, 0)
    forEach { key, _ in
      low = min(low, key)
      high = max(high, key)
      distinct += 1
    }
    guard distinct > 0 else { return ranks.map { _ in 0 } }
    return keys(at: ranks[...], among: Stretch(low: low, high: high, before: 0, distinct: distinct))
  }

  /// The keys from `low` to `high`, behind `before` smaller ones.
  private struct Stretch {
    var low: Int128
    var high: Int128
    var before: UInt64
    var distinct: Int
    /// Where the ranks that lie in it begin and end in the list of those that are looked for.
    var ranks: Range<Int> = 0..<0
  }

  private func keys(at ranks: ArraySlice<UInt64>, among whole: Stretch) -> [Int128] {
    if whole.low == whole.high { return ranks.map { _ in whole.low } }
    if whole.distinct <= mostSorted {
      var all = whole
      all.ranks = ranks.indices
      return sorted([all], ranks)
    }
    let stretches = parts(of: whole, ranks)
    // Ranks next to each other mostly lie in few stretches, which are looked at together.
    if stretches.reduce(0, { $0 + $1.distinct }) <= mostSorted { return sorted(stretches, ranks) }
    return stretches.flatMap { keys(at: ranks[$0.ranks], among: $0) }
  }

  /// The parts of a stretch in which ranks lie, in ascending order.
  private func parts(of whole: Stretch, _ ranks: ArraySlice<UInt64>) -> [Stretch] {
    let span = UInt128(truncatingIfNeeded: whole.high &- whole.low)
    let shift = UInt128(max(0, 128 - span.leadingZeroBitCount - 16))
    var counts = [UInt64](repeating: 0, count: Self.buckets)
    var distinct = [Int](repeating: 0, count: Self.buckets)
    forEach { key, count in
      guard key >= whole.low, key <= whole.high else { return }
      let bucket = Int(truncatingIfNeeded: UInt128(truncatingIfNeeded: key &- whole.low) &>> shift)
      counts[bucket] &+= count
      distinct[bucket] += 1
    }
    var parts: [Stretch] = []
    var before = whole.before
    var next = ranks.startIndex
    for bucket in 0..<Self.buckets where next < ranks.endIndex {
      let end = before &+ counts[bucket]
      let first = next
      while next < ranks.endIndex, ranks[next] < end { next += 1 }
      if next > first {
        let low = whole.low &+ Int128(truncatingIfNeeded: UInt128(bucket) &<< shift)
        let high = min(whole.high, low &+ Int128(truncatingIfNeeded: (UInt128(1) &<< shift) &- 1))
        parts.append(
          Stretch(low: low, high: high, before: before, distinct: distinct[bucket], ranks: first..<next))
      }
      before = end
    }
    // Only where a run stands for fewer values than it says: the greatest has all other ranks.
    if next < ranks.endIndex {
      parts.append(
        Stretch(low: whole.high, high: whole.high, before: before, distinct: 1, ranks: next..<ranks.endIndex))
    }
    return parts
  }

  /// The keys at the ranks of stretches that have few values together.
  private func sorted(_ stretches: [Stretch], _ ranks: ArraySlice<UInt64>) -> [Int128] {
    var found = stretches.map { _ in [(key: Int128, count: UInt64)]() }
    forEach { key, count in
      // There are no more of them than ranks.
      var (from, to) = (0, stretches.count)
      while from < to {
        let middle = (from + to) / 2
        if stretches[middle].high < key { from = middle + 1 } else { to = middle }
      }
      if from < stretches.count, key >= stretches[from].low { found[from].append((key, count)) }
    }
    var keys: [Int128] = []
    for (stretch, var values) in zip(stretches, found) {
      values.sort { $0.key < $1.key }
      var at = 0
      var end = stretch.before &+ (values.first?.count ?? 0)
      for rank in ranks[stretch.ranks] {
        while end <= rank, at + 1 < values.count {
          at += 1
          end &+= values[at].count
        }
        keys.append(at < values.count ? values[at].key : stretch.high)
      }
    }
    return keys
  }
}

extension DecimalNumber {
  init(isNegative: Bool, digits: UInt64, places: Int) {
    self.isNegative = isNegative
    self.digits = digits
    self.places = places
  }

  /// Digits of the mantissa of ordered keys, and the bits that they take.
  private static let keyDigits = 20
  private static let keyBits: Int128 = 67
  /// Makes the order of magnitude positive: numbers lie between 10^−820 and 10^820.
  private static let keyBias = 1024

  /// A whole number of 78 bits and a sign that is less for a lesser number and equal for an equal one, whatever places they
  /// have: the order of magnitude, then twenty digits.
  var orderedKey: Int128 {
    guard digits > 0 else { return 0 }
    var mantissa = UInt128(digits)
    var order = -places
    // Fewer than twenty steps, and only where numbers of very different size are compared.
    while mantissa < PowersOfTen.wide[Self.keyDigits - 1] {
      mantissa *= 10
      order -= 1
    }
    let key = Int128(order + Self.keyBias) &<< Self.keyBits | Int128(mantissa)
    return isNegative ? -key : key
  }

  init(orderedKey key: Int128) {
    guard key != 0 else {
      self.init(isNegative: false, digits: 0, places: 0)
      return
    }
    let size = key.magnitude
    var mantissa = size & (1 &<< UInt128(Self.keyBits) &- 1)
    var order = Int(truncatingIfNeeded: size &>> UInt128(Self.keyBits)) - Self.keyBias
    while mantissa > 0, mantissa % 10 == 0 {
      mantissa /= 10
      order += 1
    }
    self.init(isNegative: key < 0, digits: UInt64(truncatingIfNeeded: mantissa), places: -order)
  }

  /// The double that is nearest.
  var nearestDouble: Double {
    let size: Double
    if digits < 1 << 53, (0...22).contains(places) {
      // Both are doubles as they are, so the quotient is rounded once.
      size = Double(digits) / Double(PowersOfTen.wide[places])
    } else if places >= 0 {
      size = Quotient.double(BigUInt(UInt128(digits)), by: BigUInt(powerOfTen: places))
    } else {
      size = Quotient.double(BigUInt(UInt128(digits)) * BigUInt(powerOfTen: -places), by: BigUInt(1))
    }
    return isNegative ? -size : size
  }
}
