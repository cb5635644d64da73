import Glibc
import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

@Suite struct PlanTests {
  @Test func `a large file is cut at multiples of the slice size`() throws {
    let directory = TemporaryDirectory()
    let path = directory.write("large", Bytes(repeating: 0x20, count: 300_000))
    var settings = FilePlan.Settings()
    settings.sliceBytes = 131_072
    let units = CountRunner([path], settings: settings).units
    #expect(units.map(\.number) == [0, 1, 2])
    let slices = units.compactMap { if case .slice(let slice) = $0.source { slice } else { nil } }
    #expect(slices.map(\.offset) == [0, 131_072, 262_144])
    #expect(slices.map(\.length) == [131_072, 131_072, 37_856])
    #expect(units.map(\.expectedInput) == slices.map(\.length))
  }

  @Test func `small and empty files are read whole`() {
    let directory = TemporaryDirectory()
    let small = directory.write("small", [0x61])
    let empty = directory.write("empty", [])
    let units = CountRunner([small, empty, "/proc/self/status"]).units
    #expect(units.map(\.source) == [.file(FilePath(small)), .file(FilePath(empty)), .file("/proc/self/status")])
    #expect(units.map(\.expectedInput) == [1, 0, 0])
  }

  @Test func `failures name their reason and the rest is counted`() {
    let directory = TemporaryDirectory()
    let file = directory.write("file", Bytes("a b\n".utf8))
    let run = CountRunner(["\(directory.path)/missing", directory.path, file])
    #expect(
      run.rows.map { $0.failure?.reason } == [
        "no such file or directory", "it is a directory (add -r to walk it)", nil,
      ])
    #expect(run.rows.map(\.isShown) == [false, true, true])
    #expect(run.total == Counts(lines: 1, words: 2, bytes: 4))
  }

  @Test func `a walk counts every file in byte order`() {
    let directory = TemporaryDirectory()
    directory.write("b", Bytes("1\n".utf8))
    directory.write("a", Bytes("1\n2\n".utf8))
    mkdir("\(directory.path)/c", 0o755)
    directory.write("c/d", Bytes("1\n2\n3\n".utf8))
    mkfifo("\(directory.path)/pipe", 0o600)
    let run = CountRunner([directory.path], columns: .lines, settings: .init(recursive: true))
    let text = String(decoding: run.text, as: UTF8.self)
    let root = directory.path
    #expect(text == "      2 \(root)/a\n      1 \(root)/b\n      3 \(root)/c/d\n      6 total\n")
  }

  @Test func `a pipe is waited for and read to its end`() {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/pipe"
    mkfifo(path, 0o600)
    let plan = FilePlan([.path(FilePath(path))])
    guard case .waiting(let descriptor) = plan.next() else {
      Issue.record("a pipe without a writer is not waited for")
      return
    }
    let writer = open(path, O_WRONLY)
    guard case .waiting(descriptor) = plan.next() else {
      Issue.record("an empty pipe is not waited for")
      return
    }
    write(writer, "one two\n", 8)
    guard case .waiting = plan.next() else {
      Issue.record("a unit was made of a part that could still grow")
      return
    }
    close(writer)
    guard case .unit(let unit) = plan.next(), case .end = plan.next() else {
      Issue.record("the end of the pipe makes the last unit")
      return
    }
    #expect(unit.source == .bytes(Bytes("one two\n".utf8)))
  }

  @Test func `a pipe longer than a chunk makes several units`() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/pipe"
    let large = directory.write("large", Repeatable.text(100_000))
    mkfifo(path, 0o600)
    _ = RealWc.output(of: "{ cat \(large) > \(path); } >/dev/null 2>&1 &")
    var settings = FilePlan.Settings()
    settings.chunkBytes = 30_000
    let run = CountRunner([path], settings: settings)
    #expect(run.units.map(\.expectedInput) == [30_000, 30_000, 30_000, 10_000])
    #expect(run.rows.map(\.partial.counts) == [reference(Repeatable.text(100_000)).counts])
  }

  @Test func `the first failing slice fails its input once`() throws {
    let directory = TemporaryDirectory()
    let path = directory.write("large", Bytes(repeating: 0x20, count: 300_000))
    var settings = FilePlan.Settings()
    settings.sliceBytes = 100_000
    let plan = FilePlan([.path(FilePath(path)), .path(FilePath(path))], settings: settings)
    var rows: [FileRow<CountPartial>] = []
    let fold = FileRows<CountPartial> { rows.append($0) }
    var number = 0
    while case .unit(let unit) = plan.next() {
      let isGood = number == 0 || number > 2
      fold.absorb(unit, isGood ? .done(CountPartial().wire) : .failed(UnitFailure(.crashed, "reason \(number)")))
      number += 1
    }
    #expect(rows.map { $0.failure?.reason } == ["reason 1", nil])
    #expect(fold.failedRows == 1)
  }

  @Test func `a workload comes back as it was described`() throws {
    var writer = WireWriter()
    CountWorkload(columns: [.lines, .bytes]).describe(to: &writer)
    var reader = WireReader(writer.bytes)
    #expect(try CountWorkload(from: &reader).columns == [.lines, .bytes])
  }
}

extension Repeatable {
  /// The same text every time.
  static func text(_ count: Int) -> Bytes {
    var random = Repeatable(state: 7)
    return random.bytes(count, flavour: 1)
  }
}
