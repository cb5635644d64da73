import CKernels
import LanesCore

/// Takes the values of one slice and makes runs of them, or digests.
///
/// Values wait in a list until there are a million of them, which are then sorted by group and value. So a lane has 32 MiB of
/// them at most, however large the slice. Belongs to one thread.
final class ValueRecorder {
  /// What the kernel knows, with places of its groups.
  private(set) var kernel: ZeroedTable<ckernels_value>
  /// Values that were taken one by one, with numbers of the table's groups, by their places.
  private var lots: [Lot] = []
  private var lotValues = 0
  private var scratch = ZeroedTable<ckernels_value>()
  private var writer = ValueRunWriter()
  private let store: ValueStore

  private final class Lot {
    let places: Int
    var values = HeapList<ckernels_value>()
    init(places: Int) { self.places = places }
  }

  /// Values in a list at first, and at most.
  static let room = (first: 16_384, most: 1 << 20)

  /// - Parameter store: where runs go, by numbers of the table's groups.
  init(_ store: ValueStore) throws(UnitFailure) {
    self.store = store
    kernel = try ZeroedTable(count: Self.room.first)
  }

  /// Makes room for more of the kernel's values; false where there are enough for now.
  func grow() throws(UnitFailure) -> Bool {
    guard kernel.count < Self.room.most else { return false }
    try kernel.grow(to: 4 * kernel.count)
    return true
  }

  /// Makes runs of the kernel's first `count` values.
  ///
  /// - Parameter group: the number that a group of the kernel has in the table.
  func takeKernel(
    _ count: Int, places: Int, group: (Int) throws(UnitFailure) -> Int
  ) throws(UnitFailure) {
    try take(kernel.base, count, places: places, group)
  }

  /// Takes a value of one of the table's groups.
  func add(_ number: DecimalNumber, to group: Int) throws(UnitFailure) {
    guard let value = Int64(exactly: number.digits) else {
      // So large a number is a run of its own.
      let size = Int128(number.digits)
      writer.begin()
      try writer.append(number.isNegative ? -size : size)
      return try give(places: number.places, to: group)
    }
    let lot: Lot
    if let known = lots.first(where: { $0.places == number.places }) {
      lot = known
    } else {
      lot = Lot(places: number.places)
      lots.append(lot)
    }
    try lot.values.append(ckernels_value(number: number.isNegative ? -value : value, place: group))
    lotValues += 1
    if lotValues >= Self.room.most { try takeLots() }
  }

  /// Makes runs of all values that were taken one by one.
  func takeLots() throws(UnitFailure) {
    for lot in lots {
      if let base = lot.values.base {
        try take(base, lot.values.count, places: lot.places) { (group) throws(UnitFailure) in group }
      }
    }
    lots = []
    lotValues = 0
  }

  private func take(
    _ values: UnsafeMutablePointer<ckernels_value>, _ count: Int, places: Int,
    _ group: (Int) throws(UnitFailure) -> Int
  ) throws(UnitFailure) {
    guard count > 0 else { return }
    if scratch.count < count { scratch = try ZeroedTable(count: max(count, Self.room.first)) }
    let sorted = ValueSorter.sort(values, scratch.base, count)
    var at = 0
    while at < count {
      let place = sorted[at].place
      writer.begin()
      while at < count, sorted[at].place == place {
        try writer.append(Int128(sorted[at].number))
        at += 1
      }
      try give(places: places, to: try group(place))
    }
  }

  /// Gives what was written to the store, as it is kept there.
  private func give(places: Int, to group: Int) throws(UnitFailure) {
    let values = writer.values
    try writer.finish { (bytes) throws(UnitFailure) in
      let run = ValueRun(bytes: bytes, places: places, values: values)
      guard store.keeping == .digest else { return try store.append(run, to: group) }
      try ValueDigest.withRun(ValueDigest.centroids(of: run), level: 0) { (run) throws(UnitFailure) in
        try store.append(run, to: group)
      }
    }
  }
}

/// Sorts values by place, then by number: eleven bits at a time, the lowest first, and only bits in which they differ.
enum ValueSorter {
  typealias Values = UnsafeMutablePointer<ckernels_value>
  private static let bits: UInt64 = 11

  /// Returns whichever of the two lists holds the sorted values.
  static func sort(_ values: Values, _ scratch: Values, _ count: Int) -> Values {
    guard count > 1 else { return values }
    var (low, high, most) = (Int64.max, Int64.min, 0)
    for index in 0..<count {
      low = min(low, values[index].number)
      high = max(high, values[index].number)
      most = max(most, values[index].place)
    }
    var (from, to) = (values, scratch)
    // Passes over few values would cost more for the counters than for the values.
    if count < 256 {
      var few = UnsafeMutableBufferPointer(start: values, count: count)
      few.sort {
        $0.place != $1.place ? $0.place < $1.place : $0.number < $1.number
      }
      return values
    }
    let span = UInt64(bitPattern: high &- low)
    for shift in stride(from: 0, to: UInt64(64 - span.leadingZeroBitCount), by: UInt64.Stride(bits)) {
      pass(from, to, count) { Int(truncatingIfNeeded: (UInt64(bitPattern: $0.number &- low) &>> shift) & 2047) }
      swap(&from, &to)
    }
    for shift in stride(from: 0, to: 64 - most.leadingZeroBitCount, by: Int(bits)) {
      pass(from, to, count) { ($0.place &>> shift) & 2047 }
      swap(&from, &to)
    }
    return from
  }

  @inline(__always) private static func pass(
    _ from: Values, _ to: Values, _ count: Int, _ digit: (ckernels_value) -> Int
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { starts in
      starts.initialize(repeating: 0)
      for index in 0..<count { starts[digit(from[index])] &+= 1 }
      var sum = 0
      for index in 0..<2048 {
        let here = starts[index]
        starts[index] = sum
        sum &+= here
      }
      for index in 0..<count {
        let place = digit(from[index])
        to[starts[place]] = from[index]
        starts[place] &+= 1
      }
    }
  }
}
