import Glibc
import LanesCore
import LanesOS
import SystemPackage
import Testing

@testable import LanesImages

/// A fresh directory with files in it, removed at the end with all that it holds.
final class PlanTree {
  let root: FilePath

  init(_ files: [String]) throws {
    var template = Array("/tmp/lanes-plan-XXXXXX".utf8CString)
    root = FilePath(String(cString: try #require(mkdtemp(&template))))
    for file in files { try add(file) }
  }

  func add(_ file: String) throws {
    let path = self / file
    var folder = root
    for component in FilePath(file).removingLastComponent().components {
      folder.append(component)
      mkdir(folder.string, 0o755)
    }
    try write([1, 2, 3], to: path)
  }

  func link(_ name: String, to target: String) {
    symlink((self / target).string, (self / name).string)
  }

  static func / (tree: PlanTree, name: String) -> FilePath { tree.root.pushing(FilePath(name)) }

  deinit { Folders.remove(root) }
}

func outputs(_ plan: ConvertPlan) -> [String] {
  var found: [String] = []
  while true {
    switch plan.next() {
    case .unit(let unit):
      guard case .file(let destination) = unit.sink else { return found }
      found.append(destination.path.string)
    case .failed(let unit, let failure): found.append("\(unit.label): \(failure.reason)")
    case .end, .waiting: return found
    }
  }
}

func refusal(_ request: ConvertRequest) -> [String] {
  do {
    _ = try ConvertPlan(request)
    return []
  } catch {
    return error.messages
  }
}

@Suite struct PlanTests {
  @Test func `a directory is mirrored and only images are taken`() throws {
    let tree = try PlanTree(["in/b.JPG", "in/a.png", "in/sub/c.jfif", "in/notes.txt", "in/sub/d"])
    let plan = try ConvertPlan(ConvertRequest(inputs: [tree / "in"], destination: tree / "out"))
    #expect(plan.totalUnits == 3)
    #expect(outputs(plan) == ["a.png", "b.JPG", "sub/c.jfif"].map { (tree / "out/\($0)").string })
  }

  @Test func `a new format gives a new suffix`() throws {
    let tree = try PlanTree(["a.JPEG", "b.png", "c", "d.tar", ".png"])
    let inputs = ["a.JPEG", "b.png", "c", "d.tar", ".png"].map { tree / $0 }
    let plan = try ConvertPlan(ConvertRequest(inputs: inputs, destination: tree / "out", format: .jpeg))
    #expect(outputs(plan) == ["a.jpg", "b.jpg", "c.jpg", "d.tar.jpg", ".png.jpg"].map { (tree / "out/\($0)").string })
  }

  @Test func `one input may name its result`() throws {
    let tree = try PlanTree(["a.png", "dir/x"])
    let request = ConvertRequest(inputs: [tree / "a.png"], destination: tree / "new.jpg")
    #expect(request.namesOneFile)
    #expect(request.writtenFormat == .jpeg)
    #expect(outputs(try ConvertPlan(request)) == [(tree / "new.jpg").string])
    let slash = ConvertRequest(inputs: [tree / "a.png"], destination: tree / "new", destinationIsDirectory: true)
    #expect(outputs(try ConvertPlan(slash)) == [(tree / "new/a.png").string])
    let existing = ConvertRequest(inputs: [tree / "a.png"], destination: tree / "dir")
    #expect(outputs(try ConvertPlan(existing)) == [(tree / "dir/a.png").string])
    #expect(existing.writtenFormat == .same)
  }

  @Test func `a missing input fails alone`() throws {
    let tree = try PlanTree(["a.png"])
    let plan = try ConvertPlan(ConvertRequest(inputs: [tree / "gone.png", tree / "a.png"], destination: tree / "out"))
    let reason = "no such file or directory"
    #expect(outputs(plan) == ["\(tree / "gone.png"): \(reason)", (tree / "out/a.png").string])
    #expect(plan.lines.map(\.action) == [.fail(reason: reason), .create])
    #expect(plan.lines.map(\.text).last == "\(tree / "a.png") -> \(tree / "out/a.png")")
  }

  @Test func `two inputs with one result are refused`() throws {
    let tree = try PlanTree(["a.png", "a.jpg", "x/a.png"])
    let both = ConvertRequest(inputs: [tree / "a.png", tree / "a.jpg"], destination: tree / "out", format: .jpeg)
    #expect(refusal(both) == ["\(tree / "a.png") and \(tree / "a.jpg") would both become \(tree / "out/a.jpg")"])
    let names = ConvertRequest(inputs: [tree / "a.png", tree / "x/a.png"], destination: tree / "out")
    #expect(refusal(names).first?.contains("would both become") == true)
    let twice = ConvertRequest(inputs: [tree / "a.png", tree / "x/../a.png"], destination: tree / "out")
    #expect(refusal(twice) == ["\(tree / "x/../a.png") is given twice"])
  }

  @Test func `a result that is an input is refused even when overwriting`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.png"])
    let inPlace = ConvertRequest(inputs: [tree / "in"], destination: tree / "in", existing: .replace)
    #expect(refusal(inPlace).count == 2)
    #expect(refusal(inPlace).first == "\(tree / "in/a.png") is itself an input; choose another destination")
    tree.link("alias", to: "in")
    let alias = ConvertRequest(inputs: [tree / "in"], destination: tree / "alias", existing: .replace)
    #expect(refusal(alias).first == "\(tree / "alias/a.png") is itself an input; choose another destination")
  }

  @Test func `an existing result is refused unless it may be replaced`() throws {
    let tree = try PlanTree(["a.png", "out/a.png", "b.png", "out/b.png/x"])
    let request = ConvertRequest(inputs: [tree / "a.png"], destination: tree / "out")
    #expect(
      refusal(request) == ["\(tree / "out/a.png") exists already; --overwrite replaces it, --skip-existing leaves it"])
    var replacing = request
    replacing.existing = .replace
    let plan = try ConvertPlan(replacing)
    #expect(plan.lines.map(\.action) == [.replace])
    replacing.inputs = [tree / "b.png"]
    #expect(refusal(replacing).first?.contains("is a directory") == true)
  }

  @Test func `several inputs need a directory, and nothing found is said`() throws {
    let tree = try PlanTree(["a.png", "b.png", "file", "empty/notes.txt"])
    let file = ConvertRequest(inputs: [tree / "a.png", tree / "b.png"], destination: tree / "file")
    #expect(refusal(file).first?.contains("is not a directory") == true)
    let nothing = ConvertRequest(inputs: [tree / "empty"], destination: tree / "out")
    #expect(refusal(nothing).first?.hasPrefix("no images were found in \(tree / "empty")") == true)
    #expect(refusal(ConvertRequest(inputs: [], destination: tree / "out")) == ["no images were named"])
  }

  @Test func `only the first conflicts are spelled out`() throws {
    let names = (0..<9).map { "\($0).png" }
    let tree = try PlanTree(names + names.map { "out/" + $0 })
    let messages = refusal(ConvertRequest(inputs: names.map { tree / $0 }, destination: tree / "out"))
    #expect(messages.count == 6)
    #expect(messages.last == "there are 4 more such conflicts")
  }
}
