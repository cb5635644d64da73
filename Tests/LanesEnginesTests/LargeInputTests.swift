import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

extension ContractTests {
  /// What every engine makes of inputs that do not fit into the memory.
  @Suite(.serialized) struct LargeInputTests {
    private let folder = TemporaryFolder()

    @Test(arguments: Contender.all) func `a file larger than all that may be in flight fails before it is loaded`(
      _ contender: Contender
    ) throws {
      let large = try folder.sparse("large")
      let good = try folder.write("good", [1, 2, 3])
      let size = try FileStatus(of: large).size
      let units = [
        unit(0, .echo, source: .file(large), expectedInput: size),
        // Its plan knew nothing of its size.
        unit(1, .echo, source: .file(large)), unit(2, .echo, source: .file(good), expectedInput: 3),
      ]
      let (collector, record) = try run(contender.engine(), units)
      let reason = "it is \(ByteCount.text(size)), more than the 1.0 GiB of --memory: raise --memory"
      #expect(collector.failure(0) == UnitFailure(.resources, reason))
      #expect(collector.failure(1) == UnitFailure(.resources, reason))
      #expect(collector.sums[2] == 8)
      #expect(record.unitsDone == 1 && record.unitsFailed == 2)
    }

    @Test(arguments: Contender.all) func `a file larger than the machine's memory fails alone`(_ contender: Contender)
      throws
    {
      let large = try folder.sparse("large")
      let size = try FileStatus(of: large).size
      let units = [
        unit(0, .echo, source: .file(large), expectedInput: size), unit(1, .echo, source: .bytes([5])),
        unit(2, .produce(size)), unit(3, .echo, source: .bytes([6])),
      ]
      let (collector, _) = try run(contender.engine { $0.memory = .max }, units)
      #expect(collector.failure(0)?.kind == .resources)
      #expect(collector.failure(0)?.reason.contains("not enough memory") == true)
      #expect(collector.failure(2)?.kind == .resources)
      #expect(collector.sums[1] == 6 && collector.sums[3] == 9)
    }

    @Test(arguments: Contender.all) func `sizes near the largest integer are added up all the same`(
      _ contender: Contender
    ) throws {
      let units = (0..<4).map { number in
        Unit(
          number: number, label: "\(number)", task: ScriptedWorkload.task(.echo), expectedInput: .max,
          expectedMemory: .max)
      }
      #expect(try run(contender.engine { $0.memory = .max }, units).record.unitsDone == 4)
    }
  }
}
