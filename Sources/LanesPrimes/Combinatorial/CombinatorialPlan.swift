import LanesCore

/// Cuts a combinatorial count into units, by its bound alone: whoever performs them, they are the same.
package final class CombinatorialPlan: UnitPlan {
  /// Bounds that can be counted up to this way.
  package static let bounds = CombinatorialTables.bounds

  /// Units of either kind, nearly, where there is enough to do: four for each of 64 lanes. On one core they take a
  /// fiftieth longer than sixteen do (10^15 and 10^16, EPYC).
  private static let usual = 256

  /// All of them are known from the start; segments come first and in order, as `CombinatorialTotal` adds them up.
  private let tasks: [CombinatorialTask]
  private var number = 0

  init(_ tables: CombinatorialTables) {
    tasks = Self.segments(tables) + Self.primes(tables)
  }

  package var totalUnits: Int? { tasks.count }

  /// Never waits: all units are known.
  package func next() -> PlanStep {
    guard number < tasks.count else { return .end }
    defer { number += 1 }
    return .unit(
      Unit(number: number, label: tasks[number].label, task: tasks[number].wire, expectedMemory: 32 << 20))
  }

  /// Runs of segments, longer and longer: leaves are dense among small numbers.
  private static func segments(_ tables: CombinatorialTables) -> [CombinatorialTask] {
    let whole = tables.z / PartialSieve.length + 1
    var tasks: [CombinatorialTask] = []
    var start: UInt64 = 0
    while start < whole {
      // At most half as long as what lies before it: within a run, the density of leaves then changes little.
      let length = min(max(min(whole / UInt64(usual), start / 2), 1), 128)
      let stop = min(start + length, whole)
      tasks.append(.segments(start * PartialSieve.length, min(stop * PartialSieve.length - 1, tables.z)))
      start = stop
    }
    return tasks
  }

  /// Ranges of primes with about as many pairs each.
  private static func primes(_ tables: CombinatorialTables) -> [CombinatorialTask] {
    let (first, end) = (max(tables.hardPrimes, CombinatorialTables.skipped), tables.primes.count)
    guard first < end else { return [] }
    // Each prime pairs with those after it: (end − first)² / 2 pairs together.
    let share = (end - first) * (end - first) / 2 / usual + 1
    var tasks: [CombinatorialTask] = []
    var (start, pairs) = (first, 0)
    for index in first..<end {
      pairs += end - index
      if pairs >= share || index == end - 1 {
        tasks.append(.primes(start..<index + 1))
        (start, pairs) = (index + 1, 0)
      }
    }
    return tasks
  }
}

/// A unit of a combinatorial count.
enum CombinatorialTask: Equatable {
  /// Numbers, both included; the first is a multiple of `PartialSieve.length`.
  case segments(UInt64, UInt64)
  /// Indices of primes in the tables.
  case primes(Range<Int>)

  var label: String {
    switch self {
    case .segments(let low, let high): "leaves \(low)\(Glyphs.ellipsis)\(high)"
    case .primes(let range): "leaves of primes \(range.lowerBound)\(Glyphs.ellipsis)\(range.upperBound - 1)"
    }
  }

  /// A byte for the kind, then both bounds.
  var wire: Bytes {
    var writer = WireWriter()
    switch self {
    case .segments(let low, let high):
      writer.write(UInt8(0))
      writer.write(low)
      writer.write(high)
    case .primes(let range):
      writer.write(UInt8(1))
      writer.write(UInt64(range.lowerBound))
      writer.write(UInt64(range.upperBound))
    }
    return writer.bytes
  }

  /// Throws on bounds that the tables do not cover.
  init(wire bytes: Bytes, _ tables: CombinatorialTables) throws(WireError) {
    var reader = WireReader(bytes)
    let kind: UInt8 = try reader.read()
    let low: UInt64 = try reader.read()
    let high: UInt64 = try reader.read()
    guard low <= high, kind <= 1 else { throw WireError("a unit that is none") }
    if kind == 0 {
      guard high <= tables.z, low % PartialSieve.length == 0 else { throw WireError("segments that are none") }
      self = .segments(low, high)
    } else {
      guard high <= UInt64(tables.primes.count) else { throw WireError("primes that are none") }
      self = .primes(Int(low)..<Int(high))
    }
  }
}
