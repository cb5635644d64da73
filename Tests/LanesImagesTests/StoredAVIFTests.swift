import LanesCore
import Testing

@testable import LanesImages

/// AVIFs of which only what is said beside the picture changes: the coded picture stays, byte for byte.
@Suite(.enabled(if: avifIsBuilt)) struct StoredAVIFTests {
  /// What is coded of a picture, and of its alpha.
  private func coded(_ file: Bytes) throws -> [Bytes] {
    try file.withUnsafeBytes { input in
      let layout = try AVIFLayout(input)
      let alpha = try layout.alpha.map { try layout.bytes(of: $0, in: input).copy }
      return [try layout.bytes(of: layout.color, in: input).copy] + (alpha.map { [$0] } ?? [])
    }
  }

  /// With Exif that says orientation 6, which does not count, XMP and a profile.
  private func described(_ change: (inout ConvertOptions) -> Void = { _ in }) throws -> Bytes {
    var metadata = ImageMetadata()
    (metadata.profile, metadata.exif) = (iccProfile(), tiff(orientation: 6))
    metadata.blocks = [MetadataBlock(name: [0xE1], bytes: JPEGIdentifier.xmp.bytes + Bytes("<x/>".utf8))]
    let jpeg = try encode(Samples(24, 16, channels: 4) { x, y, c in 20 * c + 3 * x + 5 * y }, as: .jpeg, metadata)
    return try convert(
      jpeg,
      options {
        ($0.format, $0.autoOrient, $0.effort) = (.avif, false, 0)
        change(&$0)
      }
    ).output
  }

  @Test(
    arguments: [
      "lossless", "lossless-alpha", "420", "422-709-limited", "444-2020-10", "420-12-limited", "gray-alpha-10",
      "turned",
    ], [ConvertOptions.Format?.none, .avif])
  func `the picture stays whatever its coding, where metadata go`(name: String, format: ConvertOptions.Format?) throws {
    let file = try fixture("avif/\(name).avif")
    let result = try convert(
      file,
      options {
        ($0.metadata, $0.autoOrient) = (.none, false)
        if let format { $0.format = format }
      })
    #expect(result.image.method != .converted)
    #expect(try coded(result.output) == coded(file))
    let (before, after) = (try header(of: file), try header(of: result.output))
    #expect(after.exif == nil && after.texts.xmp == nil && after.profile == before.profile)
    #expect(after.coding == before.coding && after.orientation == before.orientation)
    let shown = try [file, result.output].map { try convert($0, options { $0.format = .png }).output }
    #expect(try Samples(decoding: shown[0]) == Samples(decoding: shown[1]))
  }

  @Test func `what is kept is what was asked for, and never turns the picture`() throws {
    let file = try described()
    let before = try header(of: file)
    for kept in ConvertOptions.Metadata.allCases {
      let result = try convert(file, options { ($0.metadata, $0.autoOrient) = (kept, false) })
      #expect(result.image.method != .converted, "\(kept)")
      let after = try header(of: result.output)
      #expect(after.profile == (kept == .none ? .none : before.profile), "\(kept)")
      #expect((after.exif != nil) == (kept == .all) && (after.texts.xmp != nil) == (kept == .all), "\(kept)")
      #expect(after.orientation == before.orientation, "\(kept)")
      #expect(try coded(result.output) == coded(file), "\(kept)")
      // Once more, there is nothing left to change.
      let again = try convert(result.output, options { ($0.metadata, $0.autoOrient) = (kept, false) })
      #expect(again.output == result.output, "\(kept)")
    }
  }

  @Test func `a turn that cancels the file's own only takes away what it says`() throws {
    let file = try described()
    #expect(try header(of: file).orientation == .rotated90)
    let result = try convert(file, options { $0.turn = .rotated270 })
    #expect(result.image.method == .lossless)
    #expect(try header(of: result.output).orientation == .upright)
    #expect(try coded(result.output) == coded(file))
  }

  @Test(arguments: ["grid", "cropped", "premultiplied"])
  func `what cannot be said again as it was is coded anew`(name: String) throws {
    let file = try fixture("avif/\(name).avif")
    let result = try convert(file, options { $0.metadata = .none })
    #expect(result.image.method == .converted)
    let shown = try [file, result.output].map { try header(of: $0).shape.size }
    #expect(shown[0] == shown[1])
  }

  @Test func `a word to the encoder has the picture coded anew`() throws {
    let file = try described { $0.quality = 90 }
    let changes: [(inout ConvertOptions) -> Void] = [
      { $0.quality = 30 }, { $0.effort = 0 }, { $0.subsampling = .full }, { $0.lossless = .all },
      { $0.resize = ResizeSpec("12x") }, { $0.grayscale = true },
    ]
    for (index, change) in changes.enumerated() {
      let result = try convert(
        file,
        options {
          ($0.metadata, $0.autoOrient) = (.none, false)
          change(&$0)
        })
      #expect(result.image.method == .converted, "\(index)")
      #expect(try coded(result.output) != coded(file), "\(index)")
    }
  }

  @Test func `a picture that is damaged or cut off is not passed on`() throws {
    let file = try fixture("avif/lossless-alpha.avif")
    let bare = options { $0.metadata = .none }
    for count in [file.count - 1, file.count - 300, file.count / 2, 60] {
      #expect(failure(of: Bytes(file.prefix(count)), bare)?.kind == .rejected, "\(count) of \(file.count)")
    }
    var refused = 0
    for start in stride(from: file.count - 400, to: file.count - 20, by: 20) {
      var damaged = file
      for at in start..<start + 20 { damaged[at] = ~damaged[at] }
      guard let reason = failure(of: damaged, bare) else { continue }
      #expect(reason.kind == .rejected)
      refused += 1
    }
    #expect(refused > 0)
  }
}
