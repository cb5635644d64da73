import LanesCore

/// Words or lines and how often they occur, in one slice or many.
///
/// A class, since its tables are too large to be copied; like any fold it belongs to the thread that runs the engine.
package final class TopPartial: MergeablePartial {
  private var counts = KeyCounts()
  /// What came from a worker and was not added up yet: merging adds it to the other's counts directly, without a table
  /// between.
  private var unread: Bytes?

  package init() {}

  package init(wire bytes: Bytes) throws(WireError) {
    try KeyCounts.check(bytes)
    unread = bytes
  }

  package var wire: Bytes { unread ?? counts.wire }

  /// Adds the other's counts to this, and leaves the other without any.
  package func merge(_ next: TopPartial) throws(UnitFailure) {
    if let bytes = unread {
      unread = nil
      try counts.add(bytes)
    }
    if let bytes = next.unread {
      next.unread = nil
      try counts.add(bytes)
    } else if counts.distinct == 0 {
      swap(&counts, &next.counts)
    } else {
      try counts.add(next.counts)
      next.counts = KeyCounts()
    }
  }

  /// How many different words or lines there are, and of all together.
  package var distinct: Int { counts.distinct }
  package var total: UInt64 { counts.total }

  /// The `k` most frequent, those of equal frequency in the order of bytes.
  package func top(_ k: Int) -> [(key: Bytes, count: UInt64)] { counts.top(k) }
}

/// Counts by key; grows with the number of different keys. Belongs to one thread.
private final class KeyCounts {
  /// Every key comes with its hash, under the seed of the run.
  private let keys = KeyIndex(seed: 0)
  // Unchecked for the reason that `KeyIndex` gives.
  @exclusivity(unchecked) private var counts = HeapList<UInt64>()

  var distinct: Int { counts.count }
  var total: UInt64 { (0..<counts.count).reduce(0) { $0 + counts[$1] } }

  /// Throws unless `wire` is whole: what a worker sent is checked when it arrives, and added up later.
  static func check(_ wire: Bytes) throws(WireError) {
    guard wire.withUnsafeBytes({ walk($0) { _, _, _ in } }) else { throw WireError("counts end too early") }
  }

  /// Calls `body` with hash, count and bytes of every key in a slice's wire form; false where that is not whole. The
  /// form is the one that `TopScan.wire` writes: no field is aligned.
  private static func walk<Failure: Error>(
    _ wire: UnsafeRawBufferPointer, _ body: (UInt64, UInt64, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    guard wire.count >= 4 else { return false }
    var at = 4
    for _ in 0..<wire.loadUnaligned(as: UInt32.self) {
      guard wire.count - at >= 20 else { return false }
      let hash = wire.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let count = wire.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)
      let length = Int(wire.loadUnaligned(fromByteOffset: at + 16, as: UInt32.self))
      at += 20
      guard wire.count - at >= length else { return false }
      try body(hash, count, UnsafeRawBufferPointer(rebasing: wire[at..<at + length]))
      at += length
    }
    return at == wire.count
  }

  /// Adds counts that `check` found whole.
  func add(_ wire: Bytes) throws(UnitFailure) {
    _ = try wire.span.bytes.withUnsafeBytes { (bytes) throws(UnitFailure) in
      try Self.walk(bytes) { (hash, count, key) throws(UnitFailure) in try add(key, hash, count) }
    }
  }

  func add(_ other: KeyCounts) throws(UnitFailure) {
    for number in 0..<other.distinct {
      try other.keys.withKey(number) { (key) throws(UnitFailure) in
        try add(key, other.keys.hash(number), other.counts[number])
      }
    }
  }

  @inline(__always) private func add(
    _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ count: UInt64
  ) throws(UnitFailure) {
    let number = try keys.number(of: key, hash: hash)
    if number == counts.count { try counts.append(count) } else { counts[number] += count }
  }

  var wire: Bytes {
    var writer = WireWriter()
    writer.write(UInt32(counts.count))
    for number in 0..<counts.count {
      writer.write(keys.hash(number))
      writer.write(counts[number])
      keys.withKey(number) { writer.write($0) }
    }
    return writer.bytes
  }

  /// Keeps the best in a heap whose first is the worst of them: n log k at most, and little more than n as a rule.
  func top(_ k: Int) -> [(key: Bytes, count: UInt64)] {
    guard k > 0 else { return [] }
    var heap: [Int] = []
    for number in 0..<counts.count {
      if heap.count < k {
        heap.append(number)
        siftUp(&heap)
      } else if isBetter(number, heap[0]) {
        heap[0] = number
        siftDown(&heap)
      }
    }
    return heap.sorted(by: isBetter).map { (keys.key($0), counts[$0]) }
  }

  /// The order of results: by count, and by the order of bytes where counts are equal, so that it is the same in every
  /// run.
  private func isBetter(_ left: Int, _ right: Int) -> Bool {
    counts[left] != counts[right] ? counts[left] > counts[right] : keys.isBefore(left, right)
  }

  /// Moves the last element up to its place: none is better than those below it.
  private func siftUp(_ heap: inout [Int]) {
    var at = heap.count - 1
    while at > 0, isBetter(heap[(at - 1) / 2], heap[at]) {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  /// Moves the first element down to its place, after it was replaced.
  private func siftDown(_ heap: inout [Int]) {
    var at = 0
    while 2 * at + 1 < heap.count {
      var child = 2 * at + 1
      if child + 1 < heap.count, isBetter(heap[child], heap[child + 1]) { child += 1 }
      guard isBetter(heap[at], heap[child]) else { return }
      heap.swapAt(at, child)
      at = child
    }
  }
}
