import LanesCore

/// Numbers byte strings from 0 in the order they are first met; a hash table over one run of memory.
///
/// Belongs to one thread. Keys are at most 4 GiB each.
final class KeyIndex {
  private var memory = Bytes()
  /// Where each key ends in `memory`; it begins where the one before ends.
  private var ends: [Int] = []
  private var hashes: [UInt64] = []
  /// 1 + the key's number, or 0; at most half of them are taken.
  private var slots = [UInt32](repeating: 0, count: 1024)

  var count: Int { ends.count }

  /// The number of `key`, a new one when it was not met before.
  func number(of key: UnsafeRawBufferPointer) -> Int {
    let hash = Self.hash(key)
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place] != 0 {
      let number = Int(slots[place]) - 1
      if hashes[number] == hash, withKey(number, { Self.areEqual($0, key) }) { return number }
      place = (place + 1) & mask
    }
    memory.append(contentsOf: key)
    ends.append(memory.count)
    hashes.append(hash)
    slots[place] = UInt32(ends.count)
    if ends.count * 2 > slots.count { grow() }
    return ends.count - 1
  }

  /// Lends the bytes of key `number`.
  func withKey<Result>(_ number: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = number == 0 ? 0 : ends[number - 1]
    return memory.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[number]])) }
  }

  func key(_ number: Int) -> Bytes { withKey(number) { Bytes($0) } }

  /// True when key `left` comes before key `right` in the order of bytes.
  func isBefore(_ left: Int, _ right: Int) -> Bool {
    withKey(left) { first in withKey(right) { first.lexicographicallyPrecedes($0) } }
  }

  private func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for (number, hash) in hashes.enumerated() {
      var place = Int(truncatingIfNeeded: hash) & mask
      while slots[place] != 0 { place = (place + 1) & mask }
      slots[place] = UInt32(number + 1)
    }
  }

  private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }

  /// Eight bytes at a time, each folded in by a multiplication.
  private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(key.count) &* 0x9E37_79B9_7F4A_7C15
    var at = 0
    while at + 8 <= key.count {
      hash = mix(hash, key.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    var rest: UInt64 = 0
    while at < key.count {
      rest = rest << 8 | UInt64(key[at])
      at += 1
    }
    return mix(hash, rest)
  }

  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
    return product ^ (product >> 32)
  }
}
