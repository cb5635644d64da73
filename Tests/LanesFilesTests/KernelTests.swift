import CSIMD
import LanesCore
import LanesFiles
import LanesTesting
import Testing

/// A plain statement of what GNU wc 9.1 counts in the C locale.
func reference(_ bytes: some Sequence<UInt8>) -> CountPartial {
  var partial = CountPartial()
  var isInside = false
  for byte in bytes {
    partial.counts.bytes += 1
    if byte == 0x0A { partial.counts.lines += 1 }
    let edge: CountPartial.Edge
    switch byte {
    case 0x09...0x0D, 0x20: edge = .space
    case 0x21...0x7E: edge = .printable
    default: continue
    }
    if edge == .printable && !isInside { partial.counts.words += 1 }
    isInside = edge == .printable
    if partial.first == .neither { partial.first = edge }
    partial.last = edge
  }
  return partial
}

extension Repeatable {
  /// Bytes of one of several flavours: any, mostly text, mostly neither, mostly newlines.
  mutating func bytes(_ count: Int, flavour: Int) -> Bytes {
    let choices: Bytes =
      switch flavour % 4 {
      case 0: Bytes(0...255)
      case 1: Bytes("etaoin  \n\t".utf8)
      case 2: [0, 1, 0x7F, 0x80, 0xFF, 0, 0, 0, 0, 0x20, 0x61]
      default: [0x0A, 0x0A, 0x0A, 0x0D, 0x20, 0x21, 0x7E, 0x08, 0x0E, 0x1F]
      }
    return (0..<count).map { _ in choices.randomElement(using: &self)! }
  }
}

/// Keeps kernels that this thread calls at or below a level, until it is lifted.
struct KernelLimit {
  init(_ level: UInt32) { csimd_limit(csimd_level(rawValue: level)) }
  func lift() { csimd_limit(csimd_best()) }
}

@Suite struct KernelTests {
  /// All levels of instructions that this machine has.
  static let levels = Array(0...csimd_best().rawValue)

  @Test(arguments: levels) func `a thread's limit is the level in use`(level: UInt32) {
    let limit = KernelLimit(level)
    #expect(csimd_level_in_use().rawValue == level)
    limit.lift()
    #expect(csimd_level_in_use() == csimd_best())
  }

  @Test(arguments: levels) func `every kernel agrees with the reference at every length and alignment`(level: UInt32) {
    var random = Repeatable(state: 1)
    for flavour in 0..<4 {
      let bytes = random.bytes(300, flavour: flavour)
      for length in 0...200 {
        for alignment in [0, 1, 7, 16, 31, 33, 63, 64] + [length % 64] {
          expectEqual(bytes[alignment..<alignment + length], level)
        }
      }
    }
  }

  @Test(arguments: levels) func `every kernel agrees with the reference on long runs`(level: UInt32) {
    var random = Repeatable(state: 2)
    for flavour in 0..<8 {
      let bytes = random.bytes(100_000 + flavour * 13, flavour: flavour)
      expectEqual(bytes[...], level)
    }
    expectEqual(Bytes(repeating: 0x0A, count: 1 << 17)[...], level)
    expectEqual(Bytes(repeating: 0x00, count: 70_001)[...], level)
  }

  private func expectEqual(_ bytes: ArraySlice<UInt8>, _ level: UInt32) {
    let expected = reference(bytes)
    let limit = KernelLimit(level)
    defer { limit.lift() }
    bytes.withUnsafeBytes { raw in
      let span = RawSpan(_unsafeBytes: raw)
      #expect(CountPartial(of: span, columns: .all) == expected)
      #expect(CountPartial(of: span, columns: .lines).counts.lines == expected.counts.lines)
    }
  }
}
