import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import Testing

/// What loads and stores gives back what it holds, however it ends.
@Suite struct GivenBackTests {
  @Test func `loads and stores give their descriptors back`() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let path = try folder.write("file", Bytes(repeating: 1, count: 1000))
      var number = 0
      let gained = try gainedDescriptors {
        number += 1
        var file = try OutputFile(Destination(path: folder.file("new \(number)"), replacesExisting: false))
        try file.commit()
        _ = try OutputFile(Destination(path: folder.file("given up"), replacesExisting: false))
        try BlockingLoader().load(.file(path))
        _ = try AsyncFiles(reactor: Reactor(), depth: 4)
      }
      #expect(gained == 0)
    }
  }

  @Test func `loads and stores that fail leave nothing open`() async {
    await #expect(processExitsWith: .success) {
      let gained = gainedDescriptors {
        #expect(throws: UnitFailure.self) { try BlockingLoader().load(.file("/tmp")) }
        #expect(throws: SystemError.self) {
          _ = try OutputFile(Destination(path: "/proc/lanes/file", replacesExisting: false))
        }
      }
      #expect(gained == 0)
    }
  }

  @Test(arguments: [true, false]) func `a load closes its file in whichever state it ends`(_ usesRing: Bool) async {
    await #expect(processExitsWith: .success) { [usesRing] in
      let folder = TemporaryFolder()
      let path = try folder.write("file", Bytes(repeating: 1, count: 5000))
      let identity = try FileStatus(of: path).identity
      let other = FileIdentity(device: identity.device, inode: identity.inode + 1)
      let sources: [Source] = [
        .file(folder.file("missing")), .file(folder.path), .file(path),
        .slice(FileSlice(path: path, offset: 0, length: 5000, identity: identity)),
        .slice(FileSlice(path: path, offset: 4000, length: 5000, identity: identity)),
        .slice(FileSlice(path: path, offset: 0, length: 5000, identity: other)),
      ]
      let gained = try gainedDescriptors {
        let reactor = try Reactor()
        let files = try AsyncFiles(reactor: reactor, depth: 2, usesRing: usesRing, budget: 5000)
        var loaded = 0
        for source in sources {
          files.load(source, into: HeapStorage()) { result in if case .success = result { loaded += 1 } }
        }
        while files.pending > 0 {
          let isNews = try files.advance()
          try reactor.turn(waiting: !isNews && files.pending > 0)
        }
        #expect(loaded == 2)
      }
      #expect(gained == 0)
    }
  }
}
