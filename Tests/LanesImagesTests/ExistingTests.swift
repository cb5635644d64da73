import Glibc
import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

/// Sets the time of last change.
private func age(_ path: FilePath, seconds: Int) {
  var times = [timeval(tv_sec: seconds, tv_usec: 0), timeval(tv_sec: seconds, tv_usec: 0)]
  utimes(path.string, &times)
}

@Suite struct ExistingTests {
  @Test func `results that exist are skipped, and the rest is numbered without gaps`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.png", "in/c.png", "out/b.png"])
    let plan = try ConvertPlan(ConvertRequest(inputs: [tree / "in"], destination: tree / "out", existing: .skip))
    #expect(plan.totalUnits == 2)
    #expect(plan.lines.map(\.action) == [.create, .skip, .create])
    #expect(plan.skippedFiles.map(\.output) == [tree / "out/b.png"])
    var numbers: [Int] = []
    while case .unit(let unit) = plan.next() { numbers.append(unit.number) }
    #expect(numbers == [0, 1])
  }

  @Test func `only inputs newer than their results are taken`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.png", "in/c.png", "in/d.png", "out/a.png", "out/b.png", "out/c.png"])
    for (name, input, output) in [("a", 1000, 999), ("b", 1000, 1000), ("c", 1000, 1001)] {
      age(tree / "in/\(name).png", seconds: input)
      age(tree / "out/\(name).png", seconds: output)
    }
    let plan = try ConvertPlan(
      ConvertRequest(inputs: [tree / "in"], destination: tree / "out", existing: .replaceOlder))
    #expect(plan.lines.map(\.action) == [.replace, .skip, .skip, .create])
    guard case .unit(let unit) = plan.next() else {
      Issue.record("a unit was expected")
      return
    }
    #expect(
      unit.sink
        == .file(
          Destination(
            path: tree / "out/a.png", replacesExisting: true, permissions: 0o600,
            mirror: FolderMirror(file: tree / "in/a.png", depth: 1))))
  }

  @Test func `an output that is an input or a directory is refused all the same`() throws {
    let tree = try PlanTree(["in/a.png", "out/a.png/x"])
    for existing in [ConvertRequest.Existing.skip, .replaceOlder] {
      let inPlace = ConvertRequest(inputs: [tree / "in"], destination: tree / "in", existing: existing)
      #expect(refusal(inPlace).first?.contains("is itself an input") == true)
      let folder = ConvertRequest(inputs: [tree / "in"], destination: tree / "out", existing: existing)
      #expect(refusal(folder).first?.contains("is a directory") == true)
    }
  }

  @Test(arguments: [
    ("{dir}/{name}.{ext}", ["b.JPG", "c", "sub/a.jpeg"]),
    ("{name}-small.{ext}", ["b-small.JPG", "c-small", "a-small.jpeg"]),
    ("{format}/{name}", ["jpeg/b", "other/c", "jpeg/a"]),
    ("x/{dir}/{name}_{ext}.{ext}", ["x/b_JPG.JPG", "x/c_", "x/sub/a_jpeg.jpeg"]),
  ])
  func `a template names results`(template: String, expected: [String]) throws {
    let tree = try PlanTree(["in/b.JPG", "c", "in/sub/a.jpeg"])
    let request = ConvertRequest(
      inputs: [tree / "in", tree / "c"], destination: tree / "out", name: NameTemplate(template))
    let sorted = outputs(try ConvertPlan(request)).sorted()
    #expect(sorted == expected.map { (tree / "out").string + "/" + $0 }.sorted())
  }

  @Test func `a template knows the new format`() throws {
    let tree = try PlanTree(["a.jpeg"])
    let request = ConvertRequest(
      inputs: [tree / "a.jpeg"], destination: tree / "new.png", destinationIsDirectory: true, format: .png,
      name: NameTemplate("{name}.{format}.{ext}"))
    #expect(!request.namesOneFile)
    #expect(outputs(try ConvertPlan(request)) == [(tree / "new.png/a.png.png").string])
  }

  @Test func `collisions are found in the names that a template makes`() throws {
    let tree = try PlanTree(["in/x/a.png", "in/y/a.png", "in/...png"])
    let flat = ConvertRequest(inputs: [tree / "in"], destination: tree / "out", name: NameTemplate("{name}.{ext}"))
    #expect(refusal(flat).first?.contains("would both become") == true)
    let outside = ConvertRequest(
      inputs: [tree / "in/...png"], destination: tree / "out", name: NameTemplate("{name}/a"))
    #expect(refusal(outside) == ["the result of \(tree / "in/...png") would not lie below \(tree / "out")"])
    let above = ConvertRequest(inputs: [tree / "in/x"], destination: tree / "out", name: NameTemplate("../{name}"))
    #expect(refusal(above).first?.contains("would not lie below") == true)
  }

  @Test(arguments: ["", "{", "}", "{nmae}", "a{dir", "a/", "{dir}", "{name}}", "{}"])
  func `texts that are no template are refused`(text: String) { #expect(NameTemplate(text) == nil) }
}
