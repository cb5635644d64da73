import LanesCore
import LanesOS
import SystemPackage
import Testing

@testable import LanesImages

@Suite struct ProbeTests {
  private func probe(_ bytes: Bytes) throws -> ImageProbe? {
    let tree = try PlanTree(["image"])
    try write(bytes, to: tree / "image")
    return ImageProbe(reading: tree / "image")
  }

  @Test(arguments: [
    "bridge-turned.jpg", "dragonfly-progressive.jpg", "freespace-gray.jpg", "wine-cmyk.jpg", "ridge-444.jpg",
    "seeds.jpg",
    "nuthatch-bits.png", "nuthatch-gray-alpha.png", "nuthatch-interlaced.png", "nuthatch-palette.png",
    "ridge-gray16.png",
    "ridge-rgb16.png", "seeds-rgba.png",
  ]) func `a probe says what the decoder says`(_ name: String) throws {
    let bytes = try fixture(name)
    let header = try header(of: bytes)
    let probe = try #require(try probe(bytes))
    #expect(probe.size == header.shape.size)
    #expect(probe.isHeldWhole == header.isProgressive)
    if probe.format == .jpeg {
      #expect(probe.orientation == header.exif?.orientation ?? .upright)
      #expect(probe.bytesPerPixel == header.shape.bytesPerPixel)
    }
  }

  @Test func `coefficients take two bytes for every sample, in whole blocks`() throws {
    let gray = try #require(try probe(try fixture("freespace-gray.jpg")))
    let blocks = ((gray.size.width + 7) / 8) * ((gray.size.height + 7) / 8)
    #expect(gray.coefficients == blocks * 128)
    let full = try #require(try probe(try fixture("ridge-444.jpg")))
    #expect(full.coefficients == 3 * ((full.size.width + 7) / 8) * ((full.size.height + 7) / 8) * 128)
  }

  @Test func `what is no image, or ends in its header, has no probe`() throws {
    #expect(try probe([]) == nil)
    #expect(try probe(Bytes("no image at all, but long enough to look like one".utf8)) == nil)
    #expect(ImageProbe(reading: try PlanTree([]) / "gone.jpg") == nil)
    let jpeg = try fixture("seeds.jpg")
    for count in stride(from: 0, to: 600, by: 7) { #expect(try probe(Bytes(jpeg[..<count])) == nil) }
  }

  @Test func `a probe survives any single wrong byte in a header`() throws {
    let jpeg = Bytes(try fixture("dragonfly-progressive.jpg")[..<700])
    for position in 2..<jpeg.count {
      var wrong = jpeg
      wrong[position] = 0xFF
      let probe = ImageProbe(of: wrong)
      _ = MemoryEstimate(probe, fileSize: 1000, options: options { $0.resize = ResizeSpec("100x100") })
    }
  }

  @Test func `a progressive photograph of 100 megapixels takes its coefficients, a baseline one takes rows`() {
    var probe = ImageProbe(
      format: .jpeg, size: PixelSize(10_000, 10_000), bytesPerPixel: 4, coefficients: 300_000_000, isHeldWhole: true)
    let small = options { $0.resize = ResizeSpec("512x512") }
    let progressive = MemoryEstimate(probe, fileSize: 1 << 20, options: small).bytes
    #expect((300_000_000..<320_000_000).contains(progressive))
    probe.isHeldWhole = false
    #expect(MemoryEstimate(probe, fileSize: 1 << 20, options: small).bytes < 16_000_000)
    let turned = options { $0.turn = .rotated90 }
    #expect(MemoryEstimate(probe, fileSize: 1 << 20, options: turned).bytes > 400_000_000)
    let tooLarge = options { $0.maxPixels = 1000 }
    #expect(MemoryEstimate(probe, fileSize: 1 << 20, options: tooLarge).bytes < 8_000_000)
  }
}
