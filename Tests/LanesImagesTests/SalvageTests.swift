import LanesCore
import Testing

@testable import LanesImages

@Suite struct SalvageTests {
  @Test(arguments: ["seeds.jpg", "ridge-444.jpg", "dragonfly-progressive.jpg", "freespace-gray.jpg", "wine-cmyk.jpg"])
  func `what a truncated JPEG holds is kept and its end is gray`(name: String) throws {
    let whole = try fixture(name)
    let half = Bytes(whole.prefix(whole.count / 2))
    #expect(failure(of: half)?.reason == "it ends inside the image data")
    let result = try convert(half, options { ($0.salvage, $0.format) = (true, .png) })
    #expect(result.image.damage == "it ends inside the image data")
    let (good, found) = try (Samples(decoding: whole), Samples(decoding: result.output))
    #expect(found.shape.size == good.shape.size)
    guard try !header(of: whole).isProgressive else { return }
    for x in 0..<good.shape.size.width { #expect(found[x, 0] == good[x, 0]) }
    #expect(found[good.shape.size.width - 1, good.shape.size.height - 1] != good[0, 0])
  }

  @Test(arguments: [
    "nuthatch-rgb.png", "nuthatch-interlaced.png", "seeds-rgba.png", "ridge-rgb16.png", "nuthatch-gray.png",
  ])
  func `what a truncated PNG holds is kept and the rest lies bare`(name: String) throws {
    let whole = try fixture(name)
    let half = Bytes(whole.prefix(whole.count / 2))
    let red = RGBColor(red: 255, green: 0, blue: 0)
    let result = try convert(half, options { ($0.salvage, $0.background) = (true, red) })
    #expect(result.image.damage == "it ends inside the image data")
    let (good, found) = try (Samples(decoding: whole), Samples(decoding: result.output))
    #expect(found.shape == good.shape)
    let last = good.shape.size.height - 1
    for channel in 0..<min(good.shape.channels, 3) {
      #expect(found[0, 0, channel] == good[0, 0, channel])
      guard !name.contains("interlaced") else { continue }
      let top = good.shape.depth == 16 ? 65535 : 255
      let isGray = good.shape.channels < 3
      #expect(found[9, last, channel] == (good.shape.hasAlpha ? 0 : isGray ? 53 : channel == 0 ? top : 0))
    }
    if good.shape.hasAlpha { #expect(found[9, last, good.shape.channels - 1] == 0) }
  }

  @Test func `a file cut off anywhere is salvaged or refused, whatever is asked for`() throws {
    for name in ["seeds.jpg", "dragonfly-progressive.jpg", "nuthatch-palette.png", "nuthatch-interlaced.png"] {
      let bytes = try fixture(name)
      for length in stride(from: 3, to: bytes.count - 1, by: bytes.count / 17) {
        for change: (inout ConvertOptions) -> Void in [{ $0.turn = .rotated90 }, { $0.resize = ResizeSpec("20x") }] {
          var asked = options(change)
          asked.salvage = true
          let piece = Bytes(bytes.prefix(length))
          do {
            let result = try convert(piece, asked)
            #expect(result.image.damage != nil)
            #expect(failure(of: result.output) == nil)
          } catch {
            #expect(error.kind == .rejected)
          }
        }
      }
    }
  }

  @Test func `wrong checksums are forgiven and told`() throws {
    let result = try convert(fixture("damaged-checksum.png"), options { $0.salvage = true })
    #expect(result.image.damage == "IDAT: CRC error")
    #expect(try Samples(decoding: result.output) == Samples(decoding: fixture("nuthatch-rgb.png")))
  }

  @Test func `a sound image is treated as without salvaging`() throws {
    for name in ["seeds.jpg", "nuthatch-palette.png", "bridge-turned.jpg"] {
      let plain = try convert(fixture(name), ConvertOptions())
      let salvaged = try convert(fixture(name), options { $0.salvage = true })
      #expect(plain.output == salvaged.output && plain.image == salvaged.image)
    }
  }

  @Test func `what is no image stays a failure`() throws {
    for name in ["damaged-empty.jpg", "damaged-text.png", "damaged-scans.jpg"] {
      #expect(try failure(of: fixture(name), options { $0.salvage = true }) == failure(of: fixture(name)))
    }
  }
}
