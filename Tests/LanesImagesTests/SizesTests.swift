import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

private func sizes(_ texts: String...) -> ConvertOptions {
  options { $0.sizes = texts.map { ResizeSpec($0)! } }
}

@Suite struct SizesTests {
  @Test func `every size of a PNG is what it would be alone`() throws {
    let input = try fixture("seeds-rgba.png")
    let results = try convertSizes(input, sizes("120", "60x20", "50%", "9"), [0, 1, 2, 3])
    for (result, size) in zip(results, ["120x120", "60x20", "50%", "9x9"]) {
      let alone = try convert(input, options { $0.resize = ResizeSpec(size) })
      #expect(result.output == alone.output)
      #expect(result.image == alone.image)
    }
  }

  @Test func `a JPEG is decoded at the scale of the largest size, which is what that one would be alone`() throws {
    let input = try fixture("ridge-444.jpg")
    let results = try convertSizes(input, sizes("20", "200"), [0, 1])
    let large = try convert(input, options { $0.resize = ResizeSpec("200x200") })
    #expect(results[1].output == large.output)
    let small = try convert(input, options { $0.resize = ResizeSpec("20x20") })
    #expect(results[0].image.outputSize == small.image.outputSize)
    let (one, other) = (try Samples(decoding: results[0].output), try Samples(decoding: small.output))
    let difference = zip(one.values, other.values).reduce(0) { $0 + abs($1.0 - $1.1) }
    #expect(difference < 4 * one.values.count)
  }

  @Test func `only the sizes that the unit names are made`() throws {
    let input = try fixture("seeds.jpg")
    let options = sizes("100", "50", "25")
    let all = try convertSizes(input, options, [0, 1, 2])
    #expect(try convertSizes(input, options, [2]).map(\.image.outputSize) == [all[2].image.outputSize])
  }

  @Test func `a size that changes nothing is a copy`() throws {
    let input = try fixture("seeds.jpg")
    let results = try convertSizes(input, sizes("9000", "50"), [0, 1])
    #expect(results.map(\.image.isCopy) == [true, false])
    #expect(results[0].output == input)
  }

  @Test(arguments: ["bridge-turned.jpg", "nuthatch-palette.png"])
  func `a size that only moves pixels is as good as alone`(
    name: String
  ) throws {
    var options = sizes("9000", "50")
    options.turn = .transposed
    let results = try convertSizes(fixture(name), options, [0, 1])
    var alone = options
    (alone.sizes, alone.resize) = ([], ResizeSpec("9000"))
    let expected = try convert(fixture(name), alone)
    #expect(results[0].output == expected.output)
    #expect(results[0].image == expected.image)
    #expect(results[1].image.method == .converted)
  }

  @Test(arguments: ["damaged-truncated.jpg", "damaged-checksum.png"]) func `damage fails all sizes`(
    _ name: String
  ) throws {
    let input = try fixture(name)
    #expect(throws: UnitFailure.self) { try convertSizes(input, sizes("9000", "50"), [0, 1]) }
  }

  @Test func `turned and padded sizes come out right`() throws {
    var options = sizes("40x40", "80x20")
    options.turn = .rotated90
    options.fit = .pad
    let results = try convertSizes(try fixture("ridge-rgb16.png"), options, [0, 1])
    #expect(results.map(\.image.outputSize) == [PixelSize(40, 40), PixelSize(80, 20)])
  }

  @Test func `a number is the longest side`() {
    #expect(ResizeSpec("1600") == .inside(width: 1600, height: 1600))
    #expect(ResizeSpec("1600x") == .inside(width: 1600, height: nil))
    for text in ["", "0", "x", "1600x0", "-5", "9999999"] { #expect(ResizeSpec(text) == nil, "\(text)") }
  }

  @Test func `sizes are named, and those that exist are left out of the unit`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.png", "out/a-50.png", "out/b-50.png", "out/b-x20.png"])
    let request = ConvertRequest(
      inputs: [tree / "in"], destination: tree / "out", existing: .skip, sizes: ["50", "x20"])
    let plan = try ConvertPlan(request, options: sizes("50", "x20"))
    #expect(plan.totalUnits == 1)
    #expect(plan.lines.map(\.action) == [.skip, .create, .skip, .skip])
    guard case .unit(let unit) = plan.next() else {
      Issue.record("a unit was expected")
      return
    }
    #expect(unit.task == [1])
    #expect(
      unit.sink
        == .files([
          Destination(
            path: tree / "out/a-x20.png", replacesExisting: false, permissions: 0o600,
            mirror: FolderMirror(file: tree / "in/a.png", depth: 1))
        ]))
    #expect(unit.expectedMemory > 0)
    guard case .end = plan.next() else {
      Issue.record("an end was expected")
      return
    }
  }

  @Test func `a template that does not tell sizes apart is refused`() throws {
    let tree = try PlanTree(["a.png"])
    let request = ConvertRequest(
      inputs: [tree / "a.png"], destination: tree / "out", name: NameTemplate("{name}.{ext}"), sizes: ["50", "x20"])
    #expect(throws: PlanRefusal.self) { try ConvertPlan(request, options: sizes("50", "x20")) }
  }
}
