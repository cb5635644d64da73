import LanesCore
import LanesTesting
import Testing

@testable import LanesFiles

@Suite struct JSONLineTests {
  private func result(_ text: String, _ column: String, by: String? = nil, sliceBytes: Int? = nil) -> StatsRunner.Result
  {
    var runner = StatsRunner(column: .number(1), by: by.map { _ in .number(1) })
    runner.format = .jsonLines(column: JSONPath(column)!, by: by.map { JSONPath($0)! })
    runner.percentiles = ["50"]
    runner.sliceBytes = sliceBytes
    return runner.run(text: text)
  }

  /// Key, count and sum of each group.
  private func rows(_ text: String, _ column: String, by: String? = nil) -> [String] {
    let whole = result(text, column, by: by)
    #expect(whole.failures.isEmpty)
    for size in [1, 10, 50] { #expect(result(text, column, by: by, sliceBytes: size) == whole) }
    return whole.rows.map {
      $0.split(separator: " ", omittingEmptySubsequences: false).dropLast(5).joined(separator: " ")
    }
  }

  @Test(arguments: [
    (#"{"a":1}"#, "a", " 1 1"),
    (#"{"a":{"b":2.5}}"#, "a.b", " 1 2.5"),
    (#"{"a":[1,2,3]}"#, "a.2", " 1 3"),
    (#"{"a":[{"b":7}]}"#, "a.0.b", " 1 7"),
    (#"{"a":{"0":7}}"#, "a.0", " 1 7"),
    (#"[4,5]"#, "1", " 1 5"),
    (#"{"a.b":3,"a":{"b":9}}"#, #"a\.b"#, " 1 3"),
    (#"{"a\\b":3}"#, #"a\\b"#, " 1 3"),
    (#"{"\u0061":8}"#, "a", " 1 8"),
    (#"{"a":1,"a":2}"#, "a", " 1 2"),
    (#"{"a":{"b":1},"a":{}}"#, "a.b", " 0 0"),
    (#"{"a":{"b":1},"a":3}"#, "a.b", " 0 0"),
    (#"{"a":null}"#, "a", " 0 0"),
    (#"{"b":1}"#, "a", " 0 0"),
    ("{}", "a", " 0 0"),
    ("7", "a", " 0 0"),
    (" \t{ \"a\" : -1.5e2 , \"c\" : [ ] , \"d\" : { } } \r", "a", " 1 -150"),
    (#"{"x":"}\"{[","a":1}"#, "a", " 1 1"),
    (#"{"":{"":6}}"#, ".", " 1 6"),
  ])
  func `values are found at their paths`(text: String, path: String, expected: String) {
    #expect(rows(text, path) == [expected])
  }

  @Test func `lines are grouped by scalars`() {
    let text = #"""
      {"v":1,"k":"a"}
      {"v":2,"k":"\u0061"}

      {"v":3,"k":"\ud83d\ude00\n\"\/"}
      {"v":4,"k":"\ud83dx"}
      {"v":5,"k":true}
      {"v":6,"k":1.0}
      {"v":7,"k":null}
      {"v":8}
      {"k":"empty"}
      """#
    #expect(
      rows(text, "v", by: "k") == [
        " 2 15", "1.0 1 6", "a 2 3", "empty 0 0", "true 1 5", "\u{FFFD}x 1 4", "\u{1F600}\n\"/ 1 3",
      ])
  }

  @Test(arguments: [
    (#"{"a":"1"}"#, "a is a string, not a number"),
    (#"{"a":true}"#, "a is true or false, not a number"),
    (#"{"a":{}}"#, "a is an object, not a number"),
    (#"{"a":[]}"#, "a is an array, not a number"),
    (#"{"a":1e999}"#, "\"1e999\" is beyond what can be added up"),
    (#"{"a":1"#, "it is no JSON: it ends where a comma or } is missing"),
    (#"{"a" 1}"#, "it is no JSON: a colon is missing in column 6"),
    (#"{a:1}"#, "it is no JSON: a name in quotation marks is missing in column 2"),
    (#"{"a":01}"#, "it is no JSON: a comma or } is missing in column 7"),
    (#"{"a":1.}"#, "it is no JSON: a digit is missing in column 8"),
    (#"{"a":-}"#, "it is no JSON: a digit is missing in column 7"),
    (#"{"a":1e}"#, "it is no JSON: a digit is missing in column 8"),
    (#"{"a":nul}"#, "it is no JSON: a value is missing in column 6"),
    (#"{"a":+1}"#, "it is no JSON: a value is missing in column 6"),
    (#"{"a":1}{"#, "more text follows the value in column 8"),
    (#"{"a":1,}"#, "it is no JSON: a name in quotation marks is missing in column 8"),
    (#"[1,]"#, "it is no JSON: a value is missing in column 4"),
    (#"{"a":"\x"}"#, "it is no JSON: what a backslash may stand before is missing in column 8"),
    (#"{"a":"\u12"}"#, "it is no JSON: a hexadecimal digit is missing in column 11"),
    ("{\"a\":\"\t\"}", "it is no JSON: a control character stands in column 7"),
    (#"{"a":"x"#, "it is no JSON: it ends where a closing quotation mark is missing"),
  ])
  func `a bad line is named`(line: String, reason: String) {
    for size in [nil, 3] as [Int?] {
      #expect(result("{\"a\":1}\n" + line + "\n", "a", sliceBytes: size).failures == ["table: line 2: " + reason])
    }
  }

  @Test func `nesting is bounded`() {
    func nested(_ depth: Int) -> String {
      "{\"a\":1,\"b\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(rows(nested(JSONLine.deepest), "a") == [" 1 1"])
    #expect(
      result(nested(JSONLine.deepest + 1), "a").failures
        == ["table: line 1: values are nested deeper than 256 in column \(11 + JSONLine.deepest + 1)"])
    #expect(result(String(repeating: "[", count: 1_000_000), "a").failures.count == 1)
  }

  @Test func `an object cannot be a group`() {
    #expect(
      result(#"{"v":1,"k":[]}"#, "v", by: "k").failures
        == ["table: line 1: k is an array, by which lines cannot be grouped"])
  }

  @Test func `paths are names with points between them`() {
    for text in ["a", "a.b", #"a\.b"#, #"\\"#, ".", "a..b", "0"] { #expect(JSONPath(text) != nil, "\(text)") }
    for text in ["", #"a\"#, #"a\b"#] { #expect(JSONPath(text) == nil, "\(text)") }
    #expect(JSONPath(#"a\.b.c\\"#)?.steps.map { String(decoding: $0.name, as: UTF8.self) } == ["a.b", #"c\"#])
  }

  @Test func `any bytes are read or refused`() {
    var random = Repeatable(state: 17)
    let alphabet = Bytes(#"{}[]",:\u0a1e.-+tfn "#.utf8)
    for _ in 0..<3000 {
      let line = (0..<random.next() % 24).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
      line.withUnsafeBytes { _ = try? JSONLine($0, JSONPaths(JSONPath("a.0")!, JSONPath("u")!)) }
    }
  }
}
