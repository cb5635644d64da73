import LanesCore
import Testing

@testable import LanesImages

/// Small files that would take gigabytes or minutes if everything in them were unfolded.
@Suite struct BombTests {
  /// Forty comments of 77 kB that unfold to 12 MB each.
  @Test func `texts are unfolded to a bounded sum, and all of them are kept`() throws {
    let text = deflated(count: 12_000_000)
    let comments = Bytes((0..<40).flatMap { _ in chunk("zTXt", Bytes("Comment\0\0".utf8) + text) })
    let png = withChunks(comments, in: try fixture("nuthatch-rgb.png"))
    let texts = try header(of: png).texts
    #expect(texts.comments.map(\.count) == [12_000_000])
    #expect(texts.blocks.count == 40)
    let result = try header(of: convert(png, options { $0.pngLevel = 1 }).output).texts
    #expect(result.blocks == texts.blocks)
  }

  @Test func `texts that nothing asks for stay folded`() throws {
    // Damaged inside, which nobody finds out.
    let text = Bytes("Title\0\0".utf8) + [0x78, 0x01, 0xFF, 0xFF]
    let texts = try header(of: withChunks(chunk("zTXt", text), in: fixture("nuthatch-rgb.png"))).texts
    #expect(texts.comments == [] && texts.blocks.map(\.bytes) == [text])
  }

  /// The data of the first scan is missing, which decoding would come upon before it has seen all scans.
  @Test func `scans are counted before the first is decoded`() throws {
    var jpeg = try fixture("dragonfly-progressive.jpg")
    let scans = (0..<jpeg.count - 1).filter { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA }
    let last = jpeg[scans.last!..<jpeg.count - 2]
    jpeg.insert(contentsOf: (scans.count...100).flatMap { _ in last }, at: jpeg.count - 2)
    let (first, header) = (scans[0], Int(jpeg[scans[0] + 2]) << 8 | Int(jpeg[scans[0] + 3]))
    jpeg.removeSubrange(first + 2 + header..<scans[1])
    for change: (inout ConvertOptions) -> Void in [
      { _ in }, { $0.resize = ResizeSpec("40x40") }, { $0.quality = 50 }, { $0.turn = .transposed },
      { $0.salvage = true },
    ] {
      let reason = "it is a progressive JPEG of more than 100 scans, which lanes cannot read"
      #expect(failure(of: jpeg, options(change)) == UnitFailure(.rejected, reason))
    }
  }
}

/// zlib's form of so many letters "a": each 258 of them are the repetition of the last one (RFC 1951, 3.2.6).
private func deflated(count: Int) -> Bytes {
  var bits: [UInt8] = []
  func add(_ text: String) { for bit in text.utf8 { bits.append(bit & 1) } }
  add("110" + "10010001")  // the last block, with fixed codes, begins with one letter
  for _ in 0..<(count - 1) / 258 { add("11000101" + "00000") }
  for _ in 0..<(count - 1) % 258 { add("10010001") }
  add("0000000")
  var bytes: Bytes = [0x78, 0x01]
  for start in stride(from: 0, to: bits.count, by: 8) {
    bytes.append(
      bits[start..<min(start + 8, bits.count)].enumerated().reduce(0) { $0 | $1.element << UInt8($1.offset) })
  }
  var (a, b): (UInt64, UInt64) = (1, 0)
  for _ in 0..<count { (a, b) = ((a + 0x61) % 65521, (b + a + 0x61) % 65521) }
  return bytes + bigEndian(UInt32(b << 16 | a))
}
