import Glibc
import LanesCore
import LanesOS
import Testing

@Suite struct SharedRegionTests {
  @Test func `what one side writes the other sees, also after growing`() throws {
    let writer = try SharedRegion()
    let reader = SharedRegion(inheriting: try writer.descriptor.duplicated(atLeast: 3).release())
    try writer.grow(to: 100, keeping: 0)
    fill(writer, 0, 100, 1)
    try reader.view(100)
    #expect(bytes(reader, 0, 100).allSatisfy { $0 == 1 })
    try writer.grow(to: 1_000_000, keeping: 100)
    #expect(bytes(writer, 0, 100).allSatisfy { $0 == 1 }, "what was there stays")
    fill(writer, 100, 1_000_000, 2)
    try reader.view(1_000_000)
    #expect(bytes(reader, 0, 100).allSatisfy { $0 == 1 })
    #expect(bytes(reader, 100, 1_000_000).allSatisfy { $0 == 2 })
  }

  @Test func `earlier views stay valid until they are retired`() throws {
    let writer = try SharedRegion()
    let reader = SharedRegion(inheriting: try writer.descriptor.duplicated(atLeast: 3).release())
    try writer.grow(to: 65_536, keeping: 0)
    fill(writer, 0, 65_536, 5)
    try reader.view(65_536)
    let old = UnsafeRawBufferPointer(start: reader.base, count: 65_536)
    try writer.grow(to: 4 << 20, keeping: 65_536)
    try reader.view(4 << 20)
    #expect(reader.base.map { UnsafeRawPointer($0) } != old.baseAddress)
    #expect(old.allSatisfy { $0 == 5 })
    fill(writer, 0, 65_536, 6)
    #expect(old.allSatisfy { $0 == 6 }, "it is the same memory")
    reader.retireOldViews()
    #expect(bytes(reader, 0, 65_536).allSatisfy { $0 == 6 })
  }

  @Test func `a view within what is mapped maps nothing anew`() throws {
    let region = try SharedRegion()
    try region.grow(to: 10, keeping: 0)
    let (base, capacity) = (region.base, region.capacity)
    #expect(capacity >= 10)
    try region.view(10)
    #expect(region.base == base && region.capacity == capacity)
  }

  @Test func `a view beyond what the other side made is refused`() throws {
    let region = try SharedRegion()
    try region.grow(to: 65_536, keeping: 0)
    #expect(throws: SystemError("mmap", errno: EINVAL)) { try region.view(65_537) }
    fill(region, 0, 65_536, 1)
    #expect(bytes(region, 0, 65_536).allSatisfy { $0 == 1 }, "what was there stays")
  }

  @Test(arguments: [7_000_000_000_000, 1 << 60, .max]) func `memory that is not to be had is a failure of the unit`(
    _ size: Int
  ) throws {
    let stores: [any OutputBuffer.Storage] = [try SharedRegion(), HeapStorage()]
    for storage in stores {
      try storage.grow(to: 100, keeping: 0)
      storage.base!.initializeMemory(as: UInt8.self, repeating: 7, count: 100)
      do {
        try storage.grow(to: size, keeping: 100)
        Issue.record("there are \(size) bytes")
      } catch {
        #expect(error.kind == .resources)
      }
      #expect(UnsafeRawBufferPointer(start: storage.base, count: 100).allSatisfy { $0 == 7 }, "what was there stays")
    }
  }

  @Test func `a file that is no memory cannot be enlarged`() throws {
    let region = SharedRegion(inheriting: try Pipe().readEnd.duplicated(atLeast: 3).release())
    do {
      try region.grow(to: 10, keeping: 0)
      Issue.record("a pipe was enlarged")
    } catch {
      #expect(error.kind == .resources)
      #expect(region.base == nil && region.capacity == 0)
    }
  }

  @Test func `what one large unit took is given back, and the other side reads on`() throws {
    let writer = try SharedRegion()
    let reader = SharedRegion(inheriting: try writer.descriptor.duplicated(atLeast: 3).release())
    try writer.grow(to: 8 << 20, keeping: 0)
    fill(writer, 0, 8 << 20, 1)
    try reader.view(8 << 20)
    #expect(try allocated(writer) >= 8 << 20)
    writer.trim(to: 1 << 20)
    #expect(writer.capacity == 1 << 20)
    #expect(try allocated(writer) <= 1 << 20)
    #expect(bytes(reader, 0, 1 << 20).allSatisfy { $0 == 1 })
    #expect(bytes(reader, 7 << 20, 8 << 20).allSatisfy { $0 == 0 })
    try writer.grow(to: 8 << 20, keeping: 1 << 20)
    fill(writer, 1 << 20, 8 << 20, 2)
    #expect(bytes(reader, 1 << 20, 8 << 20).allSatisfy { $0 == 2 })
  }

  @Test func `no side can take memory away under the other`() throws {
    let region = try SharedRegion()
    try region.grow(to: 65_536, keeping: 0)
    #expect(ftruncate(region.descriptor.number, 0) == -1)
    #expect(try FileStatus(of: region.descriptor.number).size == 65_536)
  }

  /// Bytes of memory that the region really takes.
  private func allocated(_ region: SharedRegion) throws -> Int {
    var status = stat()
    #expect(fstat(region.descriptor.number, &status) == 0)
    return Int(status.st_blocks) * 512
  }

  @Test func `an output buffer grows into it`() throws {
    let region = try SharedRegion()
    let buffer = OutputBuffer(region)
    for number in 0..<100 { try buffer.append(Bytes(repeating: UInt8(number), count: 10_000)) }
    let isWhole = buffer.withBytes { bytes in bytes.indices.allSatisfy { bytes[$0] == UInt8($0 / 10_000) } }
    #expect(isWhole && buffer.count == 1_000_000)
  }

  private func fill(_ region: SharedRegion, _ from: Int, _ to: Int, _ value: UInt8) {
    (region.base! + from).initializeMemory(as: UInt8.self, repeating: value, count: to - from)
  }

  private func bytes(_ region: SharedRegion, _ from: Int, _ to: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: region.base! + from, count: to - from)
  }
}
