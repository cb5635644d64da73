import LanesCore
import LanesFiles
import Testing

@Suite struct StatsNumberTests {
  private func column(_ lines: [String]) -> StatsRunner.Result {
    var runner = StatsRunner()
    runner.column = .number(1)
    runner.by = nil
    return runner.run(text: lines.map { $0 + "\n" }.joined())
  }

  @Test(arguments: [
    ("1.50", "1.5"), ("-0.0", "0"), ("+7", "7"), (".5", "0.5"), ("5.", "5"), ("-.25", "-0.25"), ("1e3", "1000"),
    ("1E-3", "0.001"), (" 7\t", "7"), ("007", "7"), ("12345678901234567890", "12345678901234567890"),
    ("18446744073709551615", "18446744073709551615"), ("-9223372036854775808", "-9223372036854775808"),
    ("0.1234567890123456789012", "0.1234567890123456789"), ("9007199254740993", "9007199254740993"),
    ("1e300", "1e+300"), ("-2.5e-300", "-2.5e-300"), ("1234567890123456", "1234567890123456"),
    ("123456789012345.6", "123456789012345.6"), ("0.000000000000001", "0.000000000000001"), ("0e999", "0"),
  ]) func `a number is taken as it is written`(text: String, expected: String) {
    let result = column([text])
    #expect(result.failures == [])
    let cells = result.rows.first?.split(separator: " ", omittingEmptySubsequences: false).map(String.init) ?? []
    #expect(cells.count == 7 && cells[1] == "1" && cells[2...4].allSatisfy { $0 == expected }, "\(result.rows)")
  }

  @Test(arguments: [
    "abc", "1.2.3", "--1", "1e", "1e999", "inf", "nan", "0x10", "1_000", "-", ".", "1 2", "1-", "e5", "1,5", "-.",
    "+-3",
    "12345678x", "1234567890123456x",
  ]) func `what is no number names its line`(text: String) {
    for before in [0, 1, 40] {
      let result = column(Array(repeating: "1.5", count: before) + [text] + ["2"])
      #expect(result.failures == ["table: line \(before + 1): \"\(text)\" is not a number"])
    }
  }

  /// Expected values: exact fractions of Python, each rounded to a double once.
  @Test func `sums are exact, mean and deviation are rounded once`() {
    let numbers: [(String, [String])] = [
      ("a", Array(repeating: "0.1", count: 10)), ("b", ["1e100", "1", "-1e100", "2.5"]),
      ("c", ["123456789012.25", "-3", "1e-9", "12345678901234567890", "0.5"]), ("d", ["1e-100", "3e-100"]),
      ("e", ["99.9", "-99.9", "0.0", "12.3", "-0.1"]), ("f", ["9007199254740993", "9007199254740993", "1"]),
      ("g", ["0.3", "0.1"]), ("h", Array(repeating: "9999999999999999", count: 2000) + ["1", "-5"]),
      ("i", ["", "4", ""]),
      ("k", [""]),
    ]
    var text = ""
    // One line of each group in turn, so that sums of different places and sizes meet.
    for index in 0..<2002 {
      for (key, values) in numbers where index < values.count { text += "\(key);\(values[index])\n" }
    }
    let expected = [
      "a 10 1 0.1 0.1 0.1 0.0", "b 4 3.5 -1e+100 1e+100 0.875 8.164965809277261e+99",
      "c 5 12345679024691356899.750000001 -3 12345678901234567890 2.469135804938271e+18 5.521155436506193e+18",
      "d 2 4e-100 1e-100 3e-100 2e-100 1.414213562373095e-100",
      "e 5 12.2 -99.9 99.9 2.44 70.85469638633701",
      "f 3 18014398509481987 1 9007199254740993 6004799503160662.0 5200308914369308.0",
      "g 2 0.4 0.1 0.3 0.2 0.1414213562373095",
      "h 2002 19999999999999997996 -5 9999999999999999 9.99000999000999e+15 315990782797051.8",
      "i 1 4 4 4 4.0 -", "k 0 0 - - - -",
    ]
    for level in KernelTests.levels {
      var runner = StatsRunner()
      runner.level = level
      #expect(runner.run(text: text).rows == expected)
      runner.split = .tasks
      #expect(runner.run(text: text).rows == expected)
    }
  }

  /// Squares of 32 bits overflow 64 bits with every other number; the deviation lies in what is left of them.
  @Test func `sums of large squares carry`() {
    let text = (0..<2000).map { "\($0 % 2);\($0 % 4 < 2 ? 4_294_967_295 : 4_294_960_000)\n" }.joined()
    for level in KernelTests.levels {
      var runner = StatsRunner()
      runner.level = level
      let row = "1000 4294963647500 4294960000 4294967295 4294963647.5 3649.325118953342"
      #expect(runner.run(text: text).rows == ["0 \(row)", "1 \(row)"])
    }
  }
}
