import LanesCore
import LanesTesting
import Testing

extension ContractTests {
  /// What is left undone after a unit has failed in a way in which every other would fail too.
  @Suite(.serialized) struct HaltTests {
    @Test(arguments: Contender.all) func `a failure that halts the batch leaves units that wait unbegun`(
      _ contender: Contender
    ) throws {
      let (collector, record) = try run(contender.engine(), (0..<2000).map { unit($0, .halt) })
      guard case .halted(let reason) = record.ending else {
        Issue.record("it ended as \(record.ending)")
        return
      }
      #expect(reason.hasSuffix(": nothing can be stored"))
      #expect((1...record.setup.lanes).contains(record.unitsFailed), "no lane begins a second one")
      #expect(collector.numbers.count == record.unitsFailed)
    }

    @Test(arguments: Contender.all) func `what was done before a failure that halts the batch stays done`(
      _ contender: Contender
    ) throws {
      let folder = TemporaryFolder()
      let units = (0..<3000).map { number in
        let target = Destination(path: folder.file("\(number)"), replacesExisting: false)
        return number < 300 ? unit(number, .produce(100), sink: .file(target)) : unit(number, .halt)
      }
      let (collector, record) = try run(contender.engine(), units)
      #expect((1...record.setup.lanes).contains(record.unitsFailed))
      #expect(collector.numbers == collector.numbers.sorted())
      let files = try folder.contents()
      #expect(files.count == record.unitsDone)
      #expect(files.allSatisfy { $0.value.count == 100 })
    }
  }
}
