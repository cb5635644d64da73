import LanesCore

/// Puts an interval together that several units have sieved, each by a share of the sieving primes.
///
/// A bitmap of one interval, 32 MiB at the most, is all that it keeps. Units come in order; where one is missing, its interval is left
/// out.
final class SharedInterval {
  /// The unit that came last, while its interval is not complete.
  private var last: PrimesTask?
  /// The bitmap, and what it lies in: of lanes in the same process, it is what the first share was sieved in.
  private var memory: UnsafeMutablePointer<UInt8>?
  private var block: LargeBlock?
  private var capacity = 0

  /// Takes the bitmap that `unit` has made.
  ///
  /// - Returns: the primes of the interval, once all shares are there; valid until the next call.
  func add(_ unit: Unit, _ bitmap: UnsafeRawBufferPointer) throws(WireError) -> Segment? {
    let previous = last
    last = nil
    let task = try PrimesTask(wire: unit.task)
    guard let share = task.share else { throw WireError("it has no bitmap") }
    let firstByte = Wheel30.byte(of: max(task.start, 7))
    let byteCount = (Int(Wheel30.byte(of: task.stop) - firstByte) + 128) & ~127
    guard bitmap.count == byteCount, let bytes = bitmap.baseAddress else {
      throw WireError("its bitmap is of another size")
    }
    if share.number == 0 {
      UnsafeMutableRawPointer(room(byteCount)).copyMemory(from: bytes, byteCount: byteCount)
    } else {
      guard let memory, let previous, let before = previous.share, share.follows(before), previous.start == task.start,
        previous.stop == task.stop
      else { return nil }
      Self.and(memory, bytes, byteCount)
    }
    last = task
    guard share.isLast else { return nil }
    return Segment(bytes: UnsafePointer(memory!), count: byteCount, firstByte: firstByte, instructions: .best)
  }

  /// Memory for `count` bytes; what it holds is undefined.
  private func room(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let memory, capacity >= count { return memory }
    let larger = LargeBlock(count: count)
    let start = larger.start
    (memory, capacity) = (start, count)
    block = consume larger
    return start
  }

  /// Keeps the bits that are set in both; `count` is a multiple of 128.
  private static func and(_ one: UnsafeMutablePointer<UInt8>, _ other: UnsafeRawPointer, _ count: Int) {
    let words = UnsafeMutableRawPointer(one)
    for at in stride(from: 0, to: count, by: 64) {
      let both =
        words.load(fromByteOffset: at, as: SIMD8<UInt64>.self)
        & other.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt64>.self)
      words.storeBytes(of: both, toByteOffset: at, as: SIMD8<UInt64>.self)
    }
  }
}
