import LanesCore
import LanesFiles
import LanesTesting
import Testing

@Suite struct CharacterTests {
  /// Valid and invalid pieces of UTF-8, the odd ones among them.
  private static let pieces: [Bytes] =
    [
      "a", "\n", "é", "€", "😀", "\u{FFFD}",
    ].map { Bytes(String($0).utf8) } + [
      [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80], [0xFF], [0xF0, 0x9F, 0x98],
      [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF8, 0x88, 0x80, 0x80, 0x80],
      [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80],
      [0xF8, 0x87, 0x80, 0x80, 0x80], [0xFC, 0x83, 0x80, 0x80, 0x80, 0x80], [0xC3],
      [0xFD, 0xBF, 0x80, 0x80, 0x80, 0x80],
    ]

  private func text(_ state: UInt64, _ count: Int) -> Bytes {
    var random = Repeatable(state: state)
    return (0..<count).flatMap { _ in Self.pieces.randomElement(using: &random)! }
  }

  private func counted(_ bytes: some Collection<UInt8>) -> CountPartial {
    Bytes(bytes).withUnsafeBytes { CountPartial(of: RawSpan(_unsafeBytes: $0), columns: .characters) }
  }

  @Test(arguments: KernelTests.levels) func `every kernel counts as wc does`(level: UInt32) {
    let limit = KernelLimit(level)
    defer { limit.lift() }
    let directory = TemporaryDirectory()
    for state in 1...12 as ClosedRange<UInt64> {
      let bytes = text(state, Int(state * state) * 9)
      let path = directory.write("text", bytes)
      let expected = RealWc.output(of: "LC_ALL=C.UTF-8 wc -m < \(path)")
      #expect("\(counted(bytes).counts.characters)\n" == String(decoding: expected, as: UTF8.self))
    }
  }

  @Test func `characters that are cut are counted once`() {
    let bytes = text(30, 60)
    let whole = counted(bytes)
    for cut in 0...bytes.count {
      var merged = counted(bytes[..<cut])
      merged.merge(counted(bytes[cut...]))
      #expect(merged == whole)
    }
    // One byte at a time, from the left and from the right.
    var left = CountPartial()
    for byte in bytes { left.merge(counted([byte])) }
    var right = CountPartial()
    for byte in bytes.reversed() {
      var next = counted([byte])
      next.merge(right)
      right = next
    }
    #expect(left == whole && right == whole)
  }
}
