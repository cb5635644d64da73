import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

extension ContractTests {
  /// What a stop request is answered with, while all that could answer is busy.
  @Suite(.serialized) struct AcknowledgementTests {
    @Test(arguments: Contender.all, [true, false]) func `a stop request is answered while units still run`(
      _ contender: Contender, _ isPart: Bool
    ) throws {
      let folder = TemporaryFolder()
      let here = folder.file("here")
      let go = folder.file("go")
      let units = (0..<8).map { unit($0, .meet(here, until: go), source: isPart ? .bytes([1]) : .none) }
      let said = try standardError(during: contender, units) {
        #expect(eventually { here.withPlatformString { access($0, F_OK) } == 0 })
        StopSignals.request(SIGINT)
      } then: {
        _ = try folder.write("go", [])
      }
      let nouns = isPart ? "slices?" : "files?"
      #expect(try said.wholeMatch(of: Regex("finishing [1-4] \(nouns); again to stop now\n")) != nil, "\(said)")
      #expect(said.contains("finishing 1 ") == (said.contains("file;") || said.contains("slice;")))
    }

    @Test(arguments: Contender.all) func `a stop request that nothing waits for is not answered`(
      _ contender: Contender
    ) throws {
      let said = try standardError(during: contender, []) {
        StopSignals.request(SIGINT)
      } then: {
      }
      #expect(said == "")
    }

    /// What is written to standard error until the run is over; `ask` is called on another thread while it runs, and `release`
    /// when something was answered or the run is over.
    private func standardError(
      during contender: Contender, _ units: [Unit], ask: @escaping @Sendable () -> Void,
      then release: @escaping @Sendable () throws -> Void
    ) throws -> String {
      try StopSignals.install()
      StopSignals.acknowledge(as: .file)
      defer { StopSignals.reset() }
      let pipe = try Pipe()
      try pipe.readEnd.setNonBlocking()
      let saved = dup(2)
      dup2(pipe.writeEnd.number, 2)
      defer {
        dup2(saved, 2)
        close(saved)
      }
      let end = pipe.readEnd.number
      let said = Monitor(Bytes())
      let asker = try WorkerThread {
        ask()
        _ = eventually {
          var piece = Bytes(repeating: 0, count: 256)
          let got = piece.withUnsafeMutableBytes { read(end, $0.baseAddress, 256) }
          if got > 0 { said.withLock { $0 += piece[..<got] } }
          return got > 0 || units.isEmpty
        }
        try? release()
      }
      if units.isEmpty { asker.join() }
      let (_, record) = try run(contender.engine(), units)
      if !units.isEmpty { asker.join() }
      #expect(record.ending == .signalled(SIGINT) || units.isEmpty)
      #expect(record.unitsFailed == 0)
      return String(decoding: said.withLock { $0 }, as: UTF8.self)
    }
  }
}
