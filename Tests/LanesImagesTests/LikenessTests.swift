import CSIMD
import LanesCore
import LanesTesting
import SystemPackage
import Testing

@testable import LanesImages

/// Compares two files as a unit does.
private func likeness(_ one: Bytes, _ other: Bytes) throws(UnitFailure) -> Likeness {
  let input = one + other + JoinedFiles.trailer([one.count, other.count])
  let unit = Unit(number: 0, label: "a", task: PairNames("a", "b").task)
  let partial = try LikenessWorkload().perform(unit, input: input.span.bytes, output: OutputBuffer(), deadline: .never)
  do { return try LikenessWorkload.decodePartial(partial) } catch { throw UnitFailure(.crashed, "no likeness") }
}

private func failure(_ one: Bytes, _ other: Bytes) -> String? {
  do {
    _ = try likeness(one, other)
    return nil
  } catch {
    return error.reason
  }
}

private func pattern(_ channels: Int, depth: Int = 8, width: Int = 40, height: Int = 30, alpha: Bool = false) -> Samples
{
  Samples(width, height, channels: channels, depth: depth, alpha: alpha) { x, y, channel in
    channel == 3 ? (depth == 8 ? 255 : 65535) : (x * 7 + y * 13 + channel * 50) % 256 * (depth == 8 ? 1 : 257)
  }
}

/// The pattern, darker and with a grain.
private func changed(_ channels: Int, depth: Int = 8) -> Samples {
  let scale = depth == 8 ? 1 : 257
  let old = pattern(channels, depth: depth)
  return Samples(40, 30, channels: channels, depth: depth) { x, y, channel in
    let value = old[x, y, channel]
    return channel == 3 ? value : min(255, value / scale * 3 / 4 + (x * y + channel) % 32) * scale
  }
}

@Suite struct LikenessTests {
  /// Of scikit-image 0.25: structural_similarity with Gaussian weights of 1.5 and population variances.
  @Test func `similarity and error are those of scikit-image`() throws {
    for (channels, depth, ssim, error) in [
      (1, 8, 0.89170159, 0.01134676), (4, 8, 0.87772840, 0.01138275), (4, 16, 0.87772840, 0.01138275),
    ] {
      let found = try likeness(
        try pattern(channels, depth: depth).encodedAsPNG, try changed(channels, depth: depth).encodedAsPNG)
      #expect(abs(found.ssim - ssim) < 1e-5 && abs(found.meanSquaredError - error) < 1e-7)
      #expect(found.dssim == (1 - found.ssim) / 2)
      #expect(found.size == PixelSize(40, 30) && !found.isSame)
      #expect(abs(found.psnr + 10 * decimalLogarithm(error)) < 1e-3)
    }
    // 8 bits against the same with 16, and gray against the same in color.
    let deep = try likeness(try pattern(4).encodedAsPNG, try pattern(4, depth: 16).encodedAsPNG)
    #expect(deep.isSame && deep.ssim == 1)
    let gray = Samples(20, 20) { x, y, _ in x * y % 256 }
    let color = Samples(20, 20, channels: 4) { x, y, channel in channel == 3 ? 255 : x * y % 256 }
    #expect(try likeness(try gray.encodedAsPNG, try color.encodedAsPNG).isSame)
  }

  @Test func `every picture is like itself, however small, and its own order does not matter`() throws {
    for (width, height) in [(1, 1), (3, 1), (1, 40), (11, 11), (12, 10), (100, 70)] {
      let bytes = try pattern(4, width: width, height: height).encodedAsPNG
      let found = try likeness(bytes, bytes)
      #expect(found.isSame && found.ssim == 1 && found.worst == 1 && found.dssim == 0 && found.psnr == .infinity)
      #expect(found.worstBlock.size.width <= width && found.worstBlock.size.height <= height)
    }
    let (one, other) = (try pattern(4).encodedAsPNG, try changed(4).encodedAsPNG)
    #expect(try likeness(one, other) == likeness(other, one))
  }

  @Test func `damage in one place shows in the worst block, and where that is`() throws {
    let whole = pattern(1, width: 400, height: 300)
    let damaged = Samples(400, 300) { x, y, _ in
      (300..<330).contains(x) && (200..<230).contains(y) ? 128 : whole[x, y]
    }
    let found = try likeness(try whole.encodedAsPNG, try damaged.encodedAsPNG)
    #expect(found.ssim > 0.98 && found.tenthPercentile > 0.999 && found.worst < 0.5)
    let block = found.worstBlock
    #expect(
      (block.x..<block.x + block.size.width).contains(310) && (block.y..<block.y + block.size.height).contains(212))
  }

  @Test func `a picture is compared as it is shown: turned, in sRGB, without colors that nobody sees`() throws {
    let upright = changed(4)
    var metadata = ImageMetadata()
    metadata.exif = tiff(orientation: 6)
    // Orientation 6 is shown turned to the right: stored, it lies on its left side.
    let stored = Samples(30, 40, channels: 4) { x, y, channel in upright[39 - y, x, channel] }
    #expect(try likeness(try upright.encodedAsPNG, try encode(stored, as: .png, metadata)).isSame)
    var wide = ImageMetadata()
    wide.profile = try profile("wide-parametric")
    let inWide = try encode(upright, as: .png, wide)
    let inSRGB = try convert(inWide, options { $0.profile = .srgb }).output
    #expect(try likeness(inWide, inSRGB).isSame)
    #expect(try !likeness(inWide, try upright.encodedAsPNG).isSame)
    let hidden = [30, 200].map { level in
      Samples(40, 30, channels: 4, alpha: true) { x, y, channel in
        channel == 3 ? (x < 20 ? 0 : 255) : x < 20 ? level : 90
      }
    }
    #expect(try likeness(try hidden[0].encodedAsPNG, try hidden[1].encodedAsPNG).isSame)
  }

  @Test func `what shows on one ground alone counts`() throws {
    // White on transparent does not show on white, black on transparent not on black.
    for level in [0, 255] {
      let drawn = Samples(40, 30, channels: 4, alpha: true) { x, y, channel in
        channel == 3 ? ((x / 4 + y / 4) % 2 * 255) : level
      }
      let empty = Samples(40, 30, channels: 4, alpha: true) { _, _, _ in 0 }
      let found = try likeness(try drawn.encodedAsPNG, try empty.encodedAsPNG)
      #expect(found.ssim < 0.5 && !found.isSame, "\(level)")
    }
  }

  @Test func `pairs that cannot be compared say why, and name the file`() throws {
    let (small, large) = (
      try pattern(1, width: 9, height: 8).encodedAsPNG, try pattern(1, width: 8, height: 9).encodedAsPNG
    )
    #expect(
      failure(small, large)
        == "it has 9 \(Glyphs.times) 8 pixels, and b 8 \(Glyphs.times) 9: only pictures of one size can be compared")
    #expect(failure([], small) == "it is empty")
    #expect(failure(small, [1, 2, 3])?.hasPrefix("b: it is not an image") == true)
    let cut = Bytes(large.prefix(large.count - 20))
    #expect(failure(large, cut)?.hasPrefix("b: ") == true)
    #expect(failure(cut, large)?.hasPrefix("b: ") == false)
  }

  @Test func `an input that is no pair is refused, whatever it says of lengths`() throws {
    for input: Bytes in [[], [1, 2], Bytes(repeating: 255, count: 40), Bytes(repeating: 0, count: 17)] {
      let unit = Unit(number: 0, label: "a")
      #expect(throws: UnitFailure.self) {
        try LikenessWorkload().perform(unit, input: input.span.bytes, output: OutputBuffer(), deadline: .never)
      }
      #expect(input.withUnsafeBytes { JoinedFiles.ranges(in: $0, count: 2) } == nil)
    }
    #expect(Bytes(repeating: 0, count: 16).withUnsafeBytes { JoinedFiles.ranges(in: $0, count: 2) } == [0..<0, 0..<0])
  }

  @Test func `every level of instructions gives the same numbers`() throws {
    let (one, other) = (
      try fixture("seeds.jpg"), try convert(try fixture("seeds.jpg"), options { $0.quality = 30 }).output
    )
    csimd_limit(csimd_portable)
    let expected = Result { try likeness(one, other) }
    for level in csimd_portable.rawValue + 1...csimd_best().rawValue {
      csimd_limit(csimd_level(rawValue: level))
      #expect(try likeness(one, other) == expected.get(), "level \(level)")
    }
    csimd_limit(csimd_best())
  }
}

@Suite struct PairPlanTests {
  private let folder = TemporaryFolder()

  private func steps(_ one: String, _ other: String) throws -> [String] {
    let plan = try PairPlan(folder.file(one), folder.file(other))
    var steps: [String] = []
    while true {
      switch plan.next() {
      case .unit(let unit):
        guard case .files(let paths) = unit.source else { return ["no pair"] }
        #expect(unit.number == steps.count && unit.expectedMemory > 0)
        steps.append(paths.map { $0.removingRoot(folder.path) }.joined(separator: " "))
      case .failed(let unit, let failure): steps.append("\(unit.labelPath!.removingRoot(folder.path)): \(failure.kind)")
      case .waiting, .end:
        #expect(plan.totalUnits == steps.count)
        return steps
      }
    }
  }

  @Test func `trees are matched by name, then by name without suffix where that stands for one file`() throws {
    let image = try pattern(1, width: 2, height: 2).encodedAsPNG
    for name in ["a/1.png", "a/2.png", "a/3.png", "a/3.jpg", "a/deep/4.PNG", "a/5.png", "a/note.txt"] {
      try folder.write(name, image)
    }
    for name in ["b/1.png", "b/2.jpg", "b/3.jpeg", "b/deep/4.jpg", "b/4.png"] { try folder.write(name, image) }
    #expect(
      try steps("a", "b") == [
        "a/1.png b/1.png", "a/2.png b/2.jpg", "a/3.jpg: input", "a/3.png: input", "a/5.png: input",
        "a/deep/4.PNG b/deep/4.jpg", "b/3.jpeg: input", "b/4.png: input",
      ])
    #expect(try steps("a/1.png", "b/2.jpg") == ["a/1.png b/2.jpg"])
  }

  @Test func `a file and a directory, nothing at all and what is not there are refused`() throws {
    try folder.write("a/1.png", [1])
    try folder.write("empty/none.txt", [1])
    for (one, other) in [("a", "a/1.png"), ("a/1.png", "a"), ("empty", "empty"), ("a", "gone"), ("gone", "a/1.png")] {
      #expect(throws: PlanRefusal.self) { try steps(one, other) }
    }
  }
}

extension FilePath {
  /// The path below `root`, as text.
  fileprivate func removingRoot(_ root: FilePath) -> String {
    string.hasPrefix(root.string + "/") ? String(string.dropFirst(root.string.count + 1)) : string
  }
}
