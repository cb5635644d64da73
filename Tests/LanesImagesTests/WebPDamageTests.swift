import LanesCore
import Testing

@testable import LanesImages

/// WebPs that nobody should write: what becomes of them, at every size, and what the plan believes of them.
@Suite(.enabled(if: hasWebP, "built without libwebp"))
struct WebPDamageTests {
  /// Lossy with alpha and all metadata, and without loss.
  private func files() throws -> [Bytes] {
    let image = Samples(90, 60, channels: 4, alpha: true) { x, y, channel in
      channel == 3 ? 4 * y : (x * (channel + 2) + y * y) % 256
    }
    var metadata = ImageMetadata()
    metadata.profile = iccProfile()
    metadata.exif = tiff(orientation: 3)
    metadata.blocks = [MetadataBlock(name: WebPWriter.xmpName, bytes: Bytes("<x:xmpmeta/>".utf8))]
    let lossy = try encode(image, as: .webp, metadata)
    let lossless = try convert(image.encodedAsPNG, options { ($0.format, $0.lossless) = (.webp, .all) }).output
    return [lossy, lossless]
  }

  /// Cut off, with wrong bytes in its headers, and with wrong bytes anywhere, always the same.
  private func mutants(_ file: Bytes) -> [Bytes] {
    var random = Seeded(state: 11)
    return (0..<120).map { number in
      var mutant = file
      switch number % 3 {
      case 0: mutant.removeLast(Int(random.next() % UInt64(file.count - 12)) + 1)
      case 1: mutant[12 + Int(random.next() % 60)] = UInt8(truncatingIfNeeded: random.next())
      default:
        for _ in 0...random.next() % 4 {
          mutant[12 + Int(random.next() % UInt64(file.count - 12))] = UInt8(truncatingIfNeeded: random.next())
        }
      }
      return mutant
    }
  }

  @Test func `the verdict on a file depends on nothing that is asked for`() throws {
    let ways = [
      options(), options { $0.resize = ResizeSpec("9x9") }, options { $0.metadata = .none },
      options { ($0.format, $0.crop) = (.png, CropSpec("8x8+1+1")) },
    ].map { way in
      var way = way
      way.maxPixels = 1 << 20
      return way
    }
    for file in try files() {
      for mutant in mutants(file) {
        // A crop may lie outside what a wrong header says.
        let verdicts = ways.map { failure(of: mutant, $0)?.reason }.map { $0?.hasPrefix("the crop") == true ? nil : $0 }
        #expect(Set(verdicts).count == 1, "\(verdicts)")
        _ = MemoryEstimate(ImageProbe(of: mutant), fileSize: mutant.count, options: ways[0])
      }
    }
  }

  @Test func `a file that is cut off is salvaged as far as it goes`() throws {
    for file in try files() {
      let whole = try Samples(decoding: file)
      let half = Bytes(file.prefix(file.count * 2 / 3))
      #expect(failure(of: half)?.kind == .rejected)
      let saved = try convert(half, options { ($0.salvage, $0.format, $0.autoOrient) = (true, .png, false) })
      #expect(saved.image.damage?.hasPrefix("it ends") == true)
      let rows = try Samples(decoding: saved.output)
      #expect(rows.shape.size == whole.shape.size)
      #expect((0..<90).allSatisfy { rows[$0, 0, 1] == whole[$0, 0, 1] || whole[$0, 0, 3] == 0 })
      #expect(rows[45, 59, 3] == 0, "what is missing shows nothing")
    }
  }

  @Test func `a file that lacks only its metadata is damaged all the same`() throws {
    let file = try files()[0]
    let cut = Bytes(file.dropLast(6))
    #expect(failure(of: cut) == UnitFailure(.rejected, "it ends too early"))
    #expect(try convert(cut, options { $0.salvage = true }).image.damage == "it ends too early")
    // What follows the file is nobody's.
    #expect(failure(of: file + [1, 2, 3]) == nil)
  }

  @Test func `an animation is refused with what to do`() {
    func animation(frames: Int) -> Bytes {
      func chunk(_ name: String, _ body: Bytes) -> Bytes { Bytes(name.utf8) + [UInt8(body.count), 0, 0, 0] + body }
      let frame = chunk("ANMF", Bytes(repeating: 0, count: 16))
      let body = chunk("VP8X", [2, 0, 0, 0, 19, 0, 0, 9, 0, 0]) + (0..<frames).flatMap { _ in frame }
      return Bytes("RIFF".utf8) + [UInt8(4 + body.count), 0, 0, 0] + Bytes("WEBP".utf8) + body
    }
    for (frames, words) in [(0, ""), (1, " of 1 frame"), (3, " of 3 frames")] {
      let reason = "it is an animated WebP\(words), and lanes reads still images: "
      #expect(
        failure(of: animation(frames: frames))?.reason == reason + "take one out with webpmux -get frame 1 IN -o OUT")
    }
  }

  @Test func `a probe says what the decoder says`() throws {
    for file in try files() {
      let header = try header(of: file)
      let probe = try #require(ImageProbe(of: file))
      #expect(probe.size == header.shape.size && probe.orientation == header.orientation)
      #expect(probe.isHeldWhole && probe.isLossless == header.isLossless)
      // The sizes of a file without loss end with its 25th byte.
      for count in 0..<25 { #expect(ImageProbe(of: Bytes(file.prefix(count))) == nil) }
    }
    // Thousands of empty chunks are not walked for ever, nor one of 4 GiB.
    let crowd = Bytes("RIFF".utf8) + [0, 0, 255, 0] + Bytes("WEBP".utf8) + Bytes(repeating: 0, count: 80_000)
    #expect(ImageProbe(of: crowd) == nil)
    let huge = Bytes("RIFF".utf8) + [255, 255, 255, 255] + Bytes("WEBPVP8X".utf8) + [255, 255, 255, 255] + crowd
    #expect(failure(of: huge)?.kind == .rejected)
  }

  @Test func `what a conversion may take grows with what the encoder keeps`() throws {
    let probe = ImageProbe(format: .png, size: PixelSize(4000, 3000), bytesPerPixel: 4, isHeldWhole: false)
    func estimate(_ change: (inout ConvertOptions) -> Void) -> Int {
      MemoryEstimate(probe, fileSize: 1000, options: options(change)).bytes
    }
    let lossy = estimate { $0.format = .webp }
    let lossless = estimate { ($0.format, $0.lossless) = (.webp, .all) }
    #expect(lossy > 12_000_000 * 2 && lossless > 2 * lossy)
  }
}

/// The same numbers for the same seed, unlike the system's (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
