import LanesCore
import Testing

@testable import LanesImages

/// WebPs of others, beside what others make of them: `Fixtures/webp` holds each picture as a PNG too.
@Suite(.enabled(if: hasWebP, "built without libwebp"))
struct WebPReadTests {
  @Test(arguments: [
    "lossy", "lossy-segments", "lossy-simple-filter", "lossy-alpha", "lossy-plain-alpha", "lossless", "lossless-alpha",
    "near-lossless",
  ])
  func `pixels are those that dwebp makes`(name: String) throws {
    let image = try Samples(decoding: fixture("webp/\(name).webp"))
    let expected = try Samples(decoding: fixture("webp/\(name).png"))
    #expect(image.shape == expected.shape)
    #expect(image.values == expected.values)
  }

  @Test func `what a file by webpmux says of itself is read, and goes on into a PNG`() throws {
    let file = try fixture("webp/described.webp")
    let stored = try header(of: file)
    #expect(stored.orientation == .rotated90 && stored.texts.xmp != nil)
    let result = try convert(file, options { ($0.format, $0.autoOrient) = (.png, false) })
    let said = try header(of: result.output)
    #expect(said.orientation == .rotated90 && said.texts.xmp == stored.texts.xmp)
    #expect(said.profile == stored.profile && stored.profile != .none)
  }

  @Test func `a film by img2webp is refused with its number of pictures`() throws {
    let cause = try failure(of: fixture("webp/animated.webp"), options { $0.format = .png })
    #expect(cause?.kind == .rejected && cause?.reason.contains("of 2 frames") == true)
  }
}
