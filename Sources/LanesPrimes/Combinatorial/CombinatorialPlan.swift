import LanesCore

/// Cuts a combinatorial count into units.
package final class CombinatorialPlan: UnitPlan {
  /// Bounds that can be counted up to this way.
  package static let bounds = CombinatorialTables.bounds

  private let tasks: [CombinatorialTask]
  private var number = 0

  init(_ tables: CombinatorialTables, lanes: Int) {
    tasks = Self.segments(tables, lanes) + Self.primes(tables, lanes)
  }

  package var totalUnits: Int? { tasks.count }

  package func next() -> PlanStep {
    guard number < tasks.count else { return .end }
    defer { number += 1 }
    return .unit(
      Unit(number: number, label: tasks[number].label, task: tasks[number].wire, expectedMemory: 32 << 20))
  }

  /// Runs of segments, longer and longer: leaves are dense among small numbers.
  private static func segments(_ tables: CombinatorialTables, _ lanes: Int) -> [CombinatorialTask] {
    let whole = tables.z / PartialSieve.length + 1
    var tasks: [CombinatorialTask] = []
    var start: UInt64 = 0
    while start < whole {
      let length = min(max(min(whole / UInt64(16 * lanes), start / 2), 1), 128)
      let stop = min(start + length, whole)
      tasks.append(.segments(start * PartialSieve.length, min(stop * PartialSieve.length - 1, tables.z)))
      start = stop
    }
    return tasks
  }

  /// Ranges of primes with about as many pairs each.
  private static func primes(_ tables: CombinatorialTables, _ lanes: Int) -> [CombinatorialTask] {
    let (first, end) = (max(tables.hardPrimes, CombinatorialTables.skipped), tables.primes.count)
    guard first < end else { return [] }
    let share = (end - first) * (end - first) / 2 / (16 * lanes) + 1
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
