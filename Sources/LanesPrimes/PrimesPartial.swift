import LanesCore

/// What is known about the primes of an interval; parts that the mode does not ask for stay 0.
package struct PrimesPartial: Sendable, Equatable {
  /// Primes.
  package var count: UInt64 = 0
  /// The sum of all primes; exact, since all primes below 2^64 add up to less than 2^123.
  package var sum: UInt128 = 0
  /// Groups of primes of the size asked for, as close as primes can be, with all members inside the interval.
  package var tuplets: UInt64 = 0

  package init() {}

  package static func += (total: inout PrimesPartial, part: PrimesPartial) {
    total.count += part.count
    total.sum += part.sum
    total.tuplets += part.tuplets
  }

  /// Adds what `mode` asks for of the primes of `segment`.
  mutating func add(_ segment: Segment, _ mode: PrimesMode) {
    if let size = mode.tupletSize {
      tuplets += segment.tupletCount(of: size)
    } else {
      count += segment.primeCount
    }
    if mode == .sum { sum += segment.sum }
  }

  /// The 32 bytes that travel from a worker.
  package var wire: Bytes {
    var writer = WireWriter()
    writer.write(count)
    writer.write(sum)
    writer.write(tuplets)
    return writer.bytes
  }

  /// Reads what `wire` holds.
  package init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    count = try reader.read()
    sum = try reader.read()
    tuplets = try reader.read()
  }
}
