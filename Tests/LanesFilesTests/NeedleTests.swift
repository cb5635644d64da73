import LanesCore
import LanesFiles
import LanesTesting
import Testing

@Suite struct NeedleTests {
  private func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  /// Every place at which `needle` occurs, found one by one.
  private func places(of needle: Bytes, in text: Bytes, ignoringCase: Bool) -> [Int] {
    guard text.count >= needle.count else { return [] }
    return (0...text.count - needle.count).filter { at in
      zip(needle, text[at...]).allSatisfy { ignoringCase ? lowered($0) == lowered($1) : $0 == $1 }
    }
  }

  @Test(arguments: KernelTests.levels, [false, true])
  func `every kernel finds every place`(level: UInt32, ignoresCase: Bool) {
    let limit = KernelLimit(level)
    defer { limit.lift() }
    var random = Repeatable(state: 21)
    for round in 0..<60 {
      let alphabet = round % 2 == 0 ? Bytes("abAB".utf8) : Bytes([0x40, 0x60, 0x5B, 0x7B, 0x61, 0xC1, 0xE1, 0])
      let text = (0..<Int.random(in: 0...400, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
      let needle = (0..<Int.random(in: 1...6, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
      let searched = Needle(needle, ignoresCase: ignoresCase)
      var found: [Int] = []
      text.withUnsafeBufferPointer { buffer in
        var from = 0
        while let place = searched.first(in: buffer, from: from) {
          found.append(place)
          from = place + 1
        }
        #expect(searched.isAbsent(in: buffer) == (found.isEmpty && !text.contains(0)))
      }
      #expect(found == places(of: needle, in: text, ignoringCase: ignoresCase))
    }
  }

  @Test(arguments: KernelTests.levels) func `a needle longer than a block is found`(level: UInt32) {
    let limit = KernelLimit(level)
    defer { limit.lift() }
    var random = Repeatable(state: 22)
    let needle = random.bytes(200, flavour: 1)
    for lead in [0, 1, 63, 64, 100] {
      let text = Bytes(repeating: 0x2E, count: lead) + needle
      text.withUnsafeBufferPointer { buffer in
        #expect(Needle(needle, ignoresCase: false).first(in: buffer, from: 0) == lead)
      }
      text.dropLast().withUnsafeBufferPointer { buffer in
        #expect(Needle(needle, ignoresCase: false).first(in: buffer, from: 0) == nil)
      }
    }
  }
}
