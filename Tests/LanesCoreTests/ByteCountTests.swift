import LanesCore
import Testing

@Suite struct ByteCountTests {
  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1 << 20, "1.0 MiB"), (1_572_864, "1.5 MiB"),
    (99 << 30, "99.0 GiB"), (100 << 30, "100 GiB"), ((1 << 40) - 1, "1.0 TiB"), (7_000_000_000_000, "6.4 TiB"),
    (Int.max, "8192 PiB"),
  ]) func `bytes are told as people read them`(_ bytes: Int, _ text: String) {
    #expect(ByteCount.text(bytes) == text)
  }
}
