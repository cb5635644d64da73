import LanesCore

/// Values of one group in ascending order, each with how often it occurs, as whole numbers of 10^−`places`.
///
/// Values are written as the distance from the one before, so that a run of many values has a byte or two for each of them:
/// prices up to 10,000.00 that are a million take less than two. A value is a token, `distance` · 2, plus 1 where it occurs
/// more than once, in which case the number of times less 2 follows. The first distance is that from 0, with its sign
/// folded into the lowest bit. Numbers are in base 128, the lowest digits first and all but the last with the high bit set
/// (LEB128).
struct ValueRun {
  let bytes: UnsafeRawBufferPointer
  /// Digits behind the point; for a digest its level, see `ValueDigest`.
  let places: Int
  /// How many values it stands for.
  let values: UInt64
}

/// Writes runs of ascending values, one after the other, into memory that is used again.
struct ValueRunWriter: ~Copyable {
  private var bytes = HeapList<UInt8>()
  private(set) var values: UInt64 = 0
  private var pending: (value: Int128, count: UInt64)?
  private var last: Int128?

  /// Another run begins; the one before is gone.
  mutating func begin() {
    bytes.removeAll()
    values = 0
    pending = nil
    last = nil
  }

  /// Adds a value that is no less than the one before.
  @inline(__always) mutating func append(_ value: Int128, count: UInt64 = 1) throws(UnitFailure) {
    values &+= count
    if let known = pending, known.value == value {
      pending = (value, known.count &+ count)
      return
    }
    try writePending()
    pending = (value, count)
  }

  private mutating func writePending() throws(UnitFailure) {
    guard let (value, count) = pending else { return }
    let distance: UInt128
    if let last {
      distance = UInt128(truncatingIfNeeded: value &- last)
    } else {
      distance = UInt128(truncatingIfNeeded: (value &<< 1) ^ (value >> 127))
    }
    last = value
    try write(distance &<< 1 | (count > 1 ? 1 : 0))
    if count > 1 { try write(UInt128(count - 2)) }
  }

  private mutating func write(_ number: UInt128) throws(UnitFailure) {
    var rest = number
    while rest > 0x7F {
      try bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    try bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Lends the bytes of the run, which is over.
  mutating func finish<Result>(
    _ body: (UnsafeRawBufferPointer) throws(UnitFailure) -> Result
  ) throws(UnitFailure) -> Result {
    try writePending()
    pending = nil
    return try body(UnsafeRawBufferPointer(start: bytes.base, count: bytes.count))
  }
}

/// Reads the values of a run. Bytes that make no sense give wrong values, and never more than there are bytes: runs come
/// from workers too.
struct ValueRunReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  private var value: Int128 = 0

  init(_ run: ValueRun) { bytes = run.bytes }

  /// The next value and how often it occurs; nil at the end.
  @inline(__always) mutating func next() -> (value: Int128, count: UInt64)? {
    guard at < bytes.count else { return nil }
    let isFirst = at == 0
    let token = number()
    let distance = token &>> 1
    if isFirst {
      value = Int128(truncatingIfNeeded: distance &>> 1) ^ -Int128(truncatingIfNeeded: distance & 1)
    } else {
      value = value &+ Int128(truncatingIfNeeded: distance)
    }
    return (value, token & 1 == 0 ? 1 : UInt64(truncatingIfNeeded: number()) &+ 2)
  }

  @inline(__always) private mutating func number() -> UInt128 {
    // Most distances take one byte.
    guard at < bytes.count else { return 0 }
    let first = bytes[at]
    at += 1
    if first < 0x80 { return UInt128(first) }
    var number = UInt128(first & 0x7F)
    var shift: UInt128 = 7
    while at < bytes.count, shift < 128 {
      let byte = bytes[at]
      at += 1
      number |= UInt128(byte & 0x7F) &<< shift
      if byte < 0x80 { break }
      shift += 7
    }
    return number
  }
}
