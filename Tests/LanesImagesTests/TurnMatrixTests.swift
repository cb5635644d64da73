import LanesCore
import Testing

@testable import LanesImages

/// All orientations with all turns on all ways to a result: a viewer that obeys the result's tag shows what was asked for,
/// and all tags of a result say the same.
@Suite struct TurnMatrixTests {
  /// A file that holds a picture without symmetry, and whose pixels are moved or encoded anew.
  enum Input: CaseIterable {
    /// Sides of whole MCUs, which every turn moves without loss.
    case alignedJPEG
    /// Sides that end inside an MCU, so that some turns encode anew.
    case cutJPEG
    case grayJPEG
    case plainPNG
    /// Few bits, which are moved as they are stored.
    case fewBitsPNG
  }

  @Test(arguments: Input.allCases, Orientation.allCases) func `a result's tag is what its pixels need`(
    input: Input, said: Orientation
  ) throws {
    let (file, picture) = try made(input, said)
    // What has few bits here has no smooth picture, of which encoding leaves nothing.
    let tolerance = input == .fewBitsPNG ? 255 : 40
    for turn in Orientation.allCases {
      for (name, change) in Self.ways {
        var options = options(change)
        options.turn = turn
        let result = try convert(file, options)
        try check(result, picture, said, options, tolerance, "\(input), \(said), \(turn), \(name)")
      }
      var options = options { $0.sizes = [ResizeSpec("3000")!, ResizeSpec("50%")!] }
      options.turn = turn
      for (result, resize) in zip(try convertSizes(file, options, [0, 1]), options.sizes) {
        options.resize = resize
        try check(result, picture, said, options, tolerance, "\(input), \(said), \(turn), sizes")
      }
    }
  }

  @Test(arguments: [ImageFormat.jpeg, .png]) func `a copy is made only where no tag has to change`(
    format: ImageFormat
  ) throws {
    for said in Orientation.allCases {
      let picture = Self.picture(32, 16)
      let file = try encode(picture, as: format, Self.metadata(said, format))
      let back = try #require(Orientation.allCases.first { said.then($0) == .upright })
      let result = try convert(file, options { $0.turn = back })
      #expect(result.image.isCopy == (said == .upright), "\(said)")
      #expect(try header(of: result.output).orientation == .upright)
      // Nobody asked for the orientation to be applied, nor for a turn.
      #expect(try convert(file, options { $0.autoOrient = false }).output == file)
      // A stale XMP beside an Exif that says upright.
      var stale = Self.metadata(.upright, format)
      stale.blocks = Self.metadata(said, format).blocks
      let cleaned = try convert(encode(picture, as: format, stale), ConvertOptions())
      #expect(cleaned.image.isCopy == (said == .upright), "XMP \(said)")
      #expect(try Self.saysXMP(cleaned.output) == 1)
    }
  }

  private static let ways: [(String, @Sendable (inout ConvertOptions) -> Void)] = [
    ("plain", { _ in }), ("not oriented", { $0.autoOrient = false }), ("icc", { $0.metadata = .icc }),
    ("none", { $0.metadata = .none }), ("salvage", { $0.salvage = true }), ("gray", { $0.grayscale = true }),
    ("encoded", { ($0.quality, $0.subsampling) = (95, .full) }), ("level", { $0.pngLevel = 1 }),
    ("crop", { $0.crop = CropSpec("9x8+0+0") }), ("half", { $0.resize = ResizeSpec("50%") }),
    ("to JPEG", { ($0.format, $0.quality) = (.jpeg, 95) }), ("to PNG", { $0.format = .png }),
    ("not oriented, none", { ($0.autoOrient, $0.metadata) = (false, .none) }),
    ("not oriented, half", { ($0.autoOrient, $0.resize) = (false, ResizeSpec("50%")) }),
    ("not oriented, progressive", { ($0.autoOrient, $0.progressive) = (false, true) }),
    ("not oriented, crop", { ($0.autoOrient, $0.crop) = (false, CropSpec("9x8+0+0")) }),
  ]

  /// What the rule promises, worked out without the program's own turning.
  private func check(
    _ result: (output: Bytes, image: ConvertedImage), _ stored: Samples, _ said: Orientation,
    _ options: ConvertOptions, _ tolerance: Int, _ name: String
  ) throws {
    let isReset = options.autoOrient || options.turn != .upright
    let oriented = options.autoOrient ? displayed(stored, said) : stored
    let cut = options.crop == nil ? oriented : cropped(oriented, 9, 8)
    let turned = displayed(cut, options.turn)
    let tag = isReset || options.metadata != .all ? Orientation.upright : said

    let header = try header(of: result.output)
    #expect(header.orientation == tag, "\(name)")
    if options.metadata == .all { #expect(try Self.saysXMP(result.output) == tag.rawValue, "\(name)") }
    if !isReset, options.metadata == .all { #expect(header.exif != nil, "\(name)") }
    let shown = displayed(try Samples(decoding: result.output), tag)
    let wanted = displayed(turned, tag)
    let exact = result.image.inputFormat == .png && result.image.outputFormat == .png && options.resize == nil
    #expect(farthest(shown, wanted) <= (exact ? 0 : tolerance), "\(name)")
  }

  /// Gray in three channels or in one, brighter to the right and much brighter to the bottom: no turn looks like another.
  private static func picture(_ width: Int, _ height: Int, channels: Int = 4) -> Samples {
    Samples(width, height, channels: channels) { x, y, channel in
      channel == 3 ? 255 : 10 + 70 * x / (width - 1) + 165 * y / (height - 1)
    }
  }

  /// The file, and its pixels as stored.
  private func made(_ input: Input, _ said: Orientation) throws -> (Bytes, Samples) {
    switch input {
    case .alignedJPEG: return try encoded(Self.picture(32, 16), .jpeg, said)
    case .cutJPEG: return try encoded(Self.picture(27, 21), .jpeg, said)
    case .grayJPEG: return try encoded(Self.picture(24, 16, channels: 1), .jpeg, said)
    case .plainPNG: return try encoded(Self.picture(15, 11), .png, said)
    case .fewBitsPNG:
      let kind = try #require(PNGKind.all.first { $0.color == 0 && $0.depth == 4 && !$0.isInterlaced })
      var file = kind.file
      let metadata = Self.metadata(said, .png)
      var chunks = chunk("eXIf", metadata.exif!)
      for block in metadata.blocks { chunks += chunk(String(decoding: block.name, as: UTF8.self), block.bytes) }
      file.insert(contentsOf: chunks, at: 33)
      return (file, try Samples(decoding: file))
    }
  }

  private func encoded(_ picture: Samples, _ format: ImageFormat, _ said: Orientation) throws -> (Bytes, Samples) {
    let file = try encode(picture, as: format, Self.metadata(said, format))
    return (file, try Samples(decoding: file))
  }

  private static func metadata(_ said: Orientation, _ format: ImageFormat) -> ImageMetadata {
    var metadata = ImageMetadata()
    metadata.exif = tiff(orientation: UInt8(said.rawValue))
    let packet = Bytes("<x tiff:Orientation=\"\(said.rawValue)\"/>".utf8)
    metadata.blocks = [
      format == .jpeg
        ? MetadataBlock(name: [JPEGMarkers.app1], bytes: JPEGIdentifier.xmp.bytes + packet)
        : PNGText.block(PNGText.xmpKeyword, packet)
    ]
    return metadata
  }

  private static func saysXMP(_ file: Bytes) throws -> UInt16 {
    let packet = String(decoding: try #require(try header(of: file).texts.xmp), as: UTF8.self)
    let digit = try #require(packet.split(separator: "\"").dropFirst().first)
    return try #require(UInt16(digit))
  }
}

/// How a viewer shows stored pixels of an orientation, by Exif's own words: where row 0 and column 0 are seen (CIPA DC-008,
/// 4.6.5.1).
private func displayed(_ stored: Samples, _ orientation: Orientation) -> Samples {
  let (width, height) = (stored.shape.size.width, stored.shape.size.height)
  let swaps = orientation.rawValue >= 5
  return remade(stored, swaps ? height : width, swaps ? width : height) { x, y in
    switch orientation.rawValue {
    case 2: (width - 1 - x, y)
    case 3: (width - 1 - x, height - 1 - y)
    case 4: (x, height - 1 - y)
    case 5: (y, x)
    case 6: (y, height - 1 - x)
    case 7: (width - 1 - y, height - 1 - x)
    case 8: (width - 1 - y, x)
    default: (x, y)
    }
  }
}

private func cropped(_ image: Samples, _ width: Int, _ height: Int) -> Samples {
  remade(image, min(width, image.shape.size.width), min(height, image.shape.size.height)) { ($0, $1) }
}

private func remade(_ image: Samples, _ width: Int, _ height: Int, _ source: (Int, Int) -> (Int, Int)) -> Samples {
  let shape = image.shape
  return Samples(width, height, channels: shape.channels, depth: shape.depth, alpha: shape.hasAlpha) { x, y, channel in
    let (x, y) = source(x, y)
    return image[x, y, channel]
  }
}

/// The largest difference of brightness between pixels of the same relative place; endless when the proportions differ.
private func farthest(_ one: Samples, _ other: Samples) -> Int {
  let (size, whole) = (one.shape.size, other.shape.size)
  guard abs(size.width * whole.height - size.height * whole.width) <= 2 * max(whole.width, whole.height) else {
    return .max
  }
  var most = 0
  for y in 0..<size.height {
    for x in 0..<size.width {
      let wanted = other[(2 * x + 1) * whole.width / (2 * size.width), (2 * y + 1) * whole.height / (2 * size.height)]
      most = max(most, abs(one[x, y] - wanted))
    }
  }
  return most
}
