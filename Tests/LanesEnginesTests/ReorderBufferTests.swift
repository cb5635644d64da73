import LanesCore
import LanesOS
import LanesTesting
import Testing

@testable import LanesEngines

/// What delivers results in unit order.
@Suite struct ReorderBufferTests {
  private let nothing = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Results of units that end in the order of `numbers`, each with its own number as its partial result.
  private func add(_ numbers: [Int], to buffer: ReorderBuffer) {
    for number in numbers { buffer.add(unit(number, .echo), .done([UInt8(number)]), output: nothing) }
  }

  @Test(arguments: [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2], [1, 0, 3, 2, 5, 4]])
  func `results come out in unit order, whatever order units end in`(_ order: [Int]) {
    let collector = Collector()
    let buffer = ReorderBuffer(collector)
    add(order, to: buffer)
    #expect(collector.numbers == [0, 1, 2, 3, 4, 5])
    #expect(collector.outcomes == (0..<6).map { .done([$0]) })
    #expect(buffer.unitsDone == 6 && buffer.heldBytes == 0)
  }

  @Test func `nothing is delivered past a unit that is still under way`() {
    let collector = Collector()
    let buffer = ReorderBuffer(collector)
    add([0, 2, 3], to: buffer)
    #expect(collector.numbers == [0])
    #expect(buffer.heldBytes == 2)
    add([1], to: buffer)
    #expect(collector.numbers == [0, 1, 2, 3])
  }

  @Test func `a unit that is skipped is not delivered and keeps nobody waiting`() {
    let collector = Collector()
    let buffer = ReorderBuffer(collector)
    add([1, 4], to: buffer)
    buffer.skip(unit(3, .echo))
    buffer.skip(unit(0, .echo))
    #expect(collector.numbers == [1])
    buffer.skip(unit(2, .echo))
    #expect(collector.numbers == [1, 4])
    #expect(buffer.unitsDone == 2 && buffer.unitsFailed == 0)
  }

  @Test func `too many bytes that wait leave no room until their turn comes`() {
    let collector = Collector()
    let buffer = ReorderBuffer(collector)
    let large = Bytes(repeating: 0, count: 40 << 20)
    for number in 1...2 { buffer.add(unit(number, .echo), .done(large), output: nothing) }
    #expect(!buffer.hasRoom && buffer.heldBytes == 80 << 20)
    add([0], to: buffer)
    #expect(buffer.hasRoom && buffer.heldBytes == 0)
  }

  @Test func `a result that waits does not keep its input`() {
    let collector = Collector()
    let buffer = ReorderBuffer(collector)
    buffer.add(unit(1, .echo, source: .bytes(Bytes(repeating: 1, count: 1000))), .done([]), output: nothing)
    #expect(buffer.heldBytes == 0)
    add([0], to: buffer)
    #expect(collector.sources == [.none, .none])
  }

  @Test func `what is written for the fold comes to it with the outcome, in unit order`() {
    final class Reader: Fold {
      var read: [Bytes] = []
      func absorb(_ unit: Unit, _ outcome: Outcome) { read.append([]) }
      func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) { read.append(Bytes(output)) }
    }
    let reader = Reader()
    let buffer = ReorderBuffer(reader)
    for number: UInt8 in [2, 0, 1] {
      let bytes = Bytes(repeating: number, count: 1000 + Int(number))
      // Of unit 1, nobody reads what it writes.
      let sink: Sink = number == 1 ? .none : .fold
      bytes.withUnsafeBytes {
        buffer.add(unit(Int(number), .echo, sink: sink), .done([]), output: $0)
      }
    }
    #expect(reader.read == [Bytes(repeating: 0, count: 1000), [], Bytes(repeating: 2, count: 1002)])
    #expect(buffer.heldBytes == 0)
  }

  @Test func `a fold that has its answer ends the run once`() {
    final class Satisfied: Fold {
      var ending: Ending?
      func absorb(_ unit: Unit, _ outcome: Outcome) { if unit.number == 1 { ending = .satisfied } }
    }
    let buffer = ReorderBuffer(Satisfied())
    add([1], to: buffer)
    #expect(buffer.ending == nil)
    add([0], to: buffer)
    #expect(buffer.ending == .satisfied)
  }
}

/// What keeps a run's figures and the reason of its end.
@Suite struct RunRecorderTests {
  private let nothing = UnsafeRawBufferPointer(start: nil, count: 0)

  private func recorder(_ lanes: Int = 2, observer: any Observer = SilentObserver()) -> (RunRecorder, Collector) {
    let collector = Collector()
    let batch = Batch(workload: ScriptedWorkload(), plan: ListPlan([]), fold: collector)
    return (RunRecorder(batch, observer, EngineSetup(kind: .threads, lanes: lanes)), collector)
  }

  private func times(_ lane: Int, in bytesIn: Int = 0) -> UnitRecord {
    var times = UnitRecord(lane: lane)
    times.perform = UnitRecord.Stage(start: 10, end: 30)
    times.bytesIn = bytesIn
    return times
  }

  @Test func `figures add up by lane and over the run`() {
    let (recorder, collector) = recorder()
    recorder.ended(unit(1, .echo), times(1, in: 5), .done([]), output: nothing)
    recorder.ended(unit(0, .echo), times(0, in: 7), .failed(UnitFailure(.rejected, "it is bad")), output: nothing)
    recorder.ended(unit(2, .echo), times(1), .done([]), output: nothing)
    let record = recorder.close()
    #expect(record.bytesIn == 12)
    #expect(record.lanes.map(\.units) == [1, 2])
    #expect(record.lanes.map(\.performing) == [20, 40])
    #expect(record.unitsDone == 2 && record.unitsFailed == 1)
    #expect(record.ending == .complete)
    #expect(collector.numbers == [0, 1, 2])
  }

  @Test func `the first failure that halts the batch is the reason of the end, and stays it`() {
    let (recorder, _) = recorder()
    #expect(recorder.ending == nil)
    recorder.ended(
      unit(2, .echo), times(0), .failed(UnitFailure(.output, "disk full", haltsBatch: true)), output: nothing)
    recorder.ended(unit(1, .echo), times(1), .failed(UnitFailure(.output, "again", haltsBatch: true)), output: nothing)
    recorder.drop(unit(0, .echo))
    #expect(recorder.ending == .halted("unit 2: disk full"))
    #expect(recorder.close().unitsFailed == 2)
  }

  @Test func `units that were refused or dropped count on no lane`() {
    final class Watcher: Observer {
      var ended: [Int] = []
      func unitEnded(_ unit: Unit, _ record: UnitRecord) { ended.append(unit.number) }
    }
    let watcher = Watcher()
    let (recorder, collector) = recorder(observer: watcher)
    recorder.refused(unit(0, .echo), UnitFailure(.input, "missing"))
    recorder.drop(unit(1, .echo))
    let record = recorder.close()
    #expect(watcher.ended == [0])
    #expect(collector.numbers == [0])
    #expect(record.unitsFailed == 1 && record.lanes.allSatisfy { $0.units == 0 })
  }

  @Test func `lanes that came and had nothing to do are not told of`() {
    let (recorder, _) = recorder(4)
    recorder.ended(unit(0, .echo), times(1), .done([]), output: nothing)
    recorder.change(EngineSetup(kind: .serial, lanes: 1))
    #expect(recorder.close().lanes.count == 2)
  }
}
