import Testing

@testable import LanesImages

@Suite struct SizeTests {
  @Test(arguments: [
    ("512x512", 4000, 3000, 512, 384), ("512x512", 3000, 4000, 384, 512), ("100x", 400, 200, 100, 50),
    ("x100", 400, 200, 200, 100), ("50%", 401, 3, 201, 2), ("33%", 10, 10, 3, 3), ("10x10", 10_000, 1, 10, 1),
    ("800x600", 100, 100, 100, 100), ("200%", 10, 10, 10, 10), ("3x", 1000, 999, 3, 3),
  ])
  func `sizes fit inside and are never enlarged`(text: String, w: Int, h: Int, tw: Int, th: Int) throws {
    let spec = try #require(ResizeSpec(text))
    #expect(spec.target(for: PixelSize(w, h), enlarging: false) == PixelSize(tw, th))
  }

  @Test(arguments: [("800x600", 100, 100, 600, 600), ("200%", 10, 15, 20, 30), ("x300", 100, 100, 300, 300)])
  func `sizes grow when that is asked for`(text: String, w: Int, h: Int, tw: Int, th: Int) throws {
    let spec = try #require(ResizeSpec(text))
    #expect(spec.target(for: PixelSize(w, h), enlarging: true) == PixelSize(tw, th))
  }

  @Test(arguments: [
    "", "x", "0x0", "0x10", "-3x4", "+3x4", "+10", "-10", "10x10x10", "%", "-5%", "0%", "nan%", "inf%", "9999999x",
  ])
  func `texts that are no size are refused`(text: String) { #expect(ResizeSpec(text) == nil) }

  @Test(arguments: [
    (4000, 3000, 512, 384, 4, 4), (4000, 3000, 500, 375, 3, 3), (4000, 3000, 250, 188, 2, 3),
    (4000, 3000, 250, 187, 2, 2), (1000, 1000, 500, 500, 8, 8), (1000, 1000, 499, 499, 8, 8),
    (1000, 1000, 312, 312, 6, 6), (1000, 1000, 370, 370, 8, 8), (1000, 1000, 380, 380, 8, 8), (8, 8, 1, 1, 8, 8),
    (65000, 3, 200, 1, 2, 8), (3, 65000, 1, 200, 8, 2), (65000, 128, 200, 1, 2, 8), (65000, 129, 200, 1, 2, 2),
    (640, 360, 640, 360, 8, 8), (4000, 3000, 200, 3000, 2, 8),
  ])
  func `a JPEG's own scaling leaves at least twice the target in each direction`(
    w: Int, h: Int, tw: Int, th: Int, across: Int, down: Int
  ) {
    let size = PixelSize(w, h)
    #expect(DecodeScale(of: size, part: size, to: PixelSize(tw, th)) == DecodeScale(across: across, down: down))
  }

  @Test func `the scale for a part goes by its size, and the narrow side by the whole`() {
    let scale = DecodeScale(of: PixelSize(4000, 60), part: PixelSize(40, 30), to: PixelSize(4, 3))
    #expect(scale == DecodeScale(across: 3, down: 8))
  }

  @Test func `colors are read by name and by digits`() {
    #expect(RGBColor("white") == .white)
    #expect(RGBColor("#0a0") == RGBColor(red: 0, green: 170, blue: 0))
    #expect(RGBColor("102030") == RGBColor(red: 16, green: 32, blue: 48))
    for text in ["", "#", "#12345", "purplish", "#gggggg", "-12345"] { #expect(RGBColor(text) == nil) }
  }
}
