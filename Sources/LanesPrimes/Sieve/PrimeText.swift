import LanesCore

/// Writes primes as decimal text, one a line.
enum PrimeText {
  /// What a line holds beside the digits.
  enum Form {
    /// The number alone.
    case plain
    /// `{"type":"prime","prime":2}`
    case json

    fileprivate var head: StaticString { self == .json ? #"{"type":"prime","prime":"# : "" }
    fileprivate var tail: StaticString { self == .json ? "}\n" : "\n" }
    /// Bytes of a line that are no digits.
    var extraBytes: Int { head.utf8CodeUnitCount + tail.utf8CodeUnitCount }

    /// The line of one prime.
    func line(of prime: UInt64) -> Bytes { Bytes("\(head)\(prime)\(tail)".utf8) }
  }

  /// Digits of 2^64.
  private static let mostDigits = 20
  /// Bytes of the sieve turned to text at a time, so that little more room is asked for than is used.
  private static let chunk = 8192

  /// Appends the primes of `segment`, ascending.
  static func append(_ segment: Segment, as form: Form, to output: OutputBuffer) throws(UnitFailure) {
    for at in stride(from: 0, to: segment.count, by: chunk) {
      let part = Segment(
        bytes: segment.bytes + at, count: min(chunk, segment.count - at), firstByte: segment.firstByte + UInt64(at),
        instructions: segment.instructions)
      let room = Int(part.primeCount) * (mostDigits + form.extraBytes)
      guard room > 0 else { continue }
      try output.write(atMost: room) { free in
        var line = Line()
        var end = free.baseAddress!.assumingMemoryBound(to: UInt8.self)
        let start = end
        switch form {
        case .plain: part.forEachPrime { end = line.write($0, to: end) }
        case .json:
          part.forEachPrime { prime in
            end = copy(form.head, to: end)
            // The digits' newline gives way to the tail.
            end = copy(form.tail, to: line.write(prime, to: end) - 1)
          }
        }
        return end - start
      }
    }
  }

  @inline(__always) private static func copy(
    _ text: StaticString, to place: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    place.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return place + text.utf8CodeUnitCount
  }

  /// Writes numbers that ascend: only the last eight digits are made anew as long as those before them stay.
  private struct Line {
    /// What stands in `headText`; no number has this one to begin with.
    private var head = UInt64.max
    private var headText: (UInt64, UInt64) = (0, 0)
    private var headLength = 0
    private static let split: UInt64 = 100_000_000

    @inline(__always) mutating func write(
      _ number: UInt64, to pointer: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
      let upper = number / Self.split
      let lower = UInt32(truncatingIfNeeded: number &- upper &* Self.split)
      if upper == 0 { return Self.writeShort(lower, to: pointer) }
      if upper != head { setHead(upper) }
      let raw = UnsafeMutableRawPointer(pointer)
      raw.storeBytes(of: headText.0, as: UInt64.self)
      if headLength > 8 { raw.storeBytes(of: headText.1, toByteOffset: 8, as: UInt64.self) }
      raw.storeBytes(of: Self.eightDigits(lower), toByteOffset: headLength, as: UInt64.self)
      pointer[headLength + 8] = UInt8(ascii: "\n")
      return pointer + (headLength + 9)
    }

    /// Writes a number below 10^8 without leading zeros.
    private static func writeShort(
      _ number: UInt32, to pointer: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
      let digits = eightDigits(number)
      let zeros = (digits ^ 0x3030_3030_3030_3030).trailingZeroBitCount / 8
      UnsafeMutableRawPointer(pointer).storeBytes(of: digits >> UInt64(8 * zeros), as: UInt64.self)
      pointer[8 - zeros] = UInt8(ascii: "\n")
      return pointer + (9 - zeros)
    }

    private mutating func setHead(_ upper: UInt64) {
      head = upper
      let digits = Array(String(upper).utf8)
      headLength = digits.count
      headText = (Self.pack(digits.prefix(8)), Self.pack(digits.dropFirst(8)))
    }

    private static func pack(_ digits: ArraySlice<UInt8>) -> UInt64 {
      digits.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The eight decimal digits of a number below 10^8 as little-endian text: halves, quarters and eighths are divided
    /// side by side in one register (Hopper's and Muła's method).
    @inline(__always) private static func eightDigits(_ number: UInt32) -> UInt64 {
      let high = UInt64(number / 10_000)
      let halves = high | (UInt64(number) &- high &* 10_000) << 32
      let hundreds = ((halves &* 10_486) >> 20) & 0x0000_007F_0000_007F
      let quarters = hundreds | (halves &- 100 &* hundreds) << 16
      let tens = ((quarters &* 103) >> 10) & 0x000F_000F_000F_000F
      let digits = tens | (quarters &- 10 &* tens) << 8
      return digits | 0x3030_3030_3030_3030
    }
  }
}
