import LanesCore
import LanesFiles
import LanesTesting
import Testing

/// The ways that kernels have for common lines, beside those that they have for all.
@Suite struct StatsKernelTests {
  private func expectSameRows(_ text: String, by: ColumnChoice? = .number(1)) {
    let directory = TemporaryDirectory()
    let path = directory.write("table", Bytes(text.utf8))
    let expected = StatsRunner(by: by, level: 0).run([path])
    #expect(expected.failures == [] && !expected.rows.isEmpty)
    for level in KernelTests.levels {
      for size in [nil, 100, 1000] {
        #expect(StatsRunner(by: by, sliceBytes: size, level: level).run([path]) == expected, "\(level), \(size ?? 0)")
      }
    }
  }

  /// Sixteen short numbers at a time, as long as all have the places that are kept; others join in here and there.
  @Test(arguments: [
    ["7", "-7", "42", "-42", "999", "-999", "9999", "-9999", "0", "-0", "0007"],
    ["1.5", "-1.5", "12.3", "-12.3", ".5", "-.5", "0.0", "99.9", "-99.9", "-0.1"],
    ["1.25", ".25", "-1.25", "-.25", "9.99", "-9.99", "0.00"], [".125", "-.125", ".999", "-.001", ".000"],
  ]) func `short numbers`(forms: [String]) {
    var random = Repeatable(state: 5)
    for others in [[], ["123.4", "-123.4", "12345", "1", "5.", "", "-1234567.8", "0.12345", "12345678901"]] {
      var text = ""
      for _ in 0..<1500 {
        let odd = !others.isEmpty && Int.random(in: 0..<20, using: &random) == 0
        text += "\(Int.random(in: 0..<9, using: &random));\((odd ? others : forms).randomElement(using: &random)!)\n"
      }
      expectSameRows(text)
      expectSameRows(text, by: nil)
    }
  }

  /// Up to 23 bytes stand in a group; what differs may be the first byte, the last or a zero byte behind the key.
  @Test func `keys of any length`() {
    var keys: [String] = []
    for length in 0...40 {
      let key = String("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH".prefix(length))
      keys += [key, key + "\0", "!" + key.dropFirst(), key.dropLast() + "~", key.dropLast() + "\u{FE}"]
    }
    var random = Repeatable(state: 6)
    let rows = (0..<6000).map { _ in
      "\(keys.randomElement(using: &random)!);\(Int.random(in: -50...50, using: &random))"
    }
    expectSameRows(rows.joined(separator: "\n"))
    #expect(StatsRunner().run(text: rows.joined(separator: "\n")).rows.count == Set(keys).count)
  }

  /// Numbers of 31 bits are added up beside those that have more. Expected values: Python's integers and fractions.
  @Test func `narrow and wide numbers of one group`() {
    let numbers = [
      "2147483647", "-2147483647", "2147483648", "-2147483648", "4294967295", "1", "2147483647", "99999999",
    ]
    let text = (0..<4000).map { "\($0 % 2);\(numbers[$0 / 2 % 8])\n" }.joined()
    for level in KernelTests.levels {
      let row = "2000 1635612735500 -2147483648 4294967295 817806367.75 2126699541.1571865"
      #expect(StatsRunner(level: level).run(text: text).rows == ["0 \(row)", "1 \(row)"])
    }
  }
}
