import LanesCore
import Testing

@testable import LanesImages

/// A broken color profile is left out with a remark; the image is read, and the result holds none.
@Suite struct ProfileTests {
  /// Ways to break a profile, with a word of the reason that is given.
  private static let broken: [(Bytes, String)] = [
    (Bytes(iccProfile().prefix(243)), "ends too early"),
    (Bytes(iccProfile().prefix(60)), "ends too early"),
    ([], "ends too early"),
    (changed(36, Bytes("ascp".utf8)), "no ICC profile"),
    (changed(12, Bytes("link".utf8)), "describes no image"), (changed(20, Bytes("RGB ".utf8)), "describes no image"),
    (changed(0, [0, 0, 1, 0]), "ends too early"),
    (changed(0, [0, 0, 0, 12]), "size is wrong"),
    (changed(128, [0, 0, 0, 9]), "tags lie outside"),
    (changed(128, [255, 255, 255, 255]), "tags lie outside"),
    (changed(136, [0, 0, 0, 200]), "tags lie outside"),
    (changed(140, [255, 255, 255, 255]), "tags lie outside"),
    (Bytes(repeating: 0x41, count: 4000), "no ICC profile"),
  ]

  private static func changed(_ offset: Int, _ bytes: Bytes) -> Bytes {
    var profile = iccProfile()
    profile.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return profile
  }

  /// Pieces of a JPEG's profile that do not make one.
  private static let pieces: [([Bytes], String)] = {
    let halves = [Bytes(iccProfile()[..<80]), Bytes(iccProfile()[80...])]
    return [
      ([[1, 2] + halves[0]], "a piece of it is missing"), ([[2, 2] + halves[1]], "a piece of it is missing"),
      ([[1, 3] + halves[0], [3, 3] + halves[1]], "a piece of it is missing"),
      ([[1, 2] + halves[0], [1, 2] + halves[1]], "do not fit together"),
      ([[1, 2] + halves[0], [2, 3] + halves[1]], "do not fit together"),
      ([[0, 1] + iccProfile()], "do not fit together"), ([[1, 0] + iccProfile()], "do not fit together"),
      ([[2, 1] + iccProfile()], "do not fit together"), ([[]], "do not fit together"), ([[1]], "do not fit together"),
      ([[1, 1]], "ends too early"),
    ]
  }()

  private static let asked: [(String, @Sendable (inout ConvertOptions) -> Void)] = [
    ("nothing", { _ in }), ("turn", { $0.turn = .transposed }), ("quality", { $0.quality = 80 }),
    ("resize", { $0.resize = ResizeSpec("8") }), ("icc", { $0.metadata = .icc }), ("png", { $0.format = .png }),
    ("jpeg", { $0.format = .jpeg }), ("salvage", { $0.salvage = true }),
  ]

  @Test(arguments: pieces + broken.map { ([[1, 1] + $0], $1) })
  func `a JPEG with a broken profile is converted without it`(
    pieces: [Bytes], reason: String
  ) throws {
    var file = try encode(Self.picture, as: .jpeg)
    file.insert(contentsOf: pieces.flatMap(Self.segment), at: 2)
    try expectRemark(file, reason)
  }

  @Test(arguments: broken) func `a PNG with a broken profile is converted without it`(profile: Bytes, reason: String)
    throws
  {
    try expectRemark(png(zlib(profile)), reason)
  }

  @Test func `a profile that cannot be decompressed, or does not suit a PNG, is left out`() throws {
    try expectRemark(png([0x78, 0x9C, 1, 2, 3]), "cannot be decompressed")
    try expectRemark(png([]), "cannot be decompressed")
    try expectRemark(png(zlib(iccProfile("GRAY"))), "does not suit")
  }

  @Test func `a whole profile goes along, in whatever pieces, and is no remark`() throws {
    let profile = iccProfile()
    var file = try encode(Self.picture, as: .jpeg)
    file.insert(
      contentsOf: [[2, 2] + Bytes(profile[80...]), [1, 2] + Bytes(profile[..<80])].flatMap(Self.segment), at: 2)
    for (name, change) in Self.asked {
      let result = try convert(file, options(change))
      #expect(result.image.remark == nil, "\(name)")
      #expect(try header(of: result.output).profile == .whole(profile), "\(name)")
    }
    let dropped = try convert(file, options { $0.metadata = .none })
    #expect(try header(of: dropped.output).profile == .none)
    #expect(try convert(png(zlib(profile)), options { $0.resize = ResizeSpec("8") }).image.remark == nil)
  }

  @Test func `what follows a profile is padding, which a PNG does not take`() throws {
    var metadata = ImageMetadata()
    metadata.profile = iccProfile() + [0]
    let file = try encode(Self.picture, as: .jpeg, metadata)
    #expect(try convert(file, ConvertOptions()).output == file)
    #expect(try header(of: convert(file, options { $0.format = .png }).output).profile == .whole(iccProfile()))
  }

  @Test func `a profile for other colors stays where nothing is decoded, and is a remark where it goes`() throws {
    var metadata = ImageMetadata()
    metadata.profile = iccProfile("CMYK")
    let file = try encode(Self.picture, as: .jpeg, metadata)
    let copy = try convert(file, ConvertOptions())
    #expect(copy.image.isCopy && copy.image.remark == nil)
    let small = try convert(file, options { $0.resize = ResizeSpec("8") })
    #expect(small.image.remark == "its ICC profile is for another color space and was left out")
    #expect(try header(of: small.output).profile == .none)
    #expect(try convert(file, options { ($0.resize, $0.metadata) = (ResizeSpec("8"), .none) }).image.remark == nil)
  }

  private static let picture = Samples(16, 16, channels: 4) { x, y, _ in 8 * x + y }

  /// An APP2 segment with a piece of a profile.
  private static func segment(_ piece: Bytes) -> Bytes {
    LanesImagesTests.segment(0xE2, Bytes("ICC_PROFILE\0".utf8) + piece)
  }

  private func png(_ compressed: Bytes) throws -> Bytes {
    var file = try encode(Self.picture, as: .png)
    file.insert(contentsOf: chunk("iCCP", Bytes("icc\0\0".utf8) + compressed), at: 33)
    return file
  }

  private func expectRemark(_ file: Bytes, _ reason: String) throws {
    for (name, change) in Self.asked {
      let result = try convert(file, options(change))
      #expect(result.image.remark?.contains(reason) == true, "\(name): \(result.image.remark ?? "none")")
      #expect(result.image.damage == nil, "\(name)")
      #expect(!result.image.isCopy, "\(name)")
      #expect(try header(of: result.output).profile == .none, "\(name)")
      #expect(
        result.output.firstRange(of: Bytes("ICC_PROFILE".utf8)) == nil
          && result.output.firstRange(of: Bytes("iCCP".utf8)) == nil)
    }
    #expect(try convert(file, options { $0.metadata = .none }).image.remark == nil)
    for (part, _) in try convertSizes(file, options { $0.sizes = [ResizeSpec("99")!, ResizeSpec("8")!] }, [0, 1]) {
      #expect(try header(of: part).profile == .none)
    }
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    let info = try file.withUnsafeBytes { try ImageInfo($0, codecs: .standard, context: context) }
    #expect(info.hasProfile && info.profileFault?.contains(reason) == true)
    var reader = WireReader(info.encoded())
    #expect(try ImageInfo(from: &reader, codecs: .standard) == info)
  }
}
