import LanesCore
import Testing

@testable import LanesImages

/// AVIFs that were damaged, or made to do harm.
@Suite(.enabled(if: avifIsBuilt)) struct AVIFDamageTests {
  @Test(arguments: ["lossless-alpha", "grid", "turned"]) func `a file that is cut off anywhere is refused`(
    name: String
  ) throws {
    let file = try fixture("avif/\(name).avif")
    for count in Array(0..<400) + Array(stride(from: 400, to: file.count - 8, by: 41)) {
      let reason = failure(of: Bytes(file.prefix(count)), options { $0.format = .png })
      #expect(reason?.kind == .rejected, "\(count) bytes")
    }
  }

  @Test(arguments: ["lossless-alpha", "grid"])
  func `a byte that is another one is refused or harmless`(name: String) throws {
    let file = try fixture("avif/\(name).avif")
    for at in Array(0..<420) + Array(stride(from: 420, to: file.count, by: 29)) {
      for change: UInt8 in [0xFF, 0x01] {
        var damaged = file
        damaged[at] ^= change
        if let reason = failure(of: damaged, options { ($0.format, $0.maxPixels) = (.png, 1 << 18) }) {
          #expect(reason.kind == .rejected, "byte \(at): \(reason)")
        }
      }
    }
  }

  @Test func `pixels are counted in the container and in the AV1 it holds, before any is decoded`() throws {
    let file = try fixture("avif/lossless.avif")
    var options = options { ($0.format, $0.maxPixels) = (.png, 34 * 22 - 1) }
    let reason = "the header says 34 \(Glyphs.times) 22 pixels; the limit is 747 (raise it with --max-pixels)"
    #expect(failure(of: file, options) == UnitFailure(.rejected, reason))
    // The container claims less than the AV1 inside it.
    let small = replacing(number(34, 4) + number(22, 4), by: number(4, 4) + number(2, 4), in: file)
    options.maxPixels = 100
    let lie = "it is an AVIF whose pictures have more pixels than it says, which lanes cannot read"
    #expect(failure(of: small, options) == UnitFailure(.rejected, lie))
    options.maxPixels = 10_000
    #expect(failure(of: small, options)?.kind == .rejected)
  }

  @Test func `a property that is needed and unknown is named`() throws {
    // The primary's ispe becomes something else that is essential: the association's byte has its upper bit set.
    let file = replacing(Bytes("pixi".utf8), by: Bytes("zzzz".utf8), in: try fixture("avif/420.avif"))
    #expect(failure(of: file, options { $0.format = .png }) == nil)
    let place = try #require(find(Bytes("ipma".utf8), in: file))
    var needed = file
    // Version and flags, the number of items, the first one's number and how many properties it has.
    for at in place + 8 + 3 + 4..<place + 4 + 4 + 4 + 2 + 1 + Int(file[place + 14]) { needed[at] |= 0x80 }
    let reason = "it is an AVIF that needs the property \"zzzz\" to be shown, which lanes cannot read"
    #expect(failure(of: needed, options { $0.format = .png }) == UnitFailure(.rejected, reason))
  }

  @Test func `counts that no file has are refused before anything is made of them`() throws {
    func box(_ name: String, _ body: Bytes) -> Bytes { number(body.count + 8, 4) + Bytes(name.utf8) + body }
    let head = box("ftyp", Bytes("avif".utf8) + number(0, 4) + Bytes("mif1avif".utf8))
    let handler = box("hdlr", number(0, 8) + Bytes("pict".utf8) + number(0, 13))
    func file(_ boxes: Bytes) -> Bytes { head + box("meta", number(0, 4) + handler + boxes) }
    let many = number(0x0100_0000, 4) + number(0xFFFF_FFFF, 4)
    let bodies: [(String, Bytes)] = [
      ("iinf", many), ("iloc", number(0x0200_0000, 4) + [0, 0] + number(0xFFFF_FFFF, 4)),
      // Pieces that take no bytes, as many as can be said.
      ("iloc", number(0, 4) + [0, 0] + number(1, 2) + number(1, 2) + number(0, 2) + number(0xFFFF, 2)),
      ("iprp", box("ipma", number(0, 4) + number(0xFFFF_FFFF, 4))),
      ("iref", number(0, 4) + box("dimg", number(1, 2) + number(0xFFFF, 2))),
    ]
    for (name, body) in bodies {
      #expect(failure(of: file(box(name, body)))?.kind == .rejected, "\(name)")
      #expect(ImageProbe(of: file(box(name, body))) == nil)
    }
    // A box in a box in a box is not looked into.
    #expect(
      failure(of: file((0..<20_000).reduce(Bytes()) { body, _ in body.count < 60_000 ? box("meta", body) : body }))
        != nil)
  }

  @Test func `boxes of every odd size are refused`() throws {
    let head = Bytes("ftypavif".utf8) + number(0, 4) + Bytes("avif".utf8)
    for size in [0, 1, 7, 8, 16, 20, 0xFFFF_FFFF] {
      for tail in [Bytes(), number(0, 8), number(0xFFFF_FFFF, 8), Bytes(repeating: 0xFF, count: 64)] {
        #expect(failure(of: number(size, 4) + head + tail)?.kind == .rejected, "\(size)")
      }
    }
  }

  private func number(_ value: Int, _ count: Int) -> Bytes {
    (0..<count).reversed().map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private func find(_ word: Bytes, in bytes: Bytes) -> Int? {
    (0...bytes.count - word.count).first { bytes[$0..<$0 + word.count].elementsEqual(word) }
  }

  /// The first place of `word` replaced.
  private func replacing(_ word: Bytes, by other: Bytes, in bytes: Bytes) -> Bytes {
    guard let at = find(word, in: bytes) else { return bytes }
    var bytes = bytes
    bytes.replaceSubrange(at..<at + word.count, with: other)
    return bytes
  }
}
