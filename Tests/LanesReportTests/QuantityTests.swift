import LanesReport
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    ("0", 0), ("1000", 1000), ("512k", 512 * 1024), ("64M", 64 << 20), ("1.5GiB", 3 << 29), ("1.5 gib", 3 << 29),
    ("2KB", 2000), ("3Ki", 3072), ("10B", 10), ("1e6", 1_000_000), ("1_000", 1000), ("0.3K", 307), ("2T", 2 << 40),
    ("1P", 1 << 50), ("9223372036854775807", Int.max),
  ])
  func `sizes are read as bytes`(text: String, bytes: Int) throws {
    #expect(try Quantity.size(text) == bytes)
  }

  @Test(arguments: [
    ("", QuantityError.Problem.malformed(expected: "a size such as 64M or 1.5GiB")),
    ("M", .malformed(expected: "a size such as 64M or 1.5GiB")), ("-1M", .negative),
    ("8192P", .tooLarge(limit: "2^63-1 bytes")), ("9223372036854775808", .tooLarge(limit: "2^63-1 bytes")),
    ("1.M", .malformed(expected: "a size such as 64M or 1.5GiB")),
    ("12x", .unknownUnit("x", known: "K, M, G, T or P, with iB or B behind it if you like")),
    ("1e6e", .unknownUnit("e", known: "K, M, G, T or P, with iB or B behind it if you like")),
  ])
  func `sizes that cannot be are refused with a reason`(text: String, problem: QuantityError.Problem) {
    #expect(throws: QuantityError(text, problem)) { try Quantity.size(text) }
  }

  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("2s", .seconds(2)), ("1m", .seconds(60)), ("1.5h", .seconds(5400)),
    ("1d", .seconds(86_400)), ("250us", .microseconds(250)), ("1.5µs", .nanoseconds(1500)), ("7ns", .nanoseconds(7)),
    ("3", .seconds(3)), ("0.5", .milliseconds(500)), (" 2 min ", .seconds(120)),
    ("1.23456789012s", .nanoseconds(1_234_567_890)),
  ])
  func `durations are read to the nanosecond`(text: String, duration: Duration) throws {
    #expect(try Quantity.duration(text) == duration)
  }

  @Test(arguments: ["", "s", "-1s", "2 weeks", "1:30", "300000d", "1e400s"])
  func `durations that cannot be are refused`(text: String) {
    #expect(throws: QuantityError.self) { try Quantity.duration(text) }
  }

  @Test(arguments: [
    ("0", UInt64(0)), ("123", 123), ("10_000", 10_000), ("1e9", 1_000_000_000), ("1.5e3", 1500), ("2^32", 1 << 32),
    ("1e12+1e8", 1_000_100_000_000), ("2^64-1", .max), ("18446744073709551615", .max),
    ("1e19+1", 10_000_000_000_000_000_001),
    ("9007199254740993", 9_007_199_254_740_993), ("1E+3", 1000), ("10e-1", 1), ("0e99", 0), ("0^0", 1), ("7^0", 1),
    ("0^5", 0), ("1^1e9", 1), ("10^19", 10_000_000_000_000_000_000), (" 2 ^ 4 - 1 ", 15), ("1-2+5", 4), ("1.50e1", 15),
    ("1e20-1e20", 0),
  ])
  func `counts are read without rounding`(text: String, count: UInt64) throws {
    #expect(try Quantity.count(text) == count)
  }

  @Test(arguments: [
    ("2^64", QuantityError.Problem.tooLarge(limit: "2^64-1")), ("18446744073709551616", .tooLarge(limit: "2^64-1")),
    ("1e99999999999999999999", .tooLarge(limit: "2^64-1")), ("2^1000", .tooLarge(limit: "2^64-1")),
    (String(repeating: "9", count: 100), .tooLarge(limit: "2^64-1")), ("-5", .negative), ("1-2", .negative),
    ("1.5", .notWhole), ("1e-1", .notWhole), ("2^0.5", .notWhole),
  ])
  func `counts that cannot be are refused with a reason`(text: String, problem: QuantityError.Problem) {
    #expect(throws: QuantityError(text, problem)) { try Quantity.count(text) }
  }

  @Test(arguments: [
    "", "abc", "12abc", "1e", "1__0", "_1", "1_", "1+", "+1", "2^", "2^^2", "1e9 1", "0x10", "٣", "1,000",
  ])
  func `counts that are not written like one are refused`(text: String) {
    let expected = "a whole number such as 10_000, 1e9, 2^32 or 1e12+1e8"
    #expect(throws: QuantityError(text, .malformed(expected: expected))) { try Quantity.count(text) }
  }

  @Test func `a reason is one sentence that names what was typed`() {
    let error = #expect(throws: QuantityError.self) { try Quantity.count("2^64") }
    #expect(error?.reason == "\"2^64\" is too large: the limit is 2^64-1")
  }
}
