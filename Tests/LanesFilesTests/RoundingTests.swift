import LanesCore
import LanesFiles
import Testing

@Suite struct RoundingTests {
  private func row(_ numbers: [String], decimals: Int, _ change: (inout StatsRunner) -> Void = { _ in }) -> String {
    var runner = StatsRunner()
    runner.column = .number(1)
    (runner.by, runner.decimals) = (nil, decimals)
    change(&runner)
    return runner.run(text: numbers.map { $0 + "\n" }.joined()).rows.first ?? ""
  }

  /// Expected: Python's decimal, mean and deviation with 200 digits, each rounded by floor(x * 10^N + 1/2).
  @Test(arguments: [
    (["17.9", "18.0"], 1, "2 35.9 17.9 18.0 18.0 0.1"), (["-17.9", "-18.0"], 1, "2 -35.9 -18.0 -17.9 -17.9 0.1"),
    (["-9"], 1, "1 -9.0 -9.0 -9.0 -9.0 -"), (["0.5", "1.5", "-0.5", "-1.5"], 0, "4 0 -1 2 0 1"),
    (["2.5"], 0, "1 3 3 3 3 -"),
    (["-2.5"], 0, "1 -2 -2 -2 -2 -"), (["-0.04", "0.0"], 1, "2 0.0 0.0 0.0 0.0 0.0"),
    (["-0.05"], 1, "1 0.0 0.0 0.0 0.0 -"),
    (["-0.050001"], 1, "1 -0.1 -0.1 -0.1 -0.1 -"), (["1", "2", "2"], 3, "3 5.000 1.000 2.000 1.667 0.577"),
    (
      ["1e30", "1", "-1e-30"], 2,
      "3 \(1e30.digits(1)).00 0.00 \(1e30.digits(0)).00 333333333333333333333333333333.67 577350269189625764509148780501.67"
    ),
    (
      ["18446744073709551615", "18446744073709551614", "3"], 1,
      "3 36893488147419103232.0 3.0 18446744073709551615.0 12297829382473034410.7 10650232656628343398.5"
    ),
    (
      ["0.1", "0.2", "0.4"], 20,
      "3 0.70000000000000000000 0.10000000000000000000 0.40000000000000000000 0.23333333333333333333 0.15275252316519466689"
    ),
    (
      ["1e-40", "3e-40"], 40,
      "2 0.\(String(repeating: "0", count: 39))4 0.\(String(repeating: "0", count: 39))1 0.\(String(repeating: "0", count: 39))3 0.\(String(repeating: "0", count: 39))2 0.\(String(repeating: "0", count: 39))1"
    ),
    (["5", "5"], 3, "2 10.000 5.000 5.000 5.000 0.000"), (["1e3", "2e3"], 1, "2 3000.0 1000.0 2000.0 1500.0 707.1"),
  ]) func `numbers are rounded once, halves up`(numbers: [String], decimals: Int, expected: String) {
    #expect(row(numbers, decimals: decimals) == " " + expected)
    for split in StatsSplit.allCases {
      #expect(
        row(numbers, decimals: decimals) { ($0.split, $0.lanes, $0.sliceBytes) = (split, 3, 5) } == " " + expected)
    }
  }

  /// Texts of the shapes that the rules of the One Billion Row Challenge allow, with what its own program makes of them.
  @Test func `rows of the One Billion Row Challenge come out as its rules say`() {
    var runner = StatsRunner()
    runner.decimals = 1
    func rows(_ text: String) -> [String] {
      runner.run(text: text).rows.map {
        let cells = $0.split(separator: " ", omittingEmptySubsequences: false)
        let key = cells.dropLast(6).joined(separator: " ")
        return "\(key)=\(cells[cells.count - 4])/\(cells[cells.count - 2])/\(cells[cells.count - 3])"
      }
    }
    #expect(rows("ham;14.6\njel;-5.1\njel;-25.0\nham;14.7\n") == ["ham=14.6/14.7/14.7", "jel=-25.0/-15.0/-5.1"])
    #expect(rows("a;-99.9\na;99.9\nb;99.9\n") == ["a=-99.9/0.0/99.9", "b=99.9/99.9/99.9"])
    #expect(
      rows("\u{00C9};0.0\n\u{65E5}\u{672C} x;-0.1\n\u{65E5}\u{672C} x;0.0\n") == ["É=0.0/0.0/0.0", "日本 x=-0.1/0.0/0.0"])
    #expect(rows("-;1.0\n.;-1.0\n0;0.3\n0;0.2\n0;0.2") == ["-=1.0/1.0/1.0", ".=-1.0/-1.0/-1.0", "0=0.2/0.2/0.3"])
    #expect(rows("x;-0.2\nx;-0.1\nx;-0.1\nx;-0.2\n") == ["x=-0.2/-0.1/-0.1"])
    // Every mean of two tenths, by whole numbers: the sum of 2 tenths s has the mean s / 2, and half up that is (s + 1) / 2.
    let pairs = stride(from: -999, through: 999, by: 37).flatMap { one in [-999, -7, 0, 1, 500].map { (one, $0) } }
    func tenths(_ number: Int) -> String { "\(number < 0 ? "-" : "")\(abs(number) / 10).\(abs(number) % 10)" }
    for (one, other) in pairs {
      let (least, mean, most) = (min(one, other), (one + other + 1) >> 1, max(one, other))
      #expect(rows("k;\(tenths(one))\nk;\(tenths(other))\n") == ["k=\(tenths(least))/\(tenths(mean))/\(tenths(most))"])
    }
  }

  @Test func `a byte order mark belongs to no field`() {
    let mark = "\u{FEFF}"
    var runner = StatsRunner()
    #expect(runner.run(text: mark + "a;1\na;2\n").rows == ["a 2 3 1 2 1.5 0.7071067811865476"])
    (runner.hasHeader, runner.by, runner.column) = (true, .named("first"), .named("n"))
    for header in ["first;n", "\"first\";n", "first;\"n\"\r"] {
      #expect(runner.run(text: mark + header + "\nk;4\n").rows == ["k 1 4 4 4 4.0 -"], "\(header)")
    }
    (runner.hasHeader, runner.by, runner.column) = (false, nil, .number(1))
    #expect(runner.run(text: mark + "7\n").rows == [" 1 7 7 7 7.0 -"])
    #expect(runner.run(text: mark).failures == [])
    // Elsewhere it is text.
    #expect(runner.run(text: "1\n" + mark + "7\n").failures.count == 1)
  }
}

extension Double {
  /// The digits of a power of ten as a whole number, one added.
  fileprivate func digits(_ more: Int) -> String { "1" + String(repeating: "0", count: 29) + "\(more)" }
}
