import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

extension ContractTests {
  /// What the coordinator makes of a worker that says what no worker says.
  @Suite(.serialized) struct GarbledTests {
    static let forgeries = [
      "a huge body", "a huge payload", "a negative payload", "an unknown kind", "a kind that only coordinators send",
      "half a reply", "text", "a foreign unit", "a foreign slot", "the other slot", "an unknown outcome",
      "a time that overflows", "a time that is to come", "a negative wait", "an endless wait", "too many bytes read",
      "an output beyond its place", "an output that overflows", "a negative output", "too many parts",
      "an impossible farewell", "a refusal after the start",
    ]

    @Test(arguments: ChannelKind.allCases, forgeries) func `garbage is that worker's crash and costs no memory`(
      _ channel: ChannelKind, _ forgery: String
    ) throws {
      let before = try #require(ProcessUsage.current().peakMemory)
      let (collector, record) = try run(engine(channel, forgery, once: nil), units(2))
      for index in 0..<2 {
        #expect(
          collector.failure(index)
            == UnitFailure(
              .crashed,
              "its worker process died twice, the last time killed because it had sent a garbled message"))
      }
      #expect(record.workersLost >= 2)
      #expect(try #require(ProcessUsage.current().peakMemory) - before < 100_000_000)
    }

    @Test(arguments: ChannelKind.allCases, forgeries) func `what one worker garbled another does`(
      _ channel: ChannelKind, _ forgery: String
    ) throws {
      let folder = TemporaryFolder()
      let (collector, record) = try run(engine(channel, forgery, once: folder.file("sent")), units(20))
      #expect(collector.sums == (0..<20).map { UInt64($0 + 1) })
      #expect(record.workersLost == 1)
    }

    @Test(arguments: ChannelKind.allCases, ["half a header", "half a body"])
    func `a message that ends too early is the end of its worker`(_ channel: ChannelKind, _ forgery: String) throws {
      let (collector, _) = try run(engine(channel, forgery, once: nil), units(2))
      let reason = "its worker process died twice, the last time with exit status 0"
      #expect(collector.failure(0) == UnitFailure(.crashed, reason))
    }

    @Test(arguments: ChannelKind.allCases) func `a long message that does not come takes no memory`(
      _ channel: ChannelKind
    ) throws {
      let before = try #require(ProcessUsage.current().peakMemory)
      let forgery = "a body of 2 GB that does not come"
      let (collector, _) = try run(engine(channel, forgery, once: nil) { $0.timeout = .milliseconds(50) }, units(1))
      #expect(collector.failure(0)?.kind == .timedOut)
      #expect(try #require(ProcessUsage.current().peakMemory) - before < 100_000_000)
    }

    /// Inputs are longer than a pipe holds, so that the coordinator writes when nobody reads any more.
    @Test func `a worker that takes no more orders and lives on is replaced`() throws {
      let folder = TemporaryFolder()
      let input: Bytes = [1] + Bytes(repeating: 0, count: 4_000_000)
      let units = (0..<4).map { unit($0, .echo, source: .bytes(input)) }
      let (collector, record) = try run(engine(.pipe, "a closed line", once: folder.file("sent")), units)
      #expect(collector.sums == (0..<4).map { UInt64($0 + 1) })
      #expect(record.workersLost == 1)
    }

    private func engine(
      _ channel: ChannelKind, _ forgery: String, once marker: FilePath?,
      _ change: (inout EngineOptions) -> Void = { _ in }
    ) -> any Engine {
      let worker = WorkerCommand(
        program: builtProgram("lanes-test-worker"), arguments: ["forge", forgery, marker?.string ?? "never"])
      var options = EngineOptions(lanes: 2, memory: 1 << 30)
      change(&options)
      return Engines.make(.processes, channel: channel, options: options, worker: worker)
    }

    private func units(_ count: Int) -> [Unit] { (0..<count).map { unit($0, .echo, source: .bytes([1])) } }
  }
}
