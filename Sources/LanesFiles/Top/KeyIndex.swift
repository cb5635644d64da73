import CKernels
import LanesCore

/// Numbers byte strings from 0 in the order they are first met; a hash table over one run of memory.
///
/// Belongs to one thread. There are fewer than 2^32 keys. One that was met before costs two or three misses of the
/// cache: its slot, its end, its bytes. Nothing here calls back while it changes, so checks of exclusive access, which
/// would cost as much as the rest, are left out.
final class KeyIndex {
  // Unchecked: one thread owns the index, and the dynamic checks cost as much as the hashing.
  @exclusivity(unchecked) private var memory = HeapList<UInt8>()
  /// Where each key ends in `memory`.
  @exclusivity(unchecked) private var ends = HeapList<Int>()
  /// The upper half of the hash over 1 + the key's number; 0 where there is none. At most half of them are taken.
  @exclusivity(unchecked) private var slots = ZeroedTable<UInt64>()
  /// All bits of each key's hash, with which a larger table is filled without looking at keys.
  @exclusivity(unchecked) private var hashes = HeapList<UInt64>()

  /// Of the hashes that are made here.
  private let seed: (UInt64, UInt64)

  var count: Int { hashes.count }

  /// - Parameter seed: what nobody can predict, so that no input holds keys that all want the same place, each of which
  ///   would be compared with all before it. Numbers do not depend on it.
  init(seed: UInt64) {
    let words = ckernels_seed_of(seed).words
    self.seed = (words.0, words.1)
  }

  /// Bytes of all keys together.
  var byteCount: Int { memory.count }

  /// The number of `key`, a new one when it was not met before.
  func number(of key: UnsafeRawBufferPointer) throws(UnitFailure) -> Int { try number(of: key, hash: hash(key)) }

  /// The same with a hash that the caller made, in the same way for every key, and good in all its bits.
  ///
  /// Throws where there is no memory for a new key; the index then is not to be asked again.
  func number(of key: UnsafeRawBufferPointer, hash: UInt64) throws(UnitFailure) -> Int {
    if hashes.count * 2 >= slots.count { try grow() }
    // The lower half of the hash chooses the slot, and the upper half is compared in it before any key is touched.
    let tag = hash & 0xFFFF_FFFF_0000_0000
    let place = place(of: key, hash: hash)
    if slots.base[place] != 0 { return Int(slots.base[place] & 0xFFFF_FFFF) - 1 }
    try memory.append(contentsOf: key)
    try ends.append(memory.count)
    try hashes.append(hash)
    slots.base[place] = tag | UInt64(hashes.count)
    return hashes.count - 1
  }

  /// The number of `key`, or nil when it was not met before.
  func find(_ key: UnsafeRawBufferPointer) -> Int? {
    guard hashes.count > 0 else { return nil }
    let found = slots.base[place(of: key, hash: hash(key))]
    return found == 0 ? nil : Int(found & 0xFFFF_FFFF) - 1
  }

  /// The slot in which `key` is, or the free one in which it should be.
  @inline(__always) private func place(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    let mask = slots.count - 1
    let slots = slots.base
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place] != 0 {
      let number = Int(slots[place] & 0xFFFF_FFFF) - 1
      if (slots[place] ^ hash) >> 32 == 0, isKey(number, key) { break }
      place = (place + 1) & mask
    }
    return place
  }

  /// Lends the bytes of key `number`.
  func withKey<Result, Failure: Error>(
    _ number: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = start(number)
    return try body(UnsafeRawBufferPointer(start: memory.base.map { $0 + start }, count: ends[number] - start))
  }

  /// Where key `number` begins in `memory`: where the one before ends.
  @inline(__always) private func start(_ number: Int) -> Int { number == 0 ? 0 : ends[number - 1] }

  func hash(_ number: Int) -> UInt64 { hashes[number] }

  func key(_ number: Int) -> Bytes { withKey(number) { Bytes($0) } }

  /// True when key `left` comes before key `right` in the order of bytes.
  func isBefore(_ left: Int, _ right: Int) -> Bool {
    withKey(left) { first in withKey(right) { first.lexicographicallyPrecedes($0) } }
  }

  /// True when key `number` has these bytes.
  private func isKey(_ number: Int, _ key: UnsafeRawBufferPointer) -> Bool {
    let start = start(number)
    guard ends[number] - start == key.count else { return false }
    guard let known = memory.base.map({ UnsafeRawPointer($0 + start) }) else { return true }
    var at = 0
    while at + 8 <= key.count {
      let left = known.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      guard left == key.loadUnaligned(fromByteOffset: at, as: UInt64.self) else { return false }
      at += 8
    }
    while at < key.count {
      guard known.load(fromByteOffset: at, as: UInt8.self) == key[at] else { return false }
      at += 1
    }
    return true
  }

  /// Makes the table four times as large. Nothing changes where memory is refused.
  private func grow() throws(UnitFailure) {
    let larger = try ZeroedTable<UInt64>(count: slots.count == 0 ? 1024 : 4 * slots.count)
    let mask = larger.count - 1
    for number in 0..<hashes.count {
      let hash = hashes[number]
      var place = Int(truncatingIfNeeded: hash) & mask
      while larger.base[place] != 0 { place = (place + 1) & mask }
      larger.base[place] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
    }
    slots = larger
  }

  /// Eight bytes at a time, each folded in by a multiplication, as in `CKernels/positions.h`.
  private func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(key.count)
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

  private func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (word ^ seed.0).multipliedFullWidth(by: hash ^ seed.1)
    return product.low ^ product.high
  }
}
