import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

/// A profile of Fixtures/profiles.
func profile(_ name: String) throws -> Bytes { try read(profilesFolder.appending(name + ".icc")) }

private let profilesFolder = {
  var folder = FilePath(#filePath)
  for _ in 0..<3 { folder.removeLastComponent() }
  return folder.appending("Fixtures").appending("profiles")
}()

private let names = [
  "wide-gamma", "wide-parametric", "wide-sampled", "gray-gamma", "gray-lab", "inks", "inks-8", "scanner", "scanner-xyz",
]

/// Options that ask for sRGB, and something else.
private func srgb(_ change: (inout ConvertOptions) -> Void = { _ in }) -> ConvertOptions {
  options {
    $0.profile = .srgb
    change(&$0)
  }
}

/// The header of an image of `shape` that holds `profile`.
private func header(_ shape: RowShape, _ profile: Bytes) -> ImageHeader {
  var header = ImageHeader(shape)
  header.profile = .whole(profile)
  header.isCMYK = profile[16..<20].elementsEqual("CMYK".utf8)
  return header
}

/// A picture of many colors, which go on beyond those of sRGB when they are taken for those of a wider space.
private func picture(depth: Int = 8, alpha: Bool = false) -> Samples {
  let top = depth == 8 ? 255 : 65535
  return Samples(40, 30, channels: 4, depth: depth, alpha: alpha) { x, y, channel in
    [x * top / 39, y * top / 29, (x * 7 + y * 13) % 40 * top / 39, alpha ? (x + y) * top / 68 : top][channel]
  }
}

private func image(_ samples: Samples, _ name: String, as format: ImageFormat = .png) throws -> Bytes {
  var metadata = ImageMetadata()
  metadata.profile = try profile(name)
  return try encode(samples, as: format, metadata)
}

/// A CMYK JPEG with a profile.
private func inkJPEG(_ profile: Bytes) throws -> Bytes {
  var file = try fixture("wine-cmyk.jpg")
  file.insert(contentsOf: segment(0xE2, Bytes("ICC_PROFILE\0\u{1}\u{1}".utf8) + profile), at: 2)
  return file
}

private func largest(_ one: Samples, _ other: Samples) -> Int {
  #expect(one.shape == other.shape)
  return zip(one.values, other.values).map { abs($0 - $1) }.max() ?? 0
}

@Suite struct ColorTests {
  @Test(arguments: names) func `colors become what Little CMS makes of them, within a level`(name: String) throws {
    let bytes = try profile(name)
    let lines = String(decoding: try read(profilesFolder.appending("expected.txt")), as: UTF8.self).split(
      separator: "\n")
    var count = 0
    for intent in ConvertOptions.Intent.allCases {
      let words = lines.map { $0.split(separator: " ") }.filter { $0[0] == name && $0[1] == intent.rawValue }
      let numbers = words.map { $0.dropFirst(2).compactMap { Int($0) } }
      guard let first = numbers.first else { continue }
      let inputs = first.count - 3
      // The tables of 16 bits are those of both intents.
      for depth in intent == .relative ? [8, 16] : [8] {
        let scale = depth == 8 ? 1 : 257
        let channels = inputs == 1 ? 1 : 4
        let row = Samples(numbers.count, 1, channels: channels, depth: depth) { x, _, channel in
          channel < inputs ? numbers[x][channel] * scale : 0
        }
        let asked = srgb { $0.intent = intent }
        guard case .converted(let conversion) = header(row.shape, bytes).colors(asked) else {
          Issue.record("\(name) is not converted")
          continue
        }
        let collector = Collector(row.shape)
        try row.send(to: ColorStage(conversion, row.shape, next: collector))
        for (x, line) in numbers.enumerated() {
          for channel in 0..<(inputs == 1 ? 1 : 3) {
            let found = Double(collector.samples[x, 0, channel]) / Double(scale)
            #expect(abs(found - Double(line[inputs + channel])) <= 1.5, "\(intent) \(depth) bits: \(line), \(found)")
            count += 1
          }
        }
      }
    }
    #expect(count > 30)
  }

  @Test func `16 bits stay 16 bits, and alpha stays as it is`() throws {
    for depth in [8, 16] {
      let input = picture(depth: depth, alpha: true)
      let result = try convert(try image(input, "wide-parametric"), srgb())
      #expect(result.image.colors == .converted && result.image.method == .converted)
      let output = try Samples(decoding: result.output)
      #expect(output.shape == input.shape)
      for pixel in stride(from: 3, to: input.values.count, by: 4) {
        #expect(output.values[pixel] == input.values[pixel])
      }
      #expect(output != input)
      guard depth == 16 else { continue }
      // More than 8 bits are in use.
      #expect(Set(output.values.map { $0 % 257 }).count > 100)
    }
  }

  @Test func `8 bits that become 16 are converted with 16`() throws {
    let result = try convert(try image(picture(), "wide-gamma"), srgb { $0.pngDepth = 16 })
    #expect(Set(try Samples(decoding: result.output).values.map { $0 % 257 }).count > 100)
  }

  @Test func `a result says that it is sRGB, in PNG by a word, in JPEG by a profile`() throws {
    for format in [ImageFormat.png, .jpeg] {
      let wide = try image(picture(), "wide-gamma", as: format)
      for target in [ConvertOptions.Format.png, .jpeg] {
        for metadata in ConvertOptions.Metadata.allCases {
          for intent in ConvertOptions.Intent.allCases {
            let result = try convert(wide, srgb { ($0.format, $0.metadata, $0.intent) = (target, metadata, intent) })
            let found = try header(of: result.output)
            let isTold = metadata != .none
            #expect(found.profile == (isTold && target == .jpeg ? .whole(SRGB.profile) : .none))
            #expect(found.color.srgb == (isTold && target == .png))
            if found.color.srgb { #expect(found.color.intent == (intent == .perceptual ? 0 : 1)) }
            #expect(result.image.remark == nil && result.image.warning == nil)
          }
        }
      }
    }
  }

  @Test func `the profile that is written is sRGB, so that nothing is done a second time`() throws {
    #expect(ICCProfile.fault(of: SRGB.profile) == nil)
    #expect(SRGB.profile.count < 600)
    let first = try convert(try image(picture(), "wide-gamma", as: .jpeg), srgb())
    let second = try convert(first.output, srgb())
    #expect(second.image.method == .copied && second.image.colors == .kept)
    #expect(second.output == first.output)
    let turned = try convert(
      try encode(picture(), as: .jpeg),
      srgb {
        $0.turn = .rotated180; $0.crop = CropSpec("32x16+0+0")
      })
    #expect(turned.image.method == .lossless)
  }

  @Test func `an image without a profile, and any image under keep, stays as it is`() throws {
    for format in [ImageFormat.png, .jpeg] {
      let plain = try encode(picture(), as: format)
      #expect(try convert(plain, srgb()).output == plain)
      let wide = try image(picture(), "wide-gamma", as: format)
      #expect(try convert(wide, options()).output == wide)
      let turned = try convert(wide, options { $0.turn = .transposed })
      #expect(try header(of: turned.output).profile == .whole(profile("wide-gamma")))
    }
  }

  @Test func `a JPEG whose colors are converted is not moved without loss, and a palette becomes colors`() throws {
    let wide = try image(picture(), "wide-gamma", as: .jpeg)
    #expect(try convert(wide, srgb { $0.turn = .rotated180 }).image.method == .converted)
    var metadata = ImageMetadata()
    metadata.color.gamma = 100_000
    let palette = try fixture("nuthatch-palette.png")
    let at = try #require(palette.indices.first { palette[$0...].starts(with: "PLTE".utf8) }) - 4
    var linear = palette
    linear.insert(contentsOf: chunk("gAMA", [0, 1, 0x86, 0xA0]), at: at)
    let result = try convert(linear, srgb())
    #expect(result.image.colors == .converted)
    let (before, after) = (try Samples(decoding: palette), try Samples(decoding: result.output))
    #expect(after.shape == before.shape)
    // Linear light of a half is level 188 of sRGB.
    for (one, other) in zip(before.values, after.values).prefix(4000) where one == 128 { #expect(other >= one) }
    #expect(try header(of: result.output).color.gamma == 45455 || header(of: result.output).color.srgb)
  }

  /// What a PNG says of its colors in gAMA and cHRM, whether that is sRGB.
  @Test func `a PNG that says sRGB in numbers stays, and one that says other primaries is converted`() throws {
    var color = ImageMetadata().color
    color.gamma = 45455
    color.primaries = true
    color.points = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    var metadata = ImageMetadata()
    metadata.color = color
    #expect(try convert(try encode(picture(), as: .png, metadata), srgb()).image.colors == .kept)
    // The primaries of Display P3; the curve is taken for sRGB's.
    color.points = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    metadata.color = color
    let result = try convert(try encode(picture(), as: .png, metadata), srgb())
    #expect(result.image.colors == .converted)
    let same = try convert(try image(picture(), "wide-parametric"), srgb())
    #expect(largest(try Samples(decoding: result.output), try Samples(decoding: same.output)) <= 1)
  }

  @Test
  func `colors are converted before light is mixed and before a background is laid under, and after resizing else`()
    throws
  {
    let wide = try image(picture(alpha: true), "wide-parametric")
    let first = try convert(wide, srgb()).output
    let ways: [(inout ConvertOptions) -> Void] = [
      { ($0.resize, $0.linearLight) = (ResizeSpec("17"), true) },
      { ($0.format, $0.background, $0.quality) = (.jpeg, RGBColor(red: 10, green: 200, blue: 90), 95) },
      { ($0.resize, $0.fit, $0.background) = (ResizeSpec("20x20"), .pad, RGBColor(red: 10, green: 200, blue: 90)) },
      { ($0.grayscale, $0.turn) = (true, .rotated90) }, { $0.crop = CropSpec("11x12+3+4") },
      { ($0.resize, $0.filter) = (ResizeSpec("20"), .nearest) },
      { ($0.resize, $0.enlarge) = (ResizeSpec("300%"), true) },
    ]
    for (index, way) in ways.enumerated() {
      let once = try Samples(decoding: convert(wide, srgb(way)).output)
      let twice = try Samples(decoding: convert(first, options(way)).output)
      // Padding comes after resizing, which the conversion follows there; its color is sRGB's already.
      if index == 2 {
        #expect([0, 1, 2, 3].map { once[0, 0, $0] } == [10, 200, 90, 255])
        #expect(once.shape == twice.shape)
      } else {
        #expect(largest(once, twice) == 0, "way \(index)")
      }
    }
    let inks = try inkJPEG(try profile("inks"))
    let plain = try convert(inks, srgb { $0.format = .png }).output
    let small = try Samples(decoding: convert(inks, srgb { ($0.format, $0.resize) = (.png, ResizeSpec("99%")) }).output)
    #expect(small == (try Samples(decoding: convert(plain, options { $0.resize = ResizeSpec("99%") }).output)))
  }

  @Test func `several sizes are what each is alone`() throws {
    for input in [try inkJPEG(try profile("inks-8")), try image(picture(alpha: true), "wide-sampled")] {
      let sizes = ["20x20", "10x10", "100%"].map { ResizeSpec($0)! }
      let results = try convertSizes(input, srgb { ($0.sizes, $0.format) = (sizes, .png) }, [0, 1, 2])
      for (size, result) in zip(sizes, results) {
        let alone = try convert(input, srgb { ($0.resize, $0.format) = (size, .png) })
        #expect(result.image.colors == .converted)
        if size == sizes[2] { #expect(result.output == alone.output) }
        #expect(try Samples(decoding: result.output).shape == Samples(decoding: alone.output).shape)
      }
    }
  }

  @Test func `Exif says sRGB where it said something else, and has no thumbnail of other colors`() throws {
    for isLittle in [true, false] {
      for colorSpace in [2, 0xFFFF, 1] {
        var metadata = ImageMetadata()
        metadata.profile = try profile("wide-gamma")
        metadata.exif = exif(colorSpace: colorSpace, isLittle: isLittle)
        let file = try encode(picture(), as: .jpeg, metadata)
        let converted = try #require(try header(of: convert(file, srgb()).output).exif)
        #expect(converted.bytes == exif(colorSpace: 1, isLittle: isLittle, index: "R98"))
        let kept = try #require(try header(of: convert(file, options { $0.quality = 80 }).output).exif)
        #expect(kept.bytes == metadata.exif)
      }
    }
  }

  /// ColorSpace and the index of the rules for exchange, in big-endian or little-endian order.
  private func exif(colorSpace: Int, isLittle: Bool, index: String = "R03") -> Bytes {
    func number(_ value: Int, _ size: Int) -> Bytes {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittle ? bytes : bytes.reversed()
    }
    func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Bytes) -> Bytes {
      number(tag, 2) + number(type, 2) + number(count, 4) + value + Bytes(repeating: 0, count: 4 - value.count)
    }
    var bytes: Bytes = isLittle ? [0x49, 0x49] : [0x4D, 0x4D]
    bytes += number(42, 2) + number(8, 4)
    bytes += number(1, 2) + entry(0x8769, 4, 1, number(26, 4)) + number(0, 4)
    bytes +=
      number(2, 2) + entry(0xA001, 3, 1, number(colorSpace, 2)) + entry(0xA005, 4, 1, number(56, 4)) + number(0, 4)
    return bytes + number(1, 2) + entry(1, 2, 4, Bytes(index.utf8) + [0]) + number(0, 4)
  }
}
