import CKernels
import LanesCore

/// Numbers byte strings from 0 in the order they are first met; a hash table over one run of memory.
///
/// Belongs to one thread. Keys are below 2^32 in number. One that was met before costs two or three misses of the cache:
/// its slot, its end, its bytes. Nothing here calls back while it changes, so checks of exclusive access, which would cost
/// as much as the rest, are left out.
final class KeyIndex {
  // Unchecked: one thread owns the index, and the dynamic checks cost as much as the hashing.
  @exclusivity(unchecked) private var memory = Bytes()
  /// Where each key ends in `memory`; it begins where the one before ends.
  @exclusivity(unchecked) private var ends: [Int] = [0]
  /// The upper half of the hash over 1 + the key's number; 0 where there is none. At most half of them are taken.
  @exclusivity(unchecked) private var slots: UnsafeMutablePointer<UInt64> = zeroedTable(of: 1024)
  @exclusivity(unchecked) private var slotCount = 1024
  @exclusivity(unchecked) private var hashes: [UInt64] = []

  /// Of the hashes that are made here.
  private let seed: (UInt64, UInt64)

  var count: Int { hashes.count }

  /// - Parameter seed: what nobody can foresee, so that no input holds keys that all want the same place, each of which would
  ///   be compared with all before it. Numbers do not depend on it.
  init(seed: UInt64) {
    let words = ckernels_seed_of(seed).words
    self.seed = (words.0, words.1)
  }

  deinit { slots.deallocate() }

  /// The number of `key`, a new one when it was not met before.
  func number(of key: UnsafeRawBufferPointer) -> Int { number(of: key, hash: hash(key)) }

  /// The same with a hash that the caller made, in the same way for every key, and good in all its bits.
  func number(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    let mask = slotCount - 1
    let tag = hash & 0xFFFF_FFFF_0000_0000
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place] != 0 {
      let number = Int(slots[place] & 0xFFFF_FFFF) - 1
      if slots[place] & 0xFFFF_FFFF_0000_0000 == tag, isKey(number, key) { return number }
      place = (place + 1) & mask
    }
    memory.append(contentsOf: key)
    ends.append(memory.count)
    hashes.append(hash)
    slots[place] = tag | UInt64(hashes.count)
    if hashes.count * 2 > slotCount { grow() }
    return hashes.count - 1
  }

  /// Lends the bytes of key `number`.
  func withKey<Result>(_ number: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    memory.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[ends[number]..<ends[number + 1]])) }
  }

  func hash(_ number: Int) -> UInt64 { hashes[number] }

  func key(_ number: Int) -> Bytes { withKey(number) { Bytes($0) } }

  /// True when key `left` comes before key `right` in the order of bytes.
  func isBefore(_ left: Int, _ right: Int) -> Bool {
    withKey(left) { first in withKey(right) { first.lexicographicallyPrecedes($0) } }
  }

  private func isKey(_ number: Int, _ key: UnsafeRawBufferPointer) -> Bool {
    let start = ends[number]
    guard ends[number + 1] - start == key.count else { return false }
    return memory.withUnsafeBytes { memory in
      var at = 0
      while at + 8 <= key.count {
        let left = memory.loadUnaligned(fromByteOffset: start + at, as: UInt64.self)
        guard left == key.loadUnaligned(fromByteOffset: at, as: UInt64.self) else { return false }
        at += 8
      }
      while at < key.count {
        guard memory[start + at] == key[at] else { return false }
        at += 1
      }
      return true
    }
  }

  private func grow() {
    slots.deallocate()
    slotCount *= 4
    slots = zeroedTable(of: slotCount)
    let mask = slotCount - 1
    for (number, hash) in hashes.enumerated() {
      var place = Int(truncatingIfNeeded: hash) & mask
      while slots[place] != 0 { place = (place + 1) & mask }
      slots[place] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
    }
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
