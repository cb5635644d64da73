import LanesCore

/// The groups of some lines and what is known of their numbers.
///
/// Belongs to one thread. Where a method throws, the table is not to be used any more.
final class StatsTable {
  private let keys: KeyIndex
  private var moments = HeapList<Moments>()
  /// Single values, where percentiles are asked for.
  private(set) var values: ValueStore

  var count: Int { moments.count }

  /// - Parameters:
  ///   - seed: of the hashes; see `KeyIndex`.
  ///   - keeping: whether runs of values are added, and of what kind.
  init(seed: UInt64, keeping: ValueKeeping = .none) {
    keys = KeyIndex(seed: seed)
    values = ValueStore(keeping)
  }

  /// Adds numbers to the group of `key`, which exists from then on.
  func add(_ key: UnsafeRawBufferPointer, _ part: Moments) throws(UnitFailure) {
    let number = try group(key)
    moments[number].merge(part)
  }

  /// Adds one number to the group of `key`, or none where the field is empty; gives the group's number.
  @discardableResult
  func add(_ key: UnsafeRawBufferPointer, _ number: DecimalNumber?) throws(UnitFailure) -> Int {
    let group = try group(key)
    if let number { moments[group].add(number) }
    return group
  }

  /// The same where a single value is kept, too.
  func addRecorded(_ key: Bytes, _ number: DecimalNumber?) throws(UnitFailure) {
    let group = try key.span.bytes.withUnsafeBytes { (key) throws(UnitFailure) in try add(key, number) }
    guard let number, values.keeping != .none else { return }
    let recorder = try ValueRecorder(values)
    try recorder.add(number, to: group)
    try recorder.takeLots()
  }

  /// The number of a group. Keys are numbered from 0 in the order in which they are met, so a new one's moments come
  /// last.
  func group(_ key: UnsafeRawBufferPointer) throws(UnitFailure) -> Int {
    let number = try keys.number(of: key)
    if number == moments.count { try moments.append(Moments()) }
    return number
  }

  /// Adds the groups of another table. Where memory runs out, some of them were added.
  func merge(_ other: StatsTable) throws(UnitFailure) {
    for number in 0..<other.count {
      try other.keys.withKey(number) { (key) throws(UnitFailure) in
        try add(key, other.moments[number])
        guard values.keeping != .none else { return }
        let group = try group(key)
        for run in other.values.runs(of: number) { try values.append(run, to: group) }
      }
    }
  }

  /// Puts runs of values together where there are many, in less memory.
  func compact() throws(UnitFailure) {
    if values.isCrowded { values = try values.compacted() }
  }

  /// The runs of a group's values; none of one that does not exist.
  func values(of key: Bytes) -> [ValueRun] {
    key.withUnsafeBytes { keys.find($0) }.map { values.runs(of: $0) } ?? []
  }

  /// The groups by key, in the order of bytes: a result must not depend on which group was met first.
  func sorted() -> [(key: Bytes, moments: Moments)] {
    (0..<count).sorted(by: keys.isBefore).map { (keys.key($0), moments[$0]) }
  }

  /// What is known of a group; nothing of one that does not exist.
  func moments(of key: Bytes) -> Moments { key.withUnsafeBytes { keys.find($0) }.map { moments[$0] } ?? Moments() }

  /// Bytes that `write` takes, at most: each group has its key and its moments, and lists that grow step by step take
  /// twice what they hold.
  var mostWireBytes: Int { 2 * (keys.byteCount + count * 320 + values.runBytes + values.entryCount * 24) }

  /// Writes what `statistic` needs of every group; nil for everything.
  func write(to writer: inout WireWriter, for statistic: Statistic?) {
    writer.write(UInt32(count))
    for number in 0..<count {
      writer.write(keys.key(number))
      writer.write(statistic.map { moments[number].part(for: $0) } ?? moments[number])
      if values.keeping != .none { values.write(number, to: &writer) }
    }
  }

  /// Adds the groups that `write` wrote.
  func merge(from reader: inout WireReader) throws(UnitFailure) {
    guard let count = try? reader.read(UInt32.self) else { throw .unreadableResult }
    for _ in 0..<count {
      guard let key = try? reader.readBytes(), let part = try? reader.readMoments() else { throw .unreadableResult }
      try key.span.bytes.withUnsafeBytes { (key) throws(UnitFailure) in
        try add(key, part)
        if values.keeping != .none { try values.read(try group(key), from: &reader) }
      }
    }
    try compact()
  }
}

extension UnitFailure {
  /// What a worker sent for a unit makes no sense.
  static let unreadableResult = UnitFailure(.crashed, "its result cannot be read")
}
