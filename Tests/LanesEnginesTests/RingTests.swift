import LanesEngines
import Testing

@Suite struct RingTests {
  @Test func `elements come out as they went in, however the ring has turned and grown`() {
    var ring = Ring<Int>()
    var out: [Int] = []
    var next = 0
    for round in 1...60 {
      for _ in 0..<round {
        ring.append(next)
        next += 1
      }
      for _ in 0..<round / 2 { out.append(ring.removeFirst()!) }
    }
    #expect(ring.count == next - out.count)
    while let element = ring.removeFirst() { out.append(element) }
    #expect(out == Array(0..<next))
    #expect(ring.isEmpty && ring.first == nil)
  }

  @Test func `what is put in front comes first`() {
    var ring = Ring<Int>()
    for number in 0..<100 { ring.prepend(number) }
    #expect((0..<100).map { _ in ring.removeFirst() } == (0..<100).reversed())
  }

  @Test func `gaps stop at the front until they are filled`() {
    var ring = Ring<Int>()
    ring.put(3, at: 3)
    ring.put(100, at: 100)
    #expect(ring.first == nil && ring.count == 101)
    ring.put(0, at: 0)
    #expect(ring.removeFirst() == 0)
    #expect(ring.removeFirst() == nil)
    ring.put(2, at: 0)
    #expect(ring.removeFirst() == 2)
    #expect(ring.removeFirst() == 3)
    for _ in 4..<100 { #expect(ring.removeFirst() == nil) }
    #expect(ring.first == 100)
  }

  @Test func `nothing that was taken off is kept alive`() {
    final class Token {}
    var ring = Ring<Token>()
    weak var token: Token?
    do {
      let made = Token()
      token = made
      ring.append(made)
    }
    #expect(token != nil)
    ring.removeFirst()
    #expect(token == nil)
  }
}
