import LanesCore
import LanesFiles
import LanesTesting
import Testing

@Suite struct MergeTests {
  private func counted(_ bytes: some Collection<UInt8>) -> CountPartial {
    Bytes(bytes).withUnsafeBytes { CountPartial(of: RawSpan(_unsafeBytes: $0), columns: .all) }
  }

  @Test func `two parts merge to the whole wherever they are cut`() {
    var random = Repeatable(state: 3)
    for flavour in 0..<12 {
      let bytes = random.bytes(120, flavour: flavour)
      let whole = reference(bytes)
      for cut in 0...bytes.count {
        var merged = counted(bytes[..<cut])
        merged.merge(counted(bytes[cut...]))
        #expect(merged == whole)
      }
    }
  }

  @Test func `merging is associative`() {
    var random = Repeatable(state: 4)
    for round in 0..<2000 {
      let parts = (0..<3).map { _ in counted(random.bytes(Int.random(in: 0...3, using: &random), flavour: round)) }
      var left = parts[0]
      left.merge(parts[1])
      left.merge(parts[2])
      var tail = parts[1]
      tail.merge(parts[2])
      var right = parts[0]
      right.merge(tail)
      #expect(left == right)
    }
  }

  @Test func `a partial comes back as it was written`() throws {
    var random = Repeatable(state: 5)
    let partial = counted(random.bytes(5000, flavour: 0))
    #expect(try CountPartial(wire: partial.wire) == partial)
    #expect(throws: WireError.self) { try CountPartial(wire: Bytes(partial.wire.dropLast())) }
    #expect(throws: WireError.self) { try CountPartial(wire: Bytes(repeating: 9, count: 26)) }
  }
}
