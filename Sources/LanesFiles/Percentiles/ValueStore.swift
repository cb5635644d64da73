import LanesCore
import LanesOS

/// Whether single values of a column are kept, and how.
package enum ValueKeeping: UInt8, Sendable {
  /// They are not: no percentile is asked for.
  case none
  /// All of them, as runs.
  case exact
  /// Near ones are put together; see `ValueDigest`.
  case digest
}

/// The runs of all groups of a table, or their digests.
///
/// Belongs to one thread. Where a method throws, the store is not to be used any more.
final class ValueStore {
  private struct Entry {
    var run: ValueRun
    /// 1 + the entry of the same group that came before; 0 where there is none.
    var next: UInt32
  }

  let keeping: ValueKeeping
  private var entries = HeapList<Entry>()
  /// By the group's number: 1 + its last entry.
  private var heads = HeapList<UInt32>()
  /// Where the bytes of runs are. Chunks never move.
  private var chunks: [HeapStorage] = []
  private var used = 0
  /// Bytes of all chunks and lists.
  private(set) var byteCount = 0
  /// When the runs are to be put together next.
  private var limit = ValueStore.firstLimit

  /// Bytes up to which putting runs together would gain too little.
  private static let firstLimit = 16 << 20
  private static let chunkBytes = (least: 4 << 10, most: 8 << 20)

  init(_ keeping: ValueKeeping) { self.keeping = keeping }

  /// Bytes of the runs alone.
  private(set) var runBytes = 0
  var entryCount: Int { entries.count }

  /// Copies a run to those of a group.
  func append(_ run: ValueRun, to group: Int) throws(UnitFailure) {
    guard run.values > 0 else { return }
    while heads.count <= group { try heads.append(0) }
    let copy = try copied(run.bytes)
    try entries.append(Entry(run: ValueRun(bytes: copy, places: run.places, values: run.values), next: heads[group]))
    heads[group] = UInt32(entries.count)
    runBytes += run.bytes.count
  }

  private func copied(_ bytes: UnsafeRawBufferPointer) throws(UnitFailure) -> UnsafeRawBufferPointer {
    guard let from = bytes.baseAddress else { return bytes }
    if used + bytes.count > chunks.last?.capacity ?? 0 {
      let chunk = HeapStorage()
      // Small at first, since most tables are those of one slice.
      let room = min(max(byteCount, Self.chunkBytes.least), Self.chunkBytes.most)
      try chunk.grow(to: max(bytes.count, room), keeping: 0)
      chunks.append(chunk)
      byteCount += chunk.capacity
      used = 0
    }
    // A chunk was made for these bytes if there was none.
    let place = chunks[chunks.count - 1].base! + used
    place.copyMemory(from: from, byteCount: bytes.count)
    used += bytes.count
    return UnsafeRawBufferPointer(start: place, count: bytes.count)
  }

  /// The runs of a group, in no particular order.
  func runs(of group: Int) -> [ValueRun] {
    var runs: [ValueRun] = []
    var next = group < heads.count ? heads[group] : 0
    while next > 0 {
      runs.append(entries[Int(next) - 1].run)
      next = entries[Int(next) - 1].next
    }
    return runs
  }

  /// Memory that the store takes.
  var memory: Int { byteCount + entries.count * MemoryLayout<Entry>.stride + heads.count * 4 }

  /// True once runs have come together that are worth being merged.
  var isCrowded: Bool { memory > limit }

  /// The same values in fewer bytes, where values of a group are in several runs.
  func compacted() throws(UnitFailure) -> ValueStore {
    let store = ValueStore(keeping)
    var merger = ValueMerger()
    for group in 0..<heads.count {
      for level in Dictionary(grouping: runs(of: group), by: \.places).sorted(by: { $0.key < $1.key }) {
        if keeping == .digest {
          try ValueDigest.thin(level.value) { (run) throws(UnitFailure) in try store.append(run, to: group) }
        } else {
          try merger.merge(level.value) { (run) throws(UnitFailure) in try store.append(run, to: group) }
        }
      }
    }
    // Doubling at least: all of it is gone through a bounded number of times. Where little was gained, little will be.
    store.limit = max(Self.firstLimit, store.memory > memory / 4 * 3 ? 4 * memory : 2 * store.memory)
    return store
  }

  /// Writes the runs of a group.
  func write(_ group: Int, to writer: inout WireWriter) {
    let runs = runs(of: group)
    writer.write(UInt32(runs.count))
    for run in runs {
      writer.write(Int16(run.places))
      writer.write(run.values)
      writer.write(run.bytes)
    }
  }

  /// Adds the runs that `write` wrote to those of a group.
  func read(_ group: Int, from reader: inout WireReader) throws(UnitFailure) {
    guard let count = try? reader.read(UInt32.self) else { throw .unreadableResult }
    for _ in 0..<count {
      guard let places = try? reader.read(Int16.self), let values = try? reader.read(UInt64.self),
        let slice = try? reader.readSlice(), (-400...800).contains(places)
      else { throw .unreadableResult }
      try slice.span.bytes.withUnsafeBytes { (bytes) throws(UnitFailure) in
        try append(ValueRun(bytes: bytes, places: Int(places), values: values), to: group)
      }
    }
  }
}

/// Puts runs of one number of places together, two at a time.
private struct ValueMerger: ~Copyable {
  private var writer = ValueRunWriter()

  mutating func merge(
    _ runs: [ValueRun], _ give: (ValueRun) throws(UnitFailure) -> Void
  ) throws(UnitFailure) {
    guard runs.count > 1 else { return try give(runs[0]) }
    // Shortest first, so that few bytes are gone through often.
    var sources = runs.sorted { $0.bytes.count < $1.bytes.count }[...]
    var memory: [HeapStorage] = []
    while sources.count > 2 {
      // Each round halves their number.
      var merged: [ValueRun] = []
      var held: [HeapStorage] = []
      while let first = sources.popFirst() {
        guard let second = sources.popFirst() else {
          merged.append(first)
          break
        }
        let values = first.values &+ second.values
        try merge(first, second)
        let copy = HeapStorage()
        try writer.finish { (bytes) throws(UnitFailure) in
          try copy.grow(to: max(bytes.count, 1), keeping: 0)
          copy.base!.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
          merged.append(
            ValueRun(
              bytes: UnsafeRawBufferPointer(start: copy.base, count: bytes.count), places: first.places, values: values)
          )
        }
        held.append(copy)
      }
      sources = merged[...]
      // One that had no partner may lie in the memory of the round before.
      memory += held
    }
    let (first, second) = (sources.popFirst()!, sources.popFirst())
    guard let second else { return try give(first) }
    try merge(first, second)
    try writer.finish { (bytes) throws(UnitFailure) in
      try give(ValueRun(bytes: bytes, places: first.places, values: first.values &+ second.values))
    }
    withExtendedLifetime(memory) {}
  }

  private mutating func merge(_ first: ValueRun, _ second: ValueRun) throws(UnitFailure) {
    var (left, right) = (ValueRunReader(first), ValueRunReader(second))
    var (low, high) = (left.next(), right.next())
    writer.begin()
    while let a = low, let b = high {
      if a.value <= b.value {
        try writer.append(a.value, count: a.count)
        low = left.next()
      } else {
        try writer.append(b.value, count: b.count)
        high = right.next()
      }
    }
    while let a = low {
      try writer.append(a.value, count: a.count)
      low = left.next()
    }
    while let b = high {
      try writer.append(b.value, count: b.count)
      high = right.next()
    }
  }
}
