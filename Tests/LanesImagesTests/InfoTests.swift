import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

private func info(_ bytes: Bytes) throws -> ImageInfo {
  let partial = try InfoWorkload().perform(
    Unit(number: 0, label: "test"), input: bytes.span.bytes, output: OutputBuffer(), deadline: .never)
  return try InfoWorkload.decodePartial(partial)
}

@Suite struct InfoTests {
  @Test(arguments: [
    ("seeds.jpg", 3, 8, false), ("dragonfly-progressive.jpg", 3, 8, true), ("freespace-gray.jpg", 1, 8, false),
    ("wine-cmyk.jpg", 4, 8, false), ("nuthatch-interlaced.png", 3, 8, true), ("nuthatch-gray-alpha.png", 2, 8, false),
    ("seeds-rgba.png", 4, 8, false), ("ridge-rgb16.png", 3, 16, false), ("ridge-gray16.png", 1, 16, false),
  ])
  func `headers tell channels, bits and coding`(name: String, channels: Int, bits: Int, isProgressive: Bool) throws {
    let bytes = try fixture(name)
    let info = try info(bytes)
    #expect(info.format == (name.hasSuffix("png") ? .png : .jpeg))
    #expect((info.channels, info.bits, info.isProgressive) == (channels, bits, isProgressive))
    #expect(try info.size == Samples(decoding: bytes).shape.size)
    #expect(info.byteCount == bytes.count)
  }

  @Test func `orientation, profile and few bits are told`() throws {
    #expect(try info(fixture("bridge-turned.jpg")).orientation == .rotated90)
    #expect(try info(fixture("seeds.jpg")).orientation == .upright)
    #expect(try info(fixture("nuthatch-bits.png")).bits < 8)
    var metadata = ImageMetadata()
    metadata.profile = iccProfile("GRAY")
    let image = Samples(8, 8) { x, y, _ in x * y }
    for (metadata, hasProfile) in [(metadata, true), (ImageMetadata(), false)] {
      let context = CodecContext(deadline: .never, output: OutputBuffer())
      try image.send(to: JPEGEncoder(image.shape, metadata: metadata, options: options(), context: context))
      #expect(try info(context.output.withBytes { Bytes($0) }).hasProfile == hasProfile)
    }
  }

  @Test func `what is no image is refused`() throws {
    #expect(throws: UnitFailure.self) { try info([]) }
    #expect(throws: UnitFailure.self) { try info([1, 2, 3]) }
    #expect(throws: UnitFailure.self) { try info(Bytes(fixture("seeds-rgba.png").prefix(20))) }
  }

  @Test func `the plan walks directories and keeps the order`() throws {
    let tree = try PlanTree(["in/b.png", "in/a.jpg", "in/notes.txt"])
    let plan = try InfoPlan([tree / "gone.png", FilePath("-"), tree / "in"])
    #expect(plan.totalUnits == 4)
    var labels: [String] = []
    loop: while true {
      switch plan.next() {
      case .unit(let unit): labels.append(unit.label)
      case .failed(_, let failure): labels.append("\(failure.kind)")
      case .end, .waiting: break loop
      }
    }
    #expect(labels == ["input", "standard input", (tree / "in/a.jpg").string, (tree / "in/b.png").string])
    #expect(throws: PlanRefusal.self) { try InfoPlan([]) }
  }
}
