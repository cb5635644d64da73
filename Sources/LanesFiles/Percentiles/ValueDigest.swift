import LanesCore

/// Values of one group of which near ones are put together: a merging t-digest (Dunning and Ertl 2019, "Computing extremely
/// accurate quantiles using t-digests", section 2), by the rule that a centroid at the share q of n values stands for no more
/// than 4·n·q·(1 − q)/1000 of them, however often one and the same value occurs.
///
/// A slice's digest is made of all of its values in order. So a percentile of it is off by the values of one centroid at
/// most, 4·q·(1 − q)/1000 of all: a thousandth at the median and 0.00004 at the 99th percentile. Digests of one level are
/// kept side by side, which adds no error, since what they are off by adds up to the same share of the sum; sixteen of them
/// are put together to one of the next level, which adds as much again. n slices need log₁₆ n levels.
///
/// It takes nothing but sums and quotients, so every machine gives the same digits; and slices are the same under every
/// engine, and come in order.
enum ValueDigest {
  struct Centroid {
    var mean: Double
    var weight: UInt64
  }

  /// The δ of the rule above.
  static let precision = 1000.0
  /// Digests of a level that are put together.
  static let fan = 16

  /// The bytes of a digest: for each centroid the bits of its mean, 8 bytes, and its weight in 8 bytes, the lowest first.
  static let centroidBytes = 16

  /// Adds values in ascending order.
  struct Builder {
    private(set) var centroids: [Centroid] = []
    private let total: Double
    /// Values in the centroids before the last.
    private var before = 0.0
    /// True while the last centroid stands for one value alone, however often.
    private var isSingle = true

    /// - Parameter values: how many values there will be.
    init(values: UInt64) { total = Double(values) }

    mutating func add(_ value: Double, count: UInt64) {
      guard var last = centroids.last else {
        centroids.append(Centroid(mean: value, weight: count))
        return
      }
      if last.mean == value && isSingle {
        centroids[centroids.count - 1].weight &+= count
        return
      }
      let weight = last.weight &+ count
      let share = (before + Double(weight) / 2) / total
      if Double(weight) <= 4 * total * share * (1 - share) / ValueDigest.precision {
        last.mean += (value - last.mean) * (Double(count) / Double(weight))
        last.weight = weight
        isSingle = false
        centroids[centroids.count - 1] = last
      } else {
        before += Double(last.weight)
        isSingle = true
        centroids.append(Centroid(mean: value, weight: count))
      }
    }
  }

  /// The digest of a run of exact values.
  static func centroids(of run: ValueRun) -> [Centroid] {
    var reader = ValueRunReader(run)
    var builder = Builder(values: run.values)
    while let (value, count) = reader.next() {
      let digits = UInt64(truncatingIfNeeded: value.magnitude)
      builder.add(
        DecimalNumber(isNegative: value < 0, digits: digits, places: run.places).nearestDouble, count: count)
    }
    return builder.centroids
  }

  /// Gives the digests of one level, or where there are many, one of the next level instead.
  static func thin(_ runs: [ValueRun], _ give: (ValueRun) throws(UnitFailure) -> Void) throws(UnitFailure) {
    guard runs.count >= fan else {
      for run in runs { try give(run) }
      return
    }
    var builder = Builder(values: runs.reduce(0) { $0 &+ $1.values })
    for centroid in sorted(runs) { builder.add(centroid.mean, count: centroid.weight) }
    try withRun(builder.centroids, level: runs[0].places + 1, give)
  }

  /// Lends a digest as bytes.
  static func withRun(
    _ centroids: [Centroid], level: Int, _ body: (ValueRun) throws(UnitFailure) -> Void
  ) throws(UnitFailure) {
    var bytes = Bytes()
    bytes.reserveCapacity(centroids.count * centroidBytes)
    var values: UInt64 = 0
    for centroid in centroids {
      for word in [centroid.mean.bitPattern, centroid.weight] {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
      values &+= centroid.weight
    }
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(UnitFailure) in
      try body(ValueRun(bytes: raw, places: level, values: values))
    }
  }

  /// The centroids of several digests in ascending order; equal means by weight, so that the order of digests is nothing.
  private static func sorted(_ runs: [ValueRun]) -> [Centroid] {
    var all: [Centroid] = []
    for run in runs {
      for at in stride(from: 0, to: run.bytes.count / centroidBytes * centroidBytes, by: centroidBytes) {
        let mean = run.bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
        let weight = run.bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self).littleEndian
        all.append(Centroid(mean: Double(bitPattern: mean), weight: max(weight, 1)))
      }
    }
    all.sort { $0.mean != $1.mean ? $0.mean < $1.mean : $0.weight < $1.weight }
    return all
  }

  /// The percentiles of the values that digests stand for: between the middles of two neighboring centroids in proportion,
  /// which for centroids of one value each is the exact percentile.
  static func estimates(_ percentiles: [Percentile], of runs: [ValueRun]) -> [Double] {
    let centroids = sorted(runs)
    let total = centroids.reduce(UInt64(0)) { $0 &+ $1.weight }
    guard let first = centroids.first, let last = centroids.last else { return [] }
    return percentiles.map { percentile in
      let rank = Double(total &- 1) * percentile.share
      var before = 0.0
      var lower: (rank: Double, mean: Double) = (0, first.mean)
      for centroid in centroids {
        let weight = Double(centroid.weight)
        let middle = before + (weight - 1) / 2
        if middle >= rank {
          guard middle > lower.rank else { return centroid.mean }
          return lower.mean + (centroid.mean - lower.mean) * ((rank - lower.rank) / (middle - lower.rank))
        }
        lower = (middle, centroid.mean)
        before += weight
      }
      return last.mean
    }
  }
}
