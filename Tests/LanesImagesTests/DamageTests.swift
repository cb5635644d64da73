import LanesCore
import Testing

@testable import LanesImages

@Suite struct DamageTests {
  @Test(arguments: [
    ("damaged-truncated.jpg", "it ends inside the image data"),
    ("damaged-truncated-progressive.jpg", "it ends inside the image data"),
    ("damaged-truncated.png", "it ends inside the image data"),
    ("damaged-checksum.png", "its PNG data is damaged (IDAT: CRC error)"),
    ("damaged-scans.jpg", "it is a progressive JPEG of more than 100 scans, which lanes cannot read"),
    ("damaged-empty.jpg", "it is empty"),
    ("damaged-text.png", "it is not an image that lanes can read (\(Codecs.standard.names(joinedBy: "or")))"),
  ])
  func `damaged files are refused with their reason, converted or copied`(name: String, reason: String) throws {
    for resize in [nil, ResizeSpec("32x32")] {
      let found = try failure(of: fixture(name), options { $0.resize = resize })
      #expect(found == UnitFailure(.rejected, reason))
    }
  }

  @Test(arguments: ["seeds.jpg", "dragonfly-progressive.jpg", "nuthatch-rgb.png", "nuthatch-interlaced.png"])
  func `a file cut off anywhere is refused`(name: String) throws {
    let bytes = try fixture(name)
    for length in stride(from: 3, to: bytes.count - 1, by: bytes.count / 23) + [bytes.count - 1] {
      let found = failure(of: Bytes(bytes.prefix(length)))
      #expect(found?.kind == .rejected, "\(length) of \(bytes.count) bytes")
    }
  }

  @Test func `what is copied is sound in every scan`() throws {
    var bytes = try fixture("dragonfly-progressive.jpg")
    let scan = try #require((0..<bytes.count - 1).last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    bytes.removeSubrange(scan + (bytes.count - scan) / 2..<bytes.count - 2)
    for change: (inout ConvertOptions) -> Void in [{ _ in }, { $0.turn = .transposed }] {
      #expect(failure(of: bytes, options(change))?.kind == .rejected)
    }
  }

  @Test func `a flipped bit in the pixels of a PNG is found`() throws {
    var bytes = try fixture("nuthatch-rgb.png")
    bytes[bytes.count / 2] ^= 1
    #expect(failure(of: bytes)?.kind == .rejected)
  }

  @Test func `sizes above the limit are refused from the header`() throws {
    let limited = options { $0.maxPixels = 1000 }
    let reason = "the header says 640 × 360 pixels; the limit is 1,000 (raise it with --max-pixels)"
    #expect(try failure(of: fixture("seeds.jpg"), limited) == UnitFailure(.rejected, reason))
    // A header that claims 40,000 × 40,000 pixels and nothing behind it.
    let claim = try Bytes(fixture("nuthatch-rgb.png").prefix(16)) + [0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40, 8, 2, 0, 0, 0]
    let expected = "the header says 40000 × 40000 pixels; the limit is 268,435,456 (raise it with --max-pixels)"
    #expect(failure(of: claim)?.reason == expected)
  }

  @Test func `a result above the limit is refused`() throws {
    let enlarged = options { ($0.resize, $0.enlarge) = (.percent(100_000), true) }
    #expect(
      try failure(of: fixture("seeds.jpg"), enlarged)?.reason.hasPrefix("its result would have 640000 × 360000") == true
    )
    let wide = options { ($0.resize, $0.enlarge, $0.format) = (ResizeSpec("70000x"), true, .jpeg) }
    let line = try Samples(100, 1) { _, _, _ in 9 }.encodedAsPNG
    #expect(failure(of: line, wide)?.reason.contains("a JPEG holds at most 65500") == true)
  }

  @Test(arguments: [
    (UInt8(0xC1), UInt8(12), "it is a JPEG of 12 bits per sample, which lanes cannot read"),
    (0xC3, 8, "it is a lossless JPEG, which lanes cannot read"),
  ])
  func `JPEGs of other kinds are named`(frame: UInt8, precision: UInt8, reason: String) throws {
    var bytes = try fixture("seeds.jpg")
    let start = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes[start + 1] = frame
    bytes[start + 4] = precision
    #expect(failure(of: bytes)?.reason == reason)
  }

  @Test(arguments: [
    "seeds.jpg", "dragonfly-progressive.jpg", "wine-cmyk.jpg", "nuthatch-palette.png", "ridge-rgb16.png",
  ])
  func `mutated bytes never do worse than fail`(name: String) throws {
    let good = try fixture(name)
    var state: UInt64 = 0x2545_F491_4F6C_DD1D
    for _ in 0..<40 {
      var bytes = good
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 25)
      }
      let found = failure(of: bytes, options { ($0.resize, $0.maxPixels) = (ResizeSpec("64x64"), 1 << 22) })
      #expect(found == nil || found?.kind == .rejected || found?.kind == .resources)
    }
  }
}

@Suite struct TruncatedPNGTests {
  @Test func `the rows that a truncated PNG still holds are salvaged`() throws {
    let whole = try Samples(decoding: try fixture("nuthatch-rgb.png"))
    let salvaged = try convert(try fixture("damaged-truncated.png"), options { $0.salvage = true })
    let samples = try Samples(decoding: salvaged.output)
    let width = whole.shape.size.width
    let good = (0..<whole.shape.size.height).prefix { y in
      (0..<width).allSatisfy { x in (0..<3).allSatisfy { samples[x, y, $0] == whole[x, y, $0] } }
    }
    // 5000 of 36,803 bytes hold about 12 of 90 rows.
    #expect((8..<20).contains(good.count))
    #expect(salvaged.image.damage == "it ends inside the image data")
  }
}
