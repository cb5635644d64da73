import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Tests that count descriptors do so in a process of their own, where no other test opens any.
@Suite struct DescriptorTests {
  @Test func `the count sees a leak`() async {
    await #expect(processExitsWith: .success) {
      #expect(gainedDescriptors { _ = open("/dev/null", O_RDONLY) } == 1)
      #expect(gainedDescriptors { close(open("/dev/null", O_RDONLY)) } == 0)
    }
  }

  @Test func `descriptors close with their values`() async {
    await #expect(processExitsWith: .success) {
      let gained = try gainedDescriptors {
        let pipe = try Pipe()
        let event = try Descriptor.event()
        let file = try Descriptor.reading("/dev/null")
        let copy = try file.duplicated(atLeast: 50)
        #expect(copy.number >= 50)
        for number in [pipe.readEnd.number, pipe.writeEnd.number, event.number, file.number, copy.number] {
          #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        }
      }
      #expect(gained == 0)
    }
  }

  @Test func `a released descriptor is the caller's`() async {
    await #expect(processExitsWith: .success) {
      var number: Int32 = -1
      let gained = try gainedDescriptors { number = try Descriptor.reading("/dev/null").release() }
      #expect(gained == 1)
      let closed = close(number)
      #expect(closed == 0)
    }
  }

  @Test func `what holds descriptors gives them back`() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let path = try folder.write("file", Bytes(repeating: 1, count: 100_000))
      let gained = try gainedDescriptors {
        _ = try Reactor()
        _ = try SharedRegion()
        _ = try Descriptor.creatingNew(folder.file("new \(UInt64.random(in: 0 ... .max))"), permissions: 0o600)
        _ = try Descriptor.unnamed(in: folder.path, permissions: 0o600)
        _ = try readFile(path)
        var child = try Child(Child.Command(program: "/bin/true", arguments: ["true"]))
        _ = try child.wait()
        _ = try Child(Child.Command(program: "/bin/sleep", arguments: ["sleep", "1000"]))
        let walk = DirectoryWalk(root: folder.path)
        _ = walk.next()
        _ = try? CompletionRing(depth: 4) { $0() }
      }
      #expect(gained == 0)
    }
  }

  @Test func `failed openings leave nothing open`() async {
    await #expect(processExitsWith: .success) { #expect(gainedDescriptors(failToOpen) == 0) }
  }

  @Test func `a full pipe is waited for, also when it does not block`() throws {
    let pipe = try Pipe()
    try pipe.writeEnd.setNonBlocking()
    try pipe.readEnd.setNonBlocking()
    let bytes = Bytes((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let number = pipe.writeEnd.number
    let writer = try WorkerThread { bytes.withUnsafeBytes { try? DescriptorIO.writeAll(number, $0) } }
    var received = Bytes(repeating: 0, count: bytes.count)
    try readExactly(pipe.readEnd.number, into: &received)
    writer.join()
    #expect(received == bytes)
    var one = [UInt8](repeating: 0, count: 1)
    #expect(try one.withUnsafeMutableBytes { try DescriptorIO.read(pipe.readEnd.number, into: $0) } == nil)
  }

  @Test func `a pair of sockets carries bytes both ways, and each end tells the end of the other`() throws {
    let pair = try SocketPair()
    let far = try pair.far.duplicated(atLeast: 0)
    try pair.near.setNonBlocking()
    var one = [UInt8](repeating: 0, count: 1)
    #expect(try one.withUnsafeMutableBytes { try DescriptorIO.read(pair.near.number, into: $0) } == nil)
    for (from, to) in [(pair.near.number, far.number), (far.number, pair.near.number)] {
      try Bytes("there".utf8).withUnsafeBytes { try DescriptorIO.writeAll(from, $0) }
      var received = Bytes(repeating: 0, count: 5)
      try readExactly(to, into: &received)
      #expect(received == Bytes("there".utf8))
    }
    // Bytes have no bounds: two writes are one read.
    for text in ["a", "b"] { try Bytes(text.utf8).withUnsafeBytes { try DescriptorIO.writeAll(pair.near.number, $0) } }
    var both = Bytes(repeating: 0, count: 2)
    #expect(try both.withUnsafeMutableBytes { try DescriptorIO.read(far.number, into: $0) } == 2)
    let page = [UInt8](repeating: 0, count: 4096)
    while try page.withUnsafeBytes({ try DescriptorIO.write(pair.near.number, $0) }) != nil {}
    try closeFarEnds(pair, far)
  }
}

/// Closes both numbers of the far end, and looks at what the near one is told.
private func closeFarEnds(_ pair: consuming SocketPair, _ far: consuming Descriptor) throws {
  let near = try pair.near.duplicated(atLeast: 0)
  _ = consume pair
  _ = consume far
  var one = [UInt8](repeating: 0, count: 1)
  // Unread bytes make the end an error (ECONNRESET) once, and nothing is read after it.
  _ = try? one.withUnsafeMutableBytes { try DescriptorIO.read(near.number, into: $0) }
  #expect(try one.withUnsafeMutableBytes { try DescriptorIO.read(near.number, into: $0) } == 0)
}

/// Fails in every way that has opened something before, or might have.
private func failToOpen() {
  let folder = TemporaryFolder()
  let none = folder.file("none")
  #expect(throws: SystemError("open", errno: ENOENT)) { try Descriptor.reading(none).release() }
  #expect(throws: SystemError("open", errno: EISDIR)) { try Descriptor.creating("/tmp").release() }
  #expect(throws: SystemError.self) {
    _ = try Descriptor.creatingNew("/proc/lanes/file", permissions: 0o600)
  }
  #expect(throws: SystemError.self) { _ = try Child(Child.Command(program: none.string, arguments: ["x"])) }
}
