import LanesCore
import Testing

@testable import LanesImages

@Suite struct FitTests {
  private static func fitted(_ size: PixelSize, _ fit: Fit, _ gravity: Gravity = .centre, enlarge: Bool = false)
    -> Fitted
  {
    Fitted(
      size,
      options: options {
        ($0.resize, $0.fit, $0.gravity, $0.enlarge) = (ResizeSpec("100x50"), fit, gravity, enlarge)
      })
  }

  @Test(arguments: [
    (Fit.inside, 400, 400, 50, 50, 50, 50), (.cover, 400, 400, 100, 100, 100, 50), (.fill, 400, 400, 100, 50, 100, 50),
    (.pad, 400, 400, 50, 50, 100, 50), (.cover, 1000, 100, 500, 50, 100, 50), (.cover, 80, 200, 80, 200, 80, 50),
    (.fill, 80, 200, 80, 50, 80, 50), (.pad, 80, 40, 80, 40, 100, 50), (.inside, 80, 40, 80, 40, 80, 40),
    (.cover, 333, 777, 100, 233, 100, 50), (.cover, 20, 10, 20, 10, 20, 10),
  ])
  func `a box is met without enlarging`(fit: Fit, w: Int, h: Int, sw: Int, sh: Int, cw: Int, ch: Int) {
    let fitted = Self.fitted(PixelSize(w, h), fit)
    #expect(fitted.scaled == PixelSize(sw, sh))
    #expect(fitted.canvas == PixelSize(cw, ch))
  }

  @Test(arguments: [
    (Fit.inside, 50, 50, 50, 50), (.cover, 100, 100, 100, 50), (.fill, 100, 50, 100, 50), (.pad, 50, 50, 100, 50),
  ])
  func `a box is met by enlarging where that is asked for`(fit: Fit, sw: Int, sh: Int, cw: Int, ch: Int) {
    let fitted = Self.fitted(PixelSize(10, 10), fit, enlarge: true)
    #expect(fitted.scaled == PixelSize(sw, sh))
    #expect(fitted.canvas == PixelSize(cw, ch))
  }

  @Test(arguments: [
    (Gravity.northwest, 0, 0), (.north, 2, 0), (.northeast, 5, 0), (.west, 0, 3), (.centre, 2, 3), (.east, 5, 3),
    (.southwest, 0, 7), (.south, 2, 7), (.southeast, 5, 7),
  ])
  func `gravity divides the room`(gravity: Gravity, x: Int, y: Int) {
    #expect(gravity.place(in: PixelSize(5, 7)) == (x, y))
  }

  @Test(arguments: Orientation.allCases, [Gravity.northwest, .east, .south])
  func `cover is the resized image, cropped, however it was turned`(turn: Orientation, gravity: Gravity) throws {
    let photo = try fixture("nuthatch-rgb.png")
    let turned = try convert(photo, options { $0.turn = turn }).output
    let box = "31x40"
    let direct = try convert(
      photo, options { ($0.turn, $0.resize, $0.fit, $0.gravity) = (turn, ResizeSpec(box), .cover, gravity) })
    #expect(direct.image.outputSize == PixelSize(31, 40))
    let fitted = Fitted(
      try header(of: turned).shape.size,
      options: options { ($0.resize, $0.fit, $0.gravity) = (ResizeSpec(box), .cover, gravity) })
    let whole = try convert(
      turned, options { ($0.resize, $0.fit) = (ResizeSpec("\(fitted.scaled.width)x\(fitted.scaled.height)"), .fill) })
    let (part, all) = (try Samples(decoding: direct.output), try Samples(decoding: whole.output))
    for (x, y) in [(0, 0), (30, 0), (11, 17), (0, 39), (30, 39)] {
      for channel in 0..<3 {
        #expect(abs(part[x, y, channel] - all[x + fitted.window.x, y + fitted.window.y, channel]) <= 1)
      }
    }
  }

  @Test func `cover without resizing only cuts`() throws {
    let image = Samples(6, 3) { x, y, _ in 10 * x + y }
    let result = try convert(
      image.encodedAsPNG, options { ($0.resize, $0.fit, $0.gravity) = (ResizeSpec("4x3"), .cover, .east) })
    #expect(try Samples(decoding: result.output) == Samples(4, 3) { x, y, _ in 10 * (x + 2) + y })
  }

  @Test func `padding surrounds the picture`() throws {
    let red = RGBColor(red: 255, green: 0, blue: 0)
    for (channels, depth, alpha) in [(1, 8, false), (2, 8, true), (4, 8, false), (4, 16, true), (1, 16, false)] {
      let top = depth == 8 ? 255 : 65535
      let image = Samples(2, 1, channels: channels, depth: depth, alpha: alpha) { x, _, _ in 7 + x }
      let padding = options {
        ($0.resize, $0.fit, $0.gravity, $0.background) = (ResizeSpec("5x4"), .pad, .southeast, red)
      }
      let result = try Samples(decoding: convert(image.encodedAsPNG, padding).output)
      #expect(result.shape.size == PixelSize(5, 4) && result.shape.channels == 4 && result.shape.hasAlpha == alpha)
      for (x, y) in [(0, 0), (4, 2), (2, 3)] {
        for channel in 0..<3 { #expect(result[x, y, channel] == (channel == 0 ? top : 0)) }
        if alpha { #expect(result[x, y, 3] == top) }
      }
      for x in 0..<2 { for channel in 0..<3 { #expect(result[3 + x, 3, channel] == 7 + x) } }
      if alpha { #expect(result[3, 3, 3] == 7) }
    }
  }

  @Test func `padding stays gray where it can, and gray is made of its color too`() throws {
    let image = Samples(2, 2) { _, _, _ in 9 }
    let white = options { ($0.resize, $0.fit) = (ResizeSpec("4x2"), .pad) }
    #expect(
      try Samples(decoding: convert(image.encodedAsPNG, white).output).values == [255, 9, 9, 255, 255, 9, 9, 255])
    let colored = Samples(2, 2, channels: 4) { _, _, _ in 9 }
    let gray = options {
      ($0.resize, $0.fit, $0.grayscale, $0.background) = (ResizeSpec("4x2"), .pad, true, RGBColor("lime")!)
    }
    #expect(
      try Samples(decoding: convert(colored.encodedAsPNG, gray).output).values == [182, 9, 9, 182, 182, 9, 9, 182])
  }
}
