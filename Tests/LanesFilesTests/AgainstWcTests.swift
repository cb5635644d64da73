import Glibc
import LanesCore
import LanesFiles
import LanesTesting
import Testing

/// What is printed is compared with the real `LC_ALL=C wc`.
@Suite struct AgainstWcTests {
  static let options: [(CountColumns, String)] = [
    (.all, ""), (.lines, "-l"), (.words, "-w"), (.bytes, "-c"), ([.lines, .bytes], "-lc"), ([.lines, .words], "-lw"),
    ([.words, .bytes], "-wc"),
  ]

  private func expectSame(_ words: [String], _ columns: CountColumns, _ option: String) {
    let quoted = words.map(RealWc.quoted).joined(separator: " ")
    let expected = RealWc.output(of: "wc \(option) \(quoted) 2>/dev/null")
    let got = CountRunner(words, columns: columns).text
    #expect(String(decoding: got, as: UTF8.self) == String(decoding: expected, as: UTF8.self), "wc \(option) \(quoted)")
  }

  @Test(arguments: Fixture.names) func `every fixture alone`(name: String) {
    for (columns, option) in Self.options { expectSame(["\(Fixture.folder)/\(name)"], columns, option) }
  }

  @Test func `tables of several inputs, present and missing`() {
    let files = Fixture.names.map { "\(Fixture.folder)/\($0)" }
    let directory = TemporaryDirectory()
    let large = directory.write("large", Bytes(repeating: 0x61, count: 1_234_567))
    for (columns, option) in Self.options {
      expectSame(files, columns, option)
      expectSame([files[0], files[0]], columns, option)
      expectSame([files[0], "\(directory.path)/missing/x"], columns, option)
      expectSame(["\(directory.path)/missing/x"], columns, option)
      expectSame([files[0], directory.path], columns, option)
      expectSame([directory.path], columns, option)
      expectSame([large], columns, option)
      expectSame([files[4], large, files[1]], columns, option)
      expectSame([files[4], "/dev/null"], columns, option)
      expectSame(["/dev/null"], columns, option)
      expectSame(["/proc/cpuinfo"], columns, option)
    }
  }

  @Test func `names that a line cannot hold`() {
    let directory = TemporaryDirectory()
    for name in ["a\nb", "\nb", "b\n", "it's\n\u{1}\u{1}é x", "\"q\"\t\n$", "it's plain", "tab\tbed"] {
      expectSame([directory.write(name, [0x61])], .all, "")
    }
  }

  @Test func `random bytes`() {
    let directory = TemporaryDirectory()
    var random = Repeatable(state: 6)
    for flavour in 0..<8 {
      let path = directory.write("random", random.bytes(300_000, flavour: flavour))
      expectSame([path], .all, "")
    }
  }

  @Test(arguments: Fixture.names) func `slices of every size give the same counts`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    let bytes = try #require(contents(of: path))
    for size in 1...max(min(bytes.count, 600), 1) {
      var settings = FilePlan.Settings()
      settings.sliceBytes = size
      settings.wholeBytes = 0
      let run = CountRunner([path], settings: settings)
      #expect(run.rows.map(\.partial.counts) == [reference(bytes).counts])
      #expect(run.units.count == max((bytes.count + size - 1) / size, 1))
    }
  }
}
