import LanesCore
import LanesTesting
import Testing

@testable import LanesFiles

/// Tables whose fields hold newlines.
@Suite struct RecordTests {
  private func runner(_ sliceBytes: Int?) -> StatsRunner {
    var runner = StatsRunner(format: .records(delimiter: 0x2C))
    runner.sliceBytes = sliceBytes
    runner.percentiles = ["50"]
    return runner
  }

  /// Runs `text` whole and in slices of every size up to 40 bytes, which must make no difference.
  private func result(_ text: String, by: ColumnChoice? = .number(1), header: Bool = false) -> StatsRunner.Result {
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    var whole = runner(nil)
    whole.by = by
    whole.hasHeader = header
    let expected = whole.run([path])
    for size in [1, 2, 3, 4, 5, 8, 13, 40] {
      var sliced = whole
      sliced.sliceBytes = size
      sliced.split = size % 3 == 0 ? .tasks : .data
      sliced.lanes = size % 4 == 0 ? 3 : nil
      #expect(sliced.run([path]) == expected, "\(size): \(text.debugDescription)")
    }
    return expected
  }

  private func rows(_ text: String, by: ColumnChoice? = .number(1), header: Bool = false) -> [String] {
    let result = result(text, by: by, header: header)
    #expect(result.failures.isEmpty)
    // Key, count and sum.
    return result.rows.map { row in
      let cells = row.split(separator: " ", omittingEmptySubsequences: false)
      return cells.dropLast(5).joined(separator: " ")
    }
  }

  @Test(arguments: [
    ("a,1\na,2\n", ["a 2 3"]),
    ("\"a\nb\",1\n\"a\nb\",2", ["a\nb 2 3"]),
    ("\"a,b\",1\r\n\"a,b\",2\r\n", ["a,b 2 3"]),
    ("\"say \"\"no\"\"\n\",1\n", ["say \"no\"\n 1 1"]),
    ("\"\n\n\n\n\",1\n\n\nb,2\n", ["\n\n\n\n 1 1", "b 1 2"]),
    ("\"\",1\n,2\n", [" 2 3"]),
    ("a,\"1\"\na,\" 2 \"\na,\"\"\na,\n", ["a 2 3"]),
    ("5\" pipe,1\n5\" pipe,2\n", ["5\" pipe 2 3"]),
    ("\"a\r\nb\",1\r\n\"c\r\",2\r\n", ["a\r\nb 1 1", "c\r 1 2"]),
    ("\u{FEFF}\"a\nb\",1\n", ["a\nb 1 1"]),
    ("\"\"\"\",1\n\"\"\"\n\"\"\",2\n", ["\" 1 1", "\"\n\" 1 2"]),
    ("\",\n\",1\n\",\n\",2\n\",\n\",3\n", [",\n 3 6"]),
  ])
  func `fields are those of RFC 4180`(text: String, expected: [String]) { #expect(rows(text) == expected) }

  @Test func `a header may hold newlines too`() {
    let text = "\"the\nkey\",\"a \"\"number\"\"\"\nx,1\n\"y\nz\",2\n"
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    // The header is looked for in the first slice alone, which has 16 MiB of a file.
    for size in [nil, 28, 32] as [Int?] {
      var runner = runner(size)
      runner.hasHeader = true
      runner.by = .named("the\nkey")
      runner.column = .named("a \"number\"")
      let result = runner.run([path])
      #expect(result.failures.isEmpty && result.rows.count == 2, "\(result)")
    }
  }

  @Test(arguments: [
    ("a,1\n\"b,2\nc,3\n", "line 2: a quotation mark is not closed"),
    ("a,1\n\"b\nc\"x,2\n", "line 2: text follows a closing quotation mark"),
    ("a,1\n\"b\n\nc\",x\n", "line 2: \"x\" is not a number"),
    ("\"a\nb\",1\n\"c\nd\"\n", "line 3: it has 1 column, and column 2 is asked for"),
    ("\"a\nb\",1\nc,?\n", "line 3: \"?\" is not a number"),
    ("\"", "line 1: a quotation mark is not closed"),
  ])
  func `a bad record is named by the line it begins in`(text: String, expected: String) {
    let result = result(text)
    #expect(result.failures == ["table: " + expected])
  }

  @Test func `made-up tables give the same in slices of any size`() {
    var random = Repeatable(state: 21)
    let pieces = ["a", "\"\"", "\n", ",", "\r\n", " ", "b", "\"\"\"\"", "1"]
    for _ in 0..<40 {
      var text = ""
      for number in 0..<Int(random.next() % 12) + 1 {
        if random.next() % 3 == 0 {
          text += "k\(random.next() % 3),\(number)\n"
        } else {
          var field = ""
          for _ in 0..<random.next() % 5 { field += pieces[Int(random.next() % UInt64(pieces.count))] }
          text += "\"\(field)\",\(number)\(random.next() % 4 == 0 ? "\r" : "")\n"
        }
      }
      // Some of them get a quotation mark too many, and are then bad.
      if random.next() % 4 == 0 {
        let place = text.utf8.index(text.startIndex, offsetBy: Int(random.next() % UInt64(text.utf8.count)))
        if let place = place.samePosition(in: text) { text.insert("\"", at: place) }
      }
      _ = result(text)
    }
  }

  @Test func `a quotation mark that takes in a mebibyte is refused wherever slices end`() {
    let long = "\"" + String(repeating: "some text of no matter\n", count: 60_000) + "\",1\n"
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(("x,1\n" + long).utf8))
    for size in [nil, 100_000, 1_300_000] as [Int?] {
      #expect(
        runner(size).run([path]).failures == ["table: line 2: a quotation mark is not closed within 1 MiB"],
        "\(size ?? 0)")
    }
  }

  @Test func `long records follow each other for mebibytes`() {
    // The kernel is lent a mebibyte of lines at a time, beyond which records reach.
    let long = "\"\(String(repeating: "text of a line\n", count: 20_000))\",1\n"
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes((String(repeating: long, count: 9) + "x,bad\n").utf8))
    var runner = runner(nil)
    runner.by = nil
    for size in [nil, 700_000, 2_000_000] as [Int?] {
      runner.sliceBytes = size
      #expect(runner.run([path]).failures == ["table: line \(9 * 20_001 + 1): \"bad\" is not a number"])
    }
  }

  @Test func `tables without quotation marks are as they were`() {
    let text = (0..<3000).map { "k\($0 % 7),\($0)" }.joined(separator: "\n")
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    var plain = runner(nil)
    plain.format = .lines(delimiter: 0x2C)
    let expected = plain.run([path])
    #expect(expected.rows.count == 7)
    for size in [nil, 50, 4000] as [Int?] { #expect(runner(size).run([path]) == expected) }
  }

  @Test func `results that make no sense are refused`() throws {
    var random = Repeatable(state: 2)
    for _ in 0..<200 {
      var reader = WireReader(random.bytes(Int(random.next() % 80), flavour: 0))
      var joiner = RecordJoiner()
      let task = StatsTask(statistic: nil, column: 1, by: 0, skipsHeader: false, file: FileTask(row: 0, name: nil))
      _ = try? joiner.take(&reader, task, delimiter: 0x2C, before: 0, into: StatsTable(seed: 0, keeping: .exact))
    }
  }
}
