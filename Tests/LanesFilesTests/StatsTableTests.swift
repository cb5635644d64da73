import LanesCore
import LanesFiles
import LanesTesting
import Testing

@Suite struct StatsTableTests {
  /// Tables that ask for every path through the kernels and beside them.
  static let tables: [(name: String, text: String)] = [
    ("nothing", ""), ("one line", "a;1\n"), ("no end", "a;1\nb;2.5"), ("CR LF", "a;1\r\nb;-2.5\r\na;.5\r\n"),
    ("empty lines", "\n\na;1\n\n\r\nb;2\n\n"), ("empty fields", "a;\n;1\n;\nb;2\n"),
    ("quotes", "\"a;b\";1\n\"say \"\"so\"\"\";2\na;\"3\"\nin\"side;4\n"),
    ("more columns", "a;1;x;y\nb;2;\nc;3;;;;\n"), ("places", "a;1\na;1.5\na;1.25\nb;0.0001\nb;1e2\na;7\n"),
    (
      "long keys",
      "0123456789abcdefXY;1\n0123456789abcdefXZ;2\n0123456789abcdef;3\n0123456789abcde;4\n0123456789abcdefXY;5\n"
    ),
    ("signs", "a;-1\na;+1\na;-0.5\na;12345678\na;-1234567\na;1234567.8\n"),
    ("sixteen", "a;1234567890123456\na;-123456789012345.6\na;0.12345678901234\n"),
  ]

  private func longestLine(_ text: String) -> Int {
    (text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map(\.count).max() ?? 0) + 1
  }

  @Test(arguments: tables.indices) func `slices, kernels and divisions of work change nothing`(index: Int) {
    let text = Self.tables[index].text
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    for by in [ColumnChoice.number(1), nil] {
      var runner = StatsRunner()
      runner.by = by
      runner.level = 0
      let expected = runner.run([path])
      #expect(expected.failures == [])
      for level in KernelTests.levels {
        runner.level = level
        for size in [nil, 1, 2, 3] + (longestLine(text)...longestLine(text) + 5).map(Int?.init) {
          runner.sliceBytes = size
          for split in StatsSplit.allCases {
            runner.split = split
            #expect(runner.run([path]) == expected, "\(Self.tables[index].name), \(size ?? 0), \(level)")
          }
        }
      }
    }
  }

  @Test func `known tables have known rows`() {
    func rows(_ name: String) -> [String] { StatsRunner().run(text: Self.tables.first { $0.name == name }!.text).rows }
    #expect(rows("CR LF") == ["a 2 1.5 0.5 1 0.75 0.3535533905932738", "b 1 -2.5 -2.5 -2.5 -2.5 -"])
    #expect(rows("empty fields") == [" 1 1 1 1 1.0 -", "a 0 0 - - - -", "b 1 2 2 2 2.0 -"])
    #expect(
      rows("quotes") == ["a 1 3 3 3 3.0 -", "a;b 1 1 1 1 1.0 -", "in\"side 1 4 4 4 4.0 -", "say \"so\" 1 2 2 2 2.0 -"])
    #expect(rows("nothing") == [])
    var whole = StatsRunner()
    whole.by = nil
    #expect(whole.run(text: "").rows == [" 0 0 - - - -"])
  }

  @Test func `the line that is bad has its number, wherever slices end`() {
    let directory = TemporaryDirectory()
    let lines = (1...300).map { "key\($0 % 7);\($0)" }
    for (bad, reason) in [
      ("x;y", "\"y\" is not a number"), ("x", "it has 1 column, and column 2 is asked for"),
      ("\"x;1", "a quotation mark is not closed on the line; add --csv for fields of several lines"),
      ("\"x\"y;1", "text follows a closing quotation mark"),
    ] {
      for position in [1, 2, 150, 300] {
        var changed = lines
        changed[position - 1] = bad
        changed[299] = position == 300 ? bad : "later;is bad too"
        let path = directory.write("table", Bytes(changed.joined(separator: "\n").utf8))
        for level in KernelTests.levels {
          for size in [nil, 10, 64, 1000] {
            for split in StatsSplit.allCases {
              let result = StatsRunner(split: split, sliceBytes: size, level: level).run([path])
              #expect(result.failures == ["table: line \(position): \(reason)"])
              #expect(result.rows == [])
            }
          }
        }
      }
    }
  }

  @Test func `tables grow with their groups`() {
    var text = ""
    var expected: [String: (count: Int, sum: Int)] = [:]
    var random = Repeatable(state: 21)
    for _ in 0..<60_000 {
      let number = Int.random(in: -50_000...50_000, using: &random)
      let group = Int.random(in: 0..<9_000, using: &random)
      let key = group % 3 == 0 ? "a key of more than sixteen bytes \(group)" : "\(group)"
      text += "\(key);\(number)\n"
      expected[key, default: (0, 0)].count += 1
      expected[key]!.sum += number
    }
    for level in KernelTests.levels {
      let rows = StatsRunner(sliceBytes: 1 << 20, level: level).run(text: text).rows
      #expect(rows.count == expected.count)
      let sums = Set(rows.map { $0.split(separator: " ").dropLast(4).joined(separator: " ") })
      #expect(sums == Set(expected.map { "\($0) \($1.count) \($1.sum)" }))
    }
  }

  /// A new group beside a line for the parser made the table double once, and a few dozen of them took all memory.
  @Test func `lines for the parser leave the table as it is`() {
    let text = (0..<300).map { "plain\($0);\($0)\nother\($0);\"\($0)\"\n" }.joined()
    for level in KernelTests.levels {
      let rows = StatsRunner(level: level).run(text: text).rows
      #expect(rows.count == 600)
      #expect(rows.contains("plain7 1 7 7 7 7.0 -") && rows.contains("other7 1 7 7 7 7.0 -"))
    }
  }

  @Test func `columns have names in each file's own order`() {
    let directory = TemporaryDirectory()
    let first = directory.write("first", Bytes("name,value\na,1\nb,2\n".utf8))
    let second = directory.write("second", Bytes("value,\"na\"\"me\",name\r\n3,x,a\r\n".utf8))
    let third = directory.write("third", Bytes("other\n1\n".utf8))
    var runner = StatsRunner(
      delimiter: UInt8(ascii: ","), column: .named("value"), by: .named("name"), hasHeader: true)
    for size in [nil, 1, 7, 30] {
      runner.sliceBytes = size
      let result = runner.run([first, second, third])
      #expect(result.rows == ["a 2 4 1 3 2.0 1.4142135623730951", "b 1 2 2 2 2.0 -"])
      #expect(result.failures == ["third: it has no column \"name\"; its header has other"])
    }
    runner.column = .named("2")
    #expect(runner.run([first]).rows.count == 2)
  }

  @Test func `a file that fails counts for nothing`() {
    let directory = TemporaryDirectory()
    let good = directory.write("good", Bytes("a;1\n".utf8))
    let bad = directory.write("bad", Bytes("a;100\na;x\n".utf8))
    let result = StatsRunner(sliceBytes: 3).run([bad, good, directory.path + "/missing", good])
    #expect(result.rows == ["a 2 2 1 1 1.0 0.0"])
    #expect(result.failures == ["bad: line 2: \"x\" is not a number", "missing: no such file or directory"])
  }

  @Test func `lines longer than any window are read`() {
    let key = String(repeating: "k", count: 20_000)
    let text = "a;1\n\(key);2\n\(key);3\nb;\(String(repeating: "0", count: 10_000))4\n"
    for level in KernelTests.levels {
      #expect(StatsRunner(level: level).run(text: text).rows.map { $0.split(separator: " ")[2] } == ["1", "4", "5"])
    }
  }
}
