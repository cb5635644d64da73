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

  /// Lines, by their number, that hold one of `texts`, found one by one.
  private func lines(with texts: [Bytes], in text: Bytes, ignoringCase: Bool) -> Set<Int> {
    let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Bytes.init)
    return Set(
      lines.indices.filter { line in
        texts.contains { !places(of: $0, in: lines[line], ignoringCase: ignoringCase).isEmpty }
      })
  }

  @Test(arguments: KernelTests.levels, [false, true])
  func `every kernel finds the lines of every one of several texts`(level: UInt32, ignoresCase: Bool) throws {
    let limit = KernelLimit(level)
    defer { limit.lift() }
    var random = Repeatable(state: 23)
    let room = UnsafeMutableBufferPointer<Int>.allocate(capacity: 1_000)
    defer { room.deallocate() }
    for round in 0..<60 {
      let alphabet =
        round % 2 == 0 ? Bytes("abcAB\n".utf8) : Bytes([0x40, 0x60, 0x5B, 0x7B, 0x61, 0xC1, 0xE1, 0, 0x0A])
      let text = (0..<Int.random(in: 0...600, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
      let shortest = Int.random(in: 1...4, using: &random)
      // Many begin alike and lie over each other.
      let texts = (0..<Int.random(in: 2...(round % 3 == 0 ? 64 : 6), using: &random)).map { _ in
        (0..<Int.random(in: shortest...7, using: &random)).map { _ in
          alphabet.filter { $0 != 0x0A }.randomElement(using: &random)!
        }
      }
      let searched = try #require(Needle(anyOf: texts, ignoresCase: ignoresCase))
      let expected = lines(with: texts, in: text, ignoringCase: ignoresCase)
      text.withUnsafeBufferPointer { buffer in
        func line(of place: Int) -> Int { buffer[..<place].count { $0 == 0x0A } }
        var found: [Int] = []
        var from = 0
        while let place = searched.first(in: buffer, from: from) {
          found.append(line(of: place))
          from = (buffer[place...].firstIndex(of: 0x0A) ?? buffer.count) + 1
        }
        #expect(Set(found) == expected)
        #expect(found.count == expected.count)
        let noted = searched.places(in: buffer, room)
        #expect(noted == nil || !text.contains(0))
        if let noted { #expect(Set(room[..<noted].map(line)) == expected) }
        #expect(searched.isAbsent(in: buffer) == (expected.isEmpty && !text.contains(0)))
      }
    }
  }

  @Test func `texts that cannot be looked for at once are refused`() {
    #expect(Needle(anyOf: [], ignoresCase: false) == nil)
    #expect(Needle(anyOf: [[0x61], []], ignoresCase: false) == nil)
    #expect(Needle(anyOf: (0..<65).map { [0x61, $0] }, ignoresCase: false) == nil)
  }
}
