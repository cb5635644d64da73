import LanesCore
import Testing

@testable import LanesImages

@Suite struct LinearLightTests {
  private func halved(_ image: Samples, _ change: (inout ConvertOptions) -> Void = { _ in }) throws -> Samples {
    var options = options { ($0.resize, $0.filter, $0.linearLight) = (ResizeSpec("50%"), .box, true) }
    change(&options)
    return try Samples(decoding: convert(image.encodedAsPNG, options).output)
  }

  @Test(arguments: [(1, 8), (4, 8), (1, 16), (4, 16)])
  func `black and white mix to half the light`(channels: Int, depth: Int) throws {
    let top = depth == 8 ? 255 : 65535
    let result = try halved(Samples(8, 8, channels: channels, depth: depth) { x, y, _ in (x + y) % 2 * top })
    // sRGB's level of half the light: 1.055 · 0.5^(1/2.4) − 0.055 = 0.735357.
    let expected = Int((0.735357 * Double(top)).rounded())
    for channel in 0..<min(channels, 3) { #expect(abs(result[1, 2, channel] - expected) <= depth / 8) }
  }

  @Test(arguments: [8, 16]) func `every level comes back`(depth: Int) throws {
    let step = depth == 8 ? 1 : 257
    let image = Samples(512, 2, depth: depth) { x, _, _ in x / 2 * step }
    let result = try halved(image)
    for x in 0..<256 { #expect(abs(result[x, 0] - x * step) <= depth / 8 - 1) }
  }

  @Test func `alpha is mixed as it is, and the background as light`() throws {
    let image = Samples(4, 4, channels: 4, alpha: true) { x, _, channel in channel == 3 ? x % 2 * 255 : 200 }
    let result = try halved(image)
    for channel in 0..<3 { #expect(abs(result[1, 1, channel] - 200) <= 1) }
    #expect((127...128).contains(result[1, 1, 3]))
    let black = RGBColor(red: 0, green: 0, blue: 0)
    let flat = try halved(
      Samples(16, 16, channels: 4, alpha: true) { x, _, channel in channel == 3 ? x % 2 * 255 : 255 }
    ) {
      ($0.format, $0.background, $0.quality) = (.jpeg, black, 100)
    }
    #expect(abs(flat[4, 4, 0] - 188) <= 2)
  }

  @Test func `a JPEG is decoded at full size for it`() throws {
    let photo = try fixture("seeds.jpg")
    let pixels = try Samples(decoding: photo).encodedAsPNG
    let small = options { ($0.resize, $0.linearLight, $0.format) = (ResizeSpec("16x16"), true, .png) }
    #expect(try Samples(decoding: convert(photo, small).output) == Samples(decoding: convert(pixels, small).output))
  }
}
