import LanesCore
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

  @Test func `what is truncated or restarted is forgotten`() throws {
    let buffer = OutputBuffer()
    try buffer.append([1, 2, 3, 4])
    buffer.truncate(to: 2)
    #expect(buffer.withBytes { Bytes($0) } == [1, 2])
    buffer.restart()
    #expect(buffer.count == 0)
  }
}
