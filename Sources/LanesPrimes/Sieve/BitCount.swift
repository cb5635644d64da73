/// Counts bits of a sieve in words of 64 bits, eight vectors at a time.
///
/// The x86-64 baseline has no POPCNT, so a carry-save adder (Harley and Seal; Muła, Kurz, Lemire 2018) folds eight
/// vectors into one that is counted by shifts and adds: about 0.1 ns per 8 bytes here, beside 0.5 ns for one word at a
/// time.
enum BitCount {
  private typealias Vector = SIMD2<UInt64>

  /// Bits set in `count` bytes, a multiple of 128.
  static func ones(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    total(bytes, count: count) { $0 }
  }

  /// Groups of `size` primes, 2 to 6, as close as primes can be, in `count` bytes, a multiple of 128.
  ///
  /// All such groups are neighboring bits of one byte; which bits they may begin at depends on the size.
  static func tuplets(of size: Int, _ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    switch size {
    // 11 13, 17 19, 29 31
    case 2: total(bytes, count: count) { runs($0, from: 0x4A, 1) }
    // 7 11 13, 11 13 17, 13 17 19, 17 19 23
    case 3: total(bytes, count: count) { runs($0, from: 0x0F, 2) }
    // 11 13 17 19
    case 4: total(bytes, count: count) { runs($0, from: 0x02, 3) }
    // 7 11 13 17 19, 11 13 17 19 23
    case 5: total(bytes, count: count) { runs($0, from: 0x03, 4) }
    // 7 11 13 17 19 23
    default: total(bytes, count: count) { runs($0, from: 0x01, 5) }
    }
  }

  /// In every byte the bits of `starts` that are set and followed by `more` set bits.
  @inline(__always) private static func runs(_ bytes: Vector, from starts: UInt64, _ more: UInt64) -> Vector {
    var runs = bytes & Vector(repeating: starts &* 0x0101_0101_0101_0101)
    for shift in 1...more { runs &= bytes &>> Vector(repeating: shift) }
    return runs
  }

  @inline(__always) private static func total(
    _ bytes: UnsafePointer<UInt8>, count: Int, _ transform: (Vector) -> Vector
  ) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    @inline(__always) func load(_ at: Int) -> Vector {
      transform(raw.loadUnaligned(fromByteOffset: at, as: Vector.self))
    }
    var ones = Vector.zero
    var twos = Vector.zero
    var fours = Vector.zero
    var eights: UInt64 = 0
    var at = 0
    while at < count {
      let a = add(&ones, load(at), load(at + 16))
      let b = add(&ones, load(at + 32), load(at + 48))
      let c = add(&twos, a, b)
      let d = add(&ones, load(at + 64), load(at + 80))
      let e = add(&ones, load(at + 96), load(at + 112))
      let f = add(&twos, d, e)
      eights &+= bits(add(&fours, c, f))
      at &+= 128
    }
    return 8 &* eights &+ 4 &* bits(fours) &+ 2 &* bits(twos) &+ bits(ones)
  }

  /// Adds two vectors to `sum` bit by bit and returns the carries.
  @inline(__always) private static func add(_ sum: inout Vector, _ a: Vector, _ b: Vector) -> Vector {
    let half = sum ^ a
    let carry = (sum & a) | (half & b)
    sum = half ^ b
    return carry
  }

  @inline(__always) private static func bits(_ vector: Vector) -> UInt64 {
    var v = vector &- ((vector &>> 1) & Vector(repeating: 0x5555_5555_5555_5555))
    v = (v & Vector(repeating: 0x3333_3333_3333_3333)) &+ ((v &>> 2) & Vector(repeating: 0x3333_3333_3333_3333))
    v = (v &+ (v &>> 4)) & Vector(repeating: 0x0F0F_0F0F_0F0F_0F0F)
    v = v &+ (v &>> 8)
    v = v &+ (v &>> 16)
    v = (v &+ (v &>> 32)) & Vector(repeating: 0x7F)
    return v[0] &+ v[1]
  }
}
