import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What every engine promises, whichever way it runs. Serialized: stop requests and descriptors belong to the process.
@Suite(.serialized) struct ContractTests {
  @Test(arguments: Contender.all) func `an empty batch ends at once`(_ contender: Contender) throws {
    let (collector, record) = try run(contender.engine(), [])
    #expect(collector.numbers.isEmpty)
    #expect(record.ending == .complete)
    #expect(record.unitsDone == 0)
  }

  @Test(arguments: Contender.all) func `one unit is done`(_ contender: Contender) throws {
    let (collector, record) = try run(contender.engine(), [unit(0, .echo, source: .bytes([1, 2, 3]))])
    #expect(collector.sums == [6])
    #expect(record.unitsDone == 1)
    #expect(record.bytesIn == 3)
  }

  @Test(arguments: Contender.all) func `ten thousand tiny units come back in order`(_ contender: Contender) throws {
    let units = (0..<10_000).map { unit($0, .echo, source: .bytes([UInt8(truncatingIfNeeded: $0)])) }
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.numbers == Array(0..<10_000))
    #expect(collector.sums == (0..<10_000).map { UInt64($0 % 256 + $0) })
    #expect(record.unitsDone == 10_000)
    #expect(record.lanes.reduce(0) { $0 + $1.units } == 10_000)
  }

  @Test(arguments: Contender.all) func `more lanes than units are no trouble`(_ contender: Contender) throws {
    let units = (0..<3).map { unit($0, .echo, source: .bytes([1])) }
    let (collector, _) = try run(contender.engine { $0.lanes = 8 }, units)
    #expect(collector.sums == [1, 2, 3])
  }

  @Test(arguments: Contender.all) func `files are read and written whole`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    var units: [Unit] = []
    for number in 0..<40 {
      let bytes = Bytes((0..<(number * 5000)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) })
      let input = try folder.write("in/\(number)", bytes)
      let sink = Sink.file(Destination(path: folder.file("out/deep/\(number)"), replacesExisting: false))
      units.append(unit(number, .echo, source: .file(input), sink: sink, expectedInput: bytes.count))
    }
    let (collector, record) = try run(contender.engine(), units)
    #expect(record.unitsFailed == 0)
    #expect(collector.numbers == Array(0..<40))
    #expect(try folder.contents(of: "in") == folder.contents(of: "out/deep"))
  }

  @Test(arguments: Contender.all) func `a unit's parts become files of their own`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    func files(_ names: String...) -> Sink {
      .files(names.map { Destination(path: folder.file($0), replacesExisting: false) })
    }
    try folder.write("taken", [9])
    let units = [
      unit(0, .produceParts([70_000, 0, 3]), sink: files("0/a", "0/b", "0/c")),
      unit(1, .produceParts([1, 2]), sink: files("1/a")),
      unit(2, .produceParts([4]), sink: files("2")),
      unit(3, .produceParts([5, 6]), sink: files("3", "taken")),
      unit(4, .produceParts([-1, 2, -1]), sink: files("4/a", "4/b", "4/c")),
      unit(5, .produceParts([-1]), sink: files("5/a")),
      unit(6, .produceParts([-1]), sink: .file(Destination(path: folder.file("6"), replacesExisting: false))),
    ]
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.failure(1)?.kind == .output)
    #expect(collector.failure(3)?.reason.hasSuffix("taken exists already") == true)
    #expect(record.bytesOut == 70_003 + 3 + 4 + 11 + 2)
    #expect(record.unitsDone == 5)
    let contents = try folder.contents()
    #expect(contents["0/a"] == Bytes(repeating: 0, count: 70_000))
    #expect(contents["0/b"] == [])
    #expect(contents["0/c"] == [2, 2, 2])
    #expect(contents["2"] == [0, 0, 0, 0])
    #expect(contents["1/a"] == nil)
    #expect(contents["taken"] == [9])
    #expect(contents.keys.filter { $0.hasPrefix("4") || $0.hasPrefix("5") || $0.hasPrefix("6") } == ["4/b"])
  }

  @Test(arguments: Contender.all) func `sixty-four megabytes travel each way`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    let size = 64 << 20
    let input = try folder.write("in", [UInt8](repeating: 3, count: size))
    let target = Destination(path: folder.file("out"), replacesExisting: false)
    let units = [
      unit(0, .echo, source: .file(input), sink: .file(target), expectedInput: size),
      unit(1, .echo, source: .bytes([5])),
    ]
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.sums == [UInt64(size * 3), 6])
    #expect(record.bytesOut == size)
    let identity = try readFile(input) == readFile(target.path)
    #expect(identity)
  }

  @Test(arguments: Contender.all) func `slices of a file are what was planned`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    let bytes = Bytes((0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 100) })
    let path = try folder.write("in", bytes)
    let identity = try FileStatus(of: path).identity
    let cuts = [0, 4096, 4097, 65_536, 100_001, 200_000]
    let units = zip(cuts, cuts.dropFirst()).enumerated().map { number, cut in
      let slice = FileSlice(
        path: path, offset: cut.0, length: cut.1 - cut.0, identity: identity, access: number % 2 == 0 ? .mapped : .read)
      return unit(number, .echo, source: .slice(slice))
    }
    let (collector, _) = try run(contender.engine(), units)
    let expected = zip(cuts, cuts.dropFirst()).enumerated().map { number, cut in
      UInt64?(bytes[cut.0..<cut.1].reduce(UInt64(number)) { $0 + UInt64($1) })
    }
    #expect(collector.sums == expected)
  }

  @Test(arguments: Contender.all) func `a file of unknown size is performed on unless it has too many bytes`(
    _ contender: Contender
  ) throws {
    let folder = TemporaryFolder()
    let limit = 70_000
    let sizes = [0, 1, limit - 1, limit, limit + 1, 200_000, 3_000_000, 5]
    let units = try sizes.enumerated().map { number, size in
      let path = try folder.write("\(number)", Bytes(repeating: 1, count: size))
      return unit(number, .echo, source: .head(path, limit: limit), expectedInput: 10)
    }
    let status = unit(units.count, .echo, source: .head("/proc/self/status", limit: limit))
    let missing = unit(units.count + 1, .echo, source: .head(folder.file("missing"), limit: limit))
    let (collector, record) = try run(contender.engine(), units + [status, missing])
    #expect(collector.numbers == Array(0..<10))
    for (number, size) in sizes.enumerated() {
      if size > limit {
        #expect(collector.outcomes[number] == .done([]))
      } else {
        #expect(collector.sums[number] == UInt64(size + number))
      }
    }
    #expect(collector.sums[8] ?? 0 > 0)
    #expect(collector.failure(9)?.reason == "no such file or directory")
    #expect(record.unitsDone == 9)
    #expect(record.unitsFailed == 1)
  }

  @Test(arguments: Contender.all) func `a failed unit harms no other`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    let target = Sink.file(Destination(path: folder.file("half"), replacesExisting: false))
    let units = (0..<20).map { number in
      number == 7 ? unit(7, .fail("it is bad"), sink: target) : unit(number, .echo, source: .bytes([1]))
    }
    let (collector, record) = try run(contender.engine(), units)
    #expect(record.unitsDone == 19)
    #expect(record.unitsFailed == 1)
    #expect(collector.failure(7) == UnitFailure(.rejected, "it is bad"))
    #expect(try folder.contents().isEmpty)
  }

  @Test(arguments: Contender.all) func `an input that does not exist fails with its reason`(_ contender: Contender)
    throws
  {
    let folder = TemporaryFolder()
    let units = [
      unit(0, .echo, source: .file(folder.file("missing/file"))), unit(1, .echo, source: .file(folder.path)),
      unit(2, .echo, source: .bytes([9])),
    ]
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.failure(0) == UnitFailure(.input, "no such file or directory"))
    #expect(collector.failure(1) == UnitFailure(.input, "is a directory"))
    #expect(collector.sums[2] == 11)
    #expect(record.ending == .complete)
  }

  @Test(arguments: Contender.all) func `an existing output is kept unless it may be replaced`(_ contender: Contender)
    throws
  {
    let folder = TemporaryFolder()
    try folder.write("kept", [1])
    try folder.write("replaced", [2])
    let units = ["kept", "replaced"].enumerated().map { number, name in
      let target = Destination(path: folder.file(name), replacesExisting: name == "replaced")
      return unit(number, .produce(4), sink: .file(target))
    }
    let (collector, _) = try run(contender.engine(), units)
    #expect(collector.failure(0)?.kind == .output)
    #expect(try folder.contents() == ["kept": [1], "replaced": [1, 1, 1, 1]])
  }

  @Test(arguments: Contender.all) func `a file cut short after it was planned fails its slices only`(
    _ contender: Contender
  ) throws {
    let folder = TemporaryFolder()
    let path = try folder.write("in", Bytes(repeating: 1, count: 100_000))
    let identity = try FileStatus(of: path).identity
    truncate(path.string, 50_000)
    let units = [(0, 40_000), (40_000, 60_000)].enumerated().map { number, range in
      let slice = FileSlice(
        path: path, offset: range.0, length: range.1, identity: identity, access: number % 2 == 0 ? .mapped : .read)
      return unit(number, .echo, source: .slice(slice))
    }
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.sums[0] == 40_000)
    #expect(collector.failure(1)?.kind == .input)
    #expect(record.unitsFailed == 1)
  }

  @Test(arguments: Contender.all) func `units that failed in the plan keep their place`(_ contender: Contender) throws {
    final class Plan: UnitPlan {
      var totalUnits: Int? { nil }
      private var number = 0
      func next() -> PlanStep {
        defer { number += 1 }
        if number == 10 { return .end }
        let made = unit(number, .echo)
        return number == 4 ? .failed(made, UnitFailure(.input, "missing")) : .unit(made)
      }
    }
    let (collector, record) = try run(contender.engine(), Plan())
    #expect(collector.numbers == Array(0..<10))
    #expect(collector.failure(4)?.reason == "missing")
    #expect(record.unitsFailed == 1)
  }

  @Test(arguments: Contender.all) func `a plan that waits for a pipe is waited for`(_ contender: Contender) throws {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    defer { close(reader) }
    final class Plan: UnitPlan {
      let descriptor: Int32
      /// How often there was nothing to read.
      let waits = Monitor(0)
      private var number = 0
      init(_ descriptor: Int32) { self.descriptor = descriptor }
      var totalUnits: Int? { nil }
      func next() -> PlanStep {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) > 0 else {
          waits.withLock { $0 += 1 }
          waits.wakeAll()
          return .waiting(descriptor: descriptor)
        }
        var byte: UInt8 = 0
        guard read(descriptor, &byte, 1) == 1 else { return .end }
        defer { number += 1 }
        return .unit(unit(number, .echo, source: .bytes([byte])))
      }
    }
    let plan = Plan(reader)
    let waits = plan.waits
    let thread = try WorkerThread {
      for byte in UInt8(1)...5 {
        // Only what was waited for tells whether the engine looks again.
        waits.wait { $0 >= Int(byte) ? () : nil }
        withUnsafeBytes(of: byte) { _ = write(writer, $0.baseAddress, 1) }
      }
      close(writer)
    }
    let (collector, _) = try run(contender.engine(), plan)
    thread.join()
    #expect(collector.sums == [1, 3, 5, 7, 9])
  }

  @Test(arguments: Contender.all) func `a tiny memory budget still lets one unit in at a time`(_ contender: Contender)
    throws
  {
    let units = (0..<20).map { unit($0, .echo, source: .bytes([1]), expectedInput: 1 << 40) }
    let (collector, _) = try run(contender.engine { $0.memory = 1 }, units)
    #expect(collector.sums.count == 20)
  }

  @Test(arguments: Contender.all) func `results that wait for an earlier one count towards the memory budget`(
    _ contender: Contender
  ) throws {
    /// Tells how far it was asked while the first unit was under way.
    final class Plan: UnitPlan {
      let marker: FilePath
      var number = 0
      var askedMeanwhile = 0
      init(_ marker: FilePath) { self.marker = marker }
      var totalUnits: Int? { 300 }
      func next() -> PlanStep {
        defer { number += 1 }
        if number == 300 { return .end }
        if access(marker.string, F_OK) != 0 { askedMeanwhile = number }
        return .unit(number == 0 ? unit(0, .waitFor(marker)) : unit(number, .tell(1 << 18)))
      }
    }
    let folder = TemporaryFolder()
    let plan = Plan(folder.file("go on"))
    let thread = try WorkerThread {
      usleep(300_000)
      _ = try? folder.write("go on", [])
    }
    let (collector, record) = try run(contender.engine { $0.memory = 2 << 20 }, plan)
    thread.join()
    #expect(record.unitsDone == 300 && collector.numbers == Array(0..<300))
    // The budget holds eight; the others were handed out before it was known how much they would tell.
    #expect(plan.askedMeanwhile < 250)
  }

  @Test(arguments: Contender.all) func `a unit that asks its deadline ends when its time is up`(
    _ contender: Contender
  ) throws {
    let folder = TemporaryFolder()
    let units = [unit(0, .waitFor(folder.file("never"))), unit(1, .echo, source: .bytes([1]))]
    let (collector, record) = try run(contender.engine { $0.timeout = .milliseconds(500) }, units)
    #expect(collector.failure(0)?.kind == .timedOut)
    #expect(collector.sums[1] == 2)
    #expect(record.unitsFailed == 1)
  }

  @Test(arguments: Contender.all) func `a stop request ends the batch and what runs is whole`(_ contender: Contender)
    throws
  {
    try StopSignals.install()
    defer { StopSignals.reset() }
    final class Stopper: Observer {
      private var ended = 0
      func unitEnded(_ unit: Unit, _ record: UnitRecord) {
        ended += 1
        if ended == 5 { StopSignals.request(SIGTERM) }
      }
    }
    let folder = TemporaryFolder()
    let units = (0..<5000).map { number in
      let target = Destination(path: folder.file("\(number)"), replacesExisting: false)
      return unit(number, .produce(1000), sink: .file(target))
    }
    let (collector, record) = try run(contender.engine(), units, observer: Stopper())
    #expect(record.ending == .signalled(SIGTERM))
    #expect(record.unitsDone < 5000)
    #expect(record.unitsFailed == 0)
    let files = try folder.contents()
    #expect(files.count == collector.numbers.count)
    #expect(files.allSatisfy { $0.value.count == 1000 })
  }

  /// Small and large ones, and one of a unit that fails halfway.
  @Test(arguments: Contender.all) func `what units write for the fold comes to it whole`(_ contender: Contender) throws
  {
    let sizes = [5_000_000, 2, 1, 70_000, 3_000_001, 4095, 9_000_000]
    var units = sizes.enumerated().map { unit($0, .produce($1), sink: .fold) }
    units.append(unit(units.count, .fail("it is bad"), sink: .fold))
    let (collector, record) = try run(contender.engine(), units)
    let expected = sizes.enumerated().map { Bytes(repeating: UInt8($0), count: $1) }
    #expect(collector.outputs == expected + [[]])
    #expect(collector.failure(sizes.count)?.reason == "it is bad")
    // No result that anybody sees.
    #expect(record.bytesOut == 0 && record.unitsDone == sizes.count)
  }

  @Test(arguments: Contender.all) func `outputs that cannot be made fail their units`(_ contender: Contender) throws {
    let units = (0..<100).map { number in
      let target = Destination(path: FilePath("/proc/lanes/\(number)"), replacesExisting: false)
      return unit(number, .produce(10), sink: .file(target))
    }
    let (collector, record) = try run(contender.engine(), units)
    #expect(collector.outcomes.count == 100)
    #expect(collector.outcomes.indices.allSatisfy { collector.failure($0)?.kind == .output })
    #expect(record.unitsDone == 0)
  }

  @Test(arguments: Contender.all) func `no descriptor, thread or child is left`(_ contender: Contender) throws {
    let folder = TemporaryFolder()
    let input = try folder.write("in", Bytes(repeating: 1, count: 1000))
    let units = (0..<50).map { unit($0, .echo, source: .file(input), expectedInput: 1000) }
    _ = try run(contender.engine(), units)
    let before = (openDescriptorCount(), threadCount())
    let children = childProcesses()
    let leaked = open("/dev/null", O_RDONLY)
    #expect(openDescriptorCount() == before.0 + 1, "the count sees a leak")
    close(leaked)
    _ = try run(contender.engine(), units)
    #expect(openDescriptorCount() == before.0)
    #expect(threadCount() <= before.1)
    #expect(childProcesses() == children)
  }

  private func threadCount() -> Int { ProcessFile("/proc/self/status")?.number(after: "Threads:") ?? 0 }
}
