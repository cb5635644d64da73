import LanesCore

/// The groups of some lines and what is known of their numbers.
///
/// Belongs to one thread.
final class StatsTable {
  private let keys: KeyIndex
  private var moments: [Moments] = []

  var count: Int { moments.count }

  /// - Parameter seed: of the hashes; see `KeyIndex`.
  init(seed: UInt64) { keys = KeyIndex(seed: seed) }

  /// Adds numbers to the group of `key`, which exists from then on.
  func add(_ key: UnsafeRawBufferPointer, _ part: Moments) {
    let number = group(key)
    moments[number].merge(part)
  }

  /// Adds one number to the group of `key`, or none where the field is empty.
  func add(_ key: UnsafeRawBufferPointer, _ number: DecimalNumber?) {
    let group = group(key)
    if let number { moments[group].add(number) }
  }

  private func group(_ key: UnsafeRawBufferPointer) -> Int {
    let number = keys.number(of: key)
    if number == moments.count { moments.append(Moments()) }
    return number
  }

  func merge(_ other: StatsTable) {
    for number in 0..<other.count { other.keys.withKey(number) { add($0, other.moments[number]) } }
  }

  /// The groups by key, in the order of bytes.
  func sorted() -> [(key: Bytes, moments: Moments)] {
    (0..<count).sorted(by: keys.isBefore).map { (keys.key($0), moments[$0]) }
  }

  func moments(of key: Bytes) -> Moments { key.withUnsafeBytes { moments[group($0)] } }

  /// Writes what `statistic` needs of every group; nil for everything.
  func write(to writer: inout WireWriter, for statistic: Statistic?) {
    writer.write(UInt32(count))
    for number in 0..<count {
      writer.write(keys.key(number))
      writer.write(statistic.map { moments[number].part(for: $0) } ?? moments[number])
    }
  }

  /// Adds the groups that `write` wrote.
  func merge(from reader: inout WireReader) throws(WireError) {
    for _ in 0..<(try reader.read(UInt32.self)) {
      let key = try reader.readBytes()
      let part = try reader.readMoments()
      key.withUnsafeBytes { add($0, part) }
    }
  }
}
