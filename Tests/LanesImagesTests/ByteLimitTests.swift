import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

@Suite struct ByteLimitTests {
  @Test(arguments: [1, 2, 3, 40, 63, 64, 65, 85, 100]) func `every limit finds the best step in six encodings`(
    _ quality: Int
  ) throws {
    let steps = EncoderStep.qualities(below: quality)
    #expect(steps.count == min(quality - 1, 63))
    #expect(steps.map(\.value) == steps.map(\.value).sorted() && Set(steps.map(\.value)).count == steps.count)
    #expect(quality == 1 || (steps.first == .quality(1) && steps.last == .quality(quality - 1)))
    for limit in 0...quality {
      var made: [Int] = []
      var search = StepSearch(quality)
      try search.run(steps, limit: limit) { step in
        made.append(step.value)
        return step.value
      }
      #expect(made.count <= 6 && Set(made).count == made.count)
      #expect(search.best == steps.last { $0.value <= limit })
      // What is said to be the smallest is that of the lowest quality.
      if limit == 0, quality > 1 { #expect(search.smallest.step == .quality(1)) }
    }
  }

  @Test(arguments: ["seeds.jpg", "friends-portrait.jpg", "seeds-rgba.png", "ridge-rgb16.png", "freespace-gray.jpg"])
  func `a result that is too large gets the best quality that fits`(_ name: String) throws {
    let input = try fixture(name)
    for (limit, progressive) in [(6000, false), (4000, true), (2500, false)] {
      let asked = options {
        ($0.format, $0.resize, $0.progressive, $0.sharpen) = (.jpeg, ResizeSpec("150"), progressive, 0.4)
      }
      var limited = asked
      limited.maxBytes = limit
      let result = try convert(input, limited)
      #expect(result.output.count <= limit && result.image.byteCount == result.output.count)
      func made(_ quality: Int) throws -> Bytes {
        var plain = asked
        plain.quality = quality
        return try convert(input, plain).output
      }
      guard let step = result.image.reduced else {
        #expect(try result.output == convert(input, asked).output)
        continue
      }
      #expect(try result.output == made(step.value))
      let next = EncoderStep.qualities(below: 85).first { $0.value > step.value }?.value ?? 85
      #expect(try made(next).count > limit)
    }
  }

  @Test func `quality is where the search begins`() throws {
    let input = try fixture("ridge-444.jpg")
    let fine = try convert(input, options { ($0.resize, $0.quality, $0.maxBytes) = (ResizeSpec("200"), 95, 12_000) })
    let usual = try convert(input, options { ($0.resize, $0.maxBytes) = (ResizeSpec("200"), 12_000) })
    #expect(usual.image.reduced == nil)
    #expect(fine.image.reduced.map { $0.value > 85 && $0.value < 95 } == true, "\(fine.image)")
  }

  @Test func `what cannot fit fails with the smallest size that was reached`() throws {
    let input = try fixture("seeds.jpg")
    let smallest = try convert(input, options { $0.quality = 1 }).output.count
    let limited = failure(of: input, options { $0.maxBytes = smallest - 1 })
    #expect(limited?.kind == .rejected)
    let digits = limited?.reason.filter { $0 != "," } ?? ""
    #expect(
      digits.contains("has at least \(smallest) bytes with --quality 1; --max-bytes allows \(smallest - 1)"),
      "\(digits)")
    #expect(failure(of: input, options { $0.maxBytes = smallest }) == nil)
    // One result that cannot fit fails all of its image.
    #expect(throws: UnitFailure.self) {
      try convertSizes(
        input, options { ($0.maxBytes, $0.sizes) = (smallest - 1, [ResizeSpec("20")!, ResizeSpec("9000")!]) }, [0, 1])
    }
  }

  @Test func `a PNG is compressed harder, and then fails`() throws {
    let input = try fixture("nuthatch-rgb.png")
    let weak = options { ($0.pngLevel, $0.resize) = (1, ResizeSpec("100")) }
    var strong = weak
    strong.pngLevel = 12
    let (large, small) = (try convert(input, weak).output, try convert(input, strong).output)
    #expect(small.count < large.count)
    var limited = weak
    limited.maxBytes = small.count
    let result = try convert(input, limited)
    #expect(result.output == small && result.image.reduced == .level(12))
    limited.maxBytes = small.count - 1
    #expect(failure(of: input, limited)?.reason.contains("--png-level 12") == true)
    limited.pngLevel = 12
    #expect(failure(of: input, limited)?.reason.contains("with") == false)
  }

  @Test func `a file that is small enough stays, and one that is not is encoded anew`() throws {
    let input = try fixture("ridge-444.jpg")
    #expect(try convert(input, options { $0.maxBytes = input.count }).image.isCopy)
    let smaller = try convert(input, options { $0.maxBytes = input.count - 1 })
    #expect(!smaller.image.isCopy && smaller.output.count < input.count)
    // Turned without loss where that is small enough.
    let turned = try convert(input, options { $0.turn = .rotated180 })
    #expect(turned.image.method == .lossless)
    let fits = try convert(input, options { ($0.turn, $0.maxBytes) = (.rotated180, turned.output.count) })
    #expect(fits.output == turned.output && fits.image.method == .lossless)
    let encoded = try convert(input, options { ($0.turn, $0.maxBytes) = (.rotated180, turned.output.count - 1) })
    #expect(encoded.image.method == .converted && encoded.output.count < turned.output.count)
  }

  @Test func `a deadline holds in the search too`() throws {
    let input = try fixture("ridge-444.jpg")
    let error = #expect(throws: UnitFailure.self) {
      try convert(input, options { $0.maxBytes = 1 }, deadline: Deadline(timeout: .nanoseconds(1)))
    }
    #expect(error?.kind == .timedOut)
  }
}

@Suite struct IfLargerTests {
  /// A JPEG of few bytes for its pixels, so that encoding it anew makes it larger.
  private func coarse(_ name: String = "ridge-444.jpg") throws -> Bytes {
    try convert(fixture(name), options { ($0.quality, $0.format) = (20, .jpeg) }).output
  }

  @Test func `a larger result gives way to its source`() throws {
    let input = try coarse()
    let kept = try convert(input, options { $0.quality = 95 })
    #expect(kept.output.count > input.count && kept.image.larger == nil)
    let copied = try convert(input, options { ($0.quality, $0.ifLarger) = (95, .copy) })
    #expect(copied.output == input && copied.image.larger == .copied && copied.image.isCopy)
    #expect(copied.image.byteCount == input.count)
    let skipped = try convertSizes(
      input, options { ($0.quality, $0.ifLarger, $0.formats) = (95, .skip, [.jpeg, .png]) }, [0, 1])
    #expect(skipped.map(\.output) == [[], []] && skipped.map(\.image.larger) == [.skipped, .skipped])
    #expect(skipped[0].image.byteCount == kept.output.count)
  }

  @Test func `a smaller result stays`() throws {
    let input = try fixture("ridge-444.jpg")
    for way in ConvertOptions.IfLarger.allCases {
      let result = try convert(input, options { ($0.quality, $0.ifLarger) = (10, way) })
      #expect(result.output.count < input.count && result.image.larger == nil)
    }
  }

  /// Where the source is not what was asked for, its bytes would be a wrong result.
  @Test(
    arguments: [
      { $0.metadata = .none }, { $0.metadata = .icc }, { $0.turn = .rotated90 }, { $0.turn = .mirrored },
      { $0.grayscale = true }, { $0.format = .png },
    ] as [@Sendable (inout ConvertOptions) -> Void])
  func `the source is copied only where it is what was asked for`(_ change: @Sendable (inout ConvertOptions) -> Void)
    throws
  {
    let input = try coarse()
    var asked = options {
      ($0.quality, $0.ifLarger) = (98, .copy)
      change(&$0)
    }
    let result = try convert(input, asked)
    #expect(result.image.larger == .kept && !result.image.isCopy && result.output.count > input.count)
    asked.ifLarger = .keep
    #expect(try result.output == convert(input, asked).output)
  }

  @Test(
    arguments: [
      { $0.resize = ResizeSpec("479") }, { $0.crop = CropSpec("470x310+1+1") },
      { ($0.resize, $0.fit) = (ResizeSpec("500x500"), .pad) },
      { ($0.resize, $0.enlarge) = (ResizeSpec("500"), true) },
    ] as [@Sendable (inout ConvertOptions) -> Void])
  func `a result of another size is not compared`(_ change: @Sendable (inout ConvertOptions) -> Void) throws {
    let input = try coarse()
    for way in ConvertOptions.IfLarger.allCases {
      let result = try convert(
        input,
        options {
          ($0.quality, $0.ifLarger) = (98, way)
          change(&$0)
        })
      #expect(result.output.count > input.count && result.image.larger == nil)
    }
  }

  @Test func `an orientation that is applied is not undone by a copy`() throws {
    let input = try fixture("bridge-turned.jpg")
    let turned = try convert(input, options { ($0.quality, $0.ifLarger) = (99, .copy) })
    #expect(turned.output.count > input.count && turned.image.larger == .kept)
    #expect(try header(of: turned.output).orientation == .upright)
    let left = try convert(input, options { ($0.quality, $0.ifLarger, $0.autoOrient) = (99, .copy, false) })
    #expect(left.output == input)
  }

  @Test func `a depth that was asked for is not undone by a copy`() throws {
    let input = try fixture("nuthatch-gray.png")
    let deep = try convert(input, options { ($0.pngDepth, $0.pngLevel, $0.ifLarger) = (16, 0, .copy) })
    #expect(deep.output.count > input.count && deep.image.larger == .kept)
    let same = try convert(input, options { ($0.pngDepth, $0.pngLevel, $0.ifLarger) = (8, 0, .copy) })
    #expect(same.output == input)
  }

  @Test func `damage that is made up for is not passed on`() throws {
    let input = try fixture("damaged-truncated.jpg")
    let result = try convert(input, options { ($0.salvage, $0.quality, $0.ifLarger) = (true, 100, .copy) })
    #expect(result.output.count > input.count && result.output != input && result.image.damage != nil)
  }

  @Test func `one result is no file at all when it is left out`() throws {
    let input = try coarse()
    let output = OutputBuffer()
    let workload = ConvertWorkload(options { ($0.quality, $0.ifLarger) = (95, .skip) })
    _ = try workload.perform(Unit(number: 0, label: ""), input: input.span.bytes, output: output, deadline: .never)
    let sink = Sink.file(Destination(path: "x", replacesExisting: false))
    #expect(output.count == 0)
    #expect(try output.withBytes { try sink.parts(of: $0, ends: output.partEnds).isEmpty })
  }
}
