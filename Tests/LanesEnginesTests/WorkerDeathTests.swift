import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

extension ContractTests {
  /// What the processes engine promises about workers that die.
  @Suite(.serialized) struct WorkerDeathTests {
    @Test(arguments: Contender.processes) func `a unit whose worker dies once is done by a fresh one`(
      _ contender: Contender
    ) throws {
      let folder = TemporaryFolder()
      let units = (0..<200).map { number in
        number == 50
          ? unit(number, .dieOnce(SIGSEGV, marker: folder.file("died")), source: .bytes([1]))
          : unit(number, .echo, source: .bytes([1]))
      }
      let (collector, record) = try run(contender.engine(), units)
      #expect(collector.sums == (0..<200).map { UInt64($0 + 1) })
      #expect(record.workersLost == 1)
      #expect(record.unitsFailed == 0)
    }

    @Test(arguments: Contender.processes, [SIGSEGV, SIGABRT, SIGKILL])
    func `a unit that always kills its worker fails with the signal's name`(
      _ contender: Contender, _ signal: Int32
    ) throws {
      let units = (0..<200).map { number in
        number == 50 ? unit(number, .die(signal)) : unit(number, .echo, source: .bytes([1]))
      }
      let (collector, record) = try run(contender.engine(), units)
      #expect(collector.failure(50)?.kind == .crashed)
      #expect(collector.failure(50)?.reason.contains(Signal.name(signal)) == true)
      #expect(record.unitsDone == 199)
      if signal != SIGKILL { #expect(record.workersLost == 2) }
    }

    @Test(arguments: Contender.processes) func `several deadly units among good ones are told apart`(
      _ contender: Contender
    ) throws {
      let deadly: Set = [3, 4, 40, 41, 42, 99]
      let units = (0..<100).map { deadly.contains($0) ? unit($0, .die(SIGSEGV)) : unit($0, .echo, source: .bytes([1])) }
      let (collector, record) = try run(contender.engine(), units)
      #expect(Set(collector.outcomes.indices.filter { collector.failure($0) != nil }) == deadly)
      #expect(record.unitsDone == 94)
    }

    @Test(arguments: Contender.processes) func `without retries the first certain death counts`(_ contender: Contender)
      throws
    {
      let (collector, record) = try run(contender.engine { $0.retries = 0 }, [unit(0, .die(SIGSEGV))])
      #expect(collector.failure(0)?.reason == "its worker process died once, the last time by signal 11 (SIGSEGV)")
      #expect(record.workersLost == 1)
    }

    @Test(arguments: Contender.processes) func `a unit deaf to its deadline is killed with its worker`(
      _ contender: Contender
    ) throws {
      let folder = TemporaryFolder()
      let units = (0..<10).map { number in
        number == 2 ? unit(2, .hangUntil(folder.file("never"))) : unit(number, .echo, source: .bytes([1]))
      }
      let (collector, record) = try run(contender.engine { $0.timeout = .milliseconds(500) }, units)
      #expect(collector.failure(2)?.kind == .timedOut)
      #expect(record.unitsDone == 9)
    }

    @Test(arguments: Contender.processes) func `workers killed from outside cost no unit`(_ contender: Contender) throws
    {
      final class Killer: Observer {
        private var ended = 0
        var kills = 0
        func unitEnded(_ unit: Unit, _ record: UnitRecord) {
          ended += 1
          guard ended % 100 == 0, let victim = childProcesses().min() else { return }
          kill(victim, SIGKILL)
          kills += 1
        }
      }
      let folder = TemporaryFolder()
      let input = try folder.write("in", Bytes(repeating: 2, count: 3000))
      let units = (0..<2000).map { number in
        let target = Destination(path: folder.file("out/\(number)"), replacesExisting: false)
        return unit(number, .echo, source: .file(input), sink: .file(target), expectedInput: 3000)
      }
      let killer = Killer()
      let (_, record) = try run(contender.engine(), units, observer: killer)
      #expect(killer.kills >= 15)
      #expect(record.workersLost > 0)
      #expect(record.unitsFailed == 0)
      let files = try folder.contents(of: "out")
      #expect(files.count == 2000)
      #expect(files.values.allSatisfy { $0 == Bytes(repeating: 2, count: 3000) })
    }

    @Test(arguments: Contender.processes) func `a program that is no worker is reported, not waited for`(
      _ contender: Contender
    ) throws {
      let worker = WorkerCommand(program: "/bin/false", arguments: [])
      let engine = Engines.make(
        .processes, channel: contender.channel, options: EngineOptions(lanes: 2), worker: worker)
      #expect(throws: EngineError.self) { try run(engine, [unit(0, .echo)]) }
    }
  }
}
