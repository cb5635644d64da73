import LanesCore
import LanesOS

/// A share of an interval's sieving primes: one unit crosses off the multiples of these alone.
///
/// Near 2^64 it takes as long to make all sieving primes as to cross off their multiples in 10^9 numbers, so that an interval that is
/// cut makes them twice. Shares make each prime once: every unit sieves the whole interval by its own primes, and what none of
/// them has crossed off is prime (`SharedInterval`).
struct SievingShare: Equatable {
  /// Its position among the shares of its interval, from 0, and how many these are.
  let number: Int
  let count: Int
  /// Its primes. The first share begins at 0 and ends above `SieveSizes.largestResident`: small and medium primes are all its own.
  let primes: ClosedRange<UInt64>

  /// No interval is shared below this number: there are large sieving primes and no tiny primes.
  static let leastStart: UInt64 = 1 << 50

  var isLast: Bool { number == count - 1 }

  /// True where this share goes on where `other` ends.
  func follows(_ other: SievingShare) -> Bool {
    count == other.count && number == other.number + 1 && primes.lowerBound == other.primes.upperBound + 1
  }

  func write(to writer: inout WireWriter) {
    writer.write(UInt8(number))
    writer.write(UInt8(count))
    writer.write(primes.lowerBound)
    writer.write(primes.upperBound)
  }

  init(number: Int, count: Int, primes: ClosedRange<UInt64>) {
    self.number = number
    self.count = count
    self.primes = primes
  }

  init(from reader: inout WireReader) throws(WireError) {
    number = Int(try reader.read(UInt8.self))
    count = Int(try reader.read(UInt8.self))
    let (first, last): (UInt64, UInt64) = (try reader.read(), try reader.read())
    guard number < count, first <= last, last > SieveSizes.largestResident, last < 1 << 32,
      number == 0 ? first == 0 : first > SieveSizes.largestResident
    else { throw WireError("its sieving primes are none") }
    primes = first...last
  }
}

extension SievingShare {
  /// Sieves `low...high`, which holds large sieving primes' multiples, by the share's primes and appends the bitmap to `output`.
  ///
  /// Bytes are as in a `Segment`. The first share clears what lies outside the interval; the others leave it set.
  func sieve(
    low: UInt64, high: UInt64, _ instructions: SieveInstructions, _ caches: Caches, _ deadline: Deadline,
    into output: OutputBuffer
  ) throws(UnitFailure) {
    let firstByte = Wheel30.byte(of: low)
    let byteCount = Int(Wheel30.byte(of: high) - firstByte) + 1
    let rounded = (byteCount + 127) & ~127
    try output.reserve(rounded)
    if number == 0 {
      let sieve = try SegmentSieve(
        low: low, high: high, through: primes.upperBound, instructions: instructions, caches: caches, deadline: deadline
      )
      while let segment = try sieve.next(deadline: deadline) {
        try output.append(UnsafeRawBufferPointer(start: segment.bytes, count: segment.count))
      }
    } else {
      var failure: UnitFailure?
      try output.write(atMost: rounded) { room -> Int in
        room.initializeMemory(as: UInt8.self, repeating: 0xFF)
        let bitmap = room.baseAddress!.assumingMemoryBound(to: UInt8.self)
        let sieve = LargeSieve(bitmap, byteCount: byteCount, firstByte: firstByte, instructions)
        do throws(UnitFailure) {
          try sieve.crossOff(from: primes.lowerBound, through: primes.upperBound, deadline)
        } catch {
          failure = error
        }
        return rounded
      }
      if let failure { throw failure }
    }
  }
}
