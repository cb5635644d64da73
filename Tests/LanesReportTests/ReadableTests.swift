import LanesCore
import LanesReport
import Testing

@Suite struct ReadableTests {
  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 << 29, "1.5 GiB"), (640 << 20, "640 MiB"),
    ((1 << 20) - 1, "1.0 MiB"), (5 << 50, "5.0 PiB"), (102_349, "100 KiB"),
  ])
  func `bytes are rounded to what the eye takes in`(bytes: Int, text: String) {
    #expect(Readable.bytes(bytes) == text)
  }

  @Test(arguments: [
    (Int64(0), "0 ns"), (850, "850 ns"), (1_200, "1.20 µs"), (12_300_000, "12.3 ms"), (1_240_000_000, "1.24 s"),
    (999_600_000, "1.00 s"), (59_940_000_000, "59.9 s"), (59_960_000_000, "1 min 0 s"), (125_000_000_000, "2 min 5 s"),
    (3_599_700_000_000, "1 h 0 min"), (11_520_000_000_000, "3 h 12 min"),
  ])
  func `durations keep three digits and never show sixty of anything`(nanoseconds: Int64, text: String) {
    #expect(Readable.duration(nanoseconds: nanoseconds) == text)
    #expect(Readable.duration(.nanoseconds(nanoseconds)) == text)
  }

  @Test(arguments: [
    (Int64(0), "0s"), (850, "850ns"), (12_300_000, "12.3ms"), (999_960_000, "1.00s"), (123_000_000_000, "123s"),
    (1_025_000_000_000, "17m05s"), (5_999_000_000_000, "99m59s"), (11_520_000_000_000, "3h12m"),
  ])
  func `short durations fit six characters`(nanoseconds: Int64, text: String) {
    #expect(Readable.shortDuration(nanoseconds: nanoseconds) == text)
    #expect(text.count <= 6)
  }

  @Test(arguments: [
    (0, "0", "0"), (999, "999", "999"), (1_234, "1.2k", "1.2K"), (9_960, "10k", "9.7K"), (999_499, "999k", "976K"),
    (999_600, "1.0M", "976K"), (3_400_000, "3.4M", "3.2M"), (1_023_999, "1.0M", "1.0M"), (12_000_000_000, "12G", "11G"),
  ])
  func `short counts step by 1000 and short bytes by 1024`(value: Int, count: String, bytes: String) {
    #expect(Readable.shortCount(value) == count)
    #expect(Readable.shortBytes(value) == bytes)
  }

  @Test func `counts have thousands separators`() {
    #expect(Readable.count(0) == "0")
    #expect(Readable.count(999) == "999")
    #expect(Readable.count(-1_234_567) == "-1,234,567")
    #expect(Readable.count(UInt64.max) == "18,446,744,073,709,551,615")
    #expect(Readable.count(Int64.min) == "-9,223,372,036,854,775,808")
  }

  @Test func `decimals are rounded half away from zero and keep their digits`() {
    #expect(Readable.fixed(1.005, digits: 1) == "1.0")
    #expect(Readable.fixed(0.25, digits: 1) == "0.3")
    #expect(Readable.fixed(-0.04, digits: 1) == "0.0")
    #expect(Readable.fixed(-2.5, digits: 0) == "-3")
    #expect(Readable.fixed(.nan, digits: 2) == "–")
    #expect(Readable.fixed(.infinity, digits: 0) == "–")
    #expect(Readable.percent(0.974) == "97%")
  }

  @Test(arguments: [
    (2048, 1024, "2.0 KiB to 1.0 KiB (50% saved)"), (2048, 2048, "2.0 KiB to 2.0 KiB (nothing saved)"),
    (1000, 997, "1000 B to 997 B (less than 1% saved)"), (100_000, 1, "97.7 KiB to 1 B (over 99% saved)"),
    (100, 0, "100 B to 0 B (100% saved)"), (1000, 1001, "1000 B to 1001 B (less than 1% more)"),
    (1000, 1990, "1000 B to 1.9 KiB (99% more)"), (100, 250, "100 B to 250 B (2.5 times as much)"),
    (10, 1000, "10 B to 1000 B (100 times as much)"), (0, 0, "0 B to 0 B (nothing saved)"), (0, 5, "0 B to 5 B (more)"),
  ]) func `bytes before and after are compared`(before: Int, after: Int, text: String) {
    #expect(Readable.change(from: before, to: after) == text)
  }

  @Test func `nouns follow their number`() {
    #expect(Readable.counted(0, "unit") == "no units")
    #expect(Readable.counted(1, "unit") == "1 unit")
    #expect(Readable.counted(1_200, "switch", "switches") == "1,200 switches")
  }

  @Test func `durations beyond the range of nanoseconds are held at its ends`() {
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
  }
}
