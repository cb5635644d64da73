import LanesCore
import LanesOS
import SystemPackage
import Testing

@Suite struct OutputBufferTests {
  @Test func `an output that starts behind the memory so far leaves the earlier one whole`() throws {
    let storage = HeapStorage()
    let buffer = OutputBuffer(storage)
    let first = Bytes(repeating: 7, count: 20_000)
    try buffer.append(first)
    #expect(storage.capacity == 20_000)
    buffer.restart(at: 20_032)
    try buffer.append([1, 2, 3])
    #expect(buffer.withBytes { Bytes($0) } == [1, 2, 3])
    #expect(Bytes(UnsafeRawBufferPointer(start: storage.base, count: 20_000)) == first)
  }

  @Test func `what is restarted is forgotten`() throws {
    let buffer = OutputBuffer()
    try buffer.append([1, 2, 3, 4])
    buffer.endPart()
    buffer.restart()
    #expect(buffer.count == 0)
    #expect(buffer.partEnds.isEmpty)
  }

  @Test func `an output falls into the files that were planned, or into none`() throws {
    let files = ["a", "b", "c"].map { Destination(path: FilePath($0), replacesExisting: false) }
    func cut(_ ends: [Int]) throws -> [Bytes] {
      let output: Bytes = [1, 2, 3]
      return try output.withUnsafeBytes { try Sink.files(files).parts(of: $0, ends: ends).map { Bytes($0.bytes) } }
    }
    #expect(try cut([1, 1, 3]) == [[1], [], [2, 3]])
    // A file that is not made is none of the parts.
    #expect(try cut([OutputBuffer.omitted, 2, 3]) == [[1, 2], [3]])
    for odd in [[], [1, 3], [1, 2, 3, 3], [2, 1, 3], [1, 2, 2], [1, 2, 4], [-2, 2, 3]] {
      #expect(throws: UnitFailure.self) { try cut(odd) }
    }
  }
}
