import Glibc
import LanesCore
import LanesOS
import SystemPackage
import Testing

@testable import LanesImages

@Suite struct NameStreamTests {
  /// A stream of names and the end of the pipe that feeds it.
  private func makeStream(nulSeparated: Bool = false) throws -> (NameStream, feed: Int32) {
    let tree = try PlanTree([])
    let list = (tree / "list").string
    #expect(mkfifo(list, 0o600) == 0)
    let reader = try ReadyReader(opening: tree / "list")
    let feed = open(list, O_WRONLY)
    return (NameStream(reader, label: "list", nulSeparated: nulSeparated), feed)
  }

  private func say(_ text: String, _ feed: Int32) { _ = text.withCString { write(feed, $0, strlen($0)) } }

  private func name(_ stream: NameStream) -> String? {
    if case .name(let path) = stream.next() { path.string } else { nil }
  }

  @Test func `names come as soon as they are whole`() throws {
    let (stream, feed) = try makeStream()
    guard case .notReady = stream.next() else { throw UnitFailure(.input, "too early") }
    say("a.jpg\n\nb c.j", feed)
    #expect(name(stream) == "a.jpg")
    guard case .notReady = stream.next() else { throw UnitFailure(.input, "too early") }
    say("pg\nlast", feed)
    #expect(name(stream) == "b c.jpg")
    close(feed)
    #expect(name(stream) == "last")
    guard case .end = stream.next() else { throw UnitFailure(.input, "no end") }
  }

  @Test func `NUL ends names that hold newlines`() throws {
    let (stream, feed) = try makeStream(nulSeparated: true)
    _ = [UInt8]("a\nb\0c\0".utf8).withUnsafeBytes { write(feed, $0.baseAddress, $0.count) }
    close(feed)
    #expect(name(stream) == "a\nb")
    #expect(name(stream) == "c")
    guard case .end = stream.next() else { throw UnitFailure(.input, "no end") }
  }

  @Test func `what has no separator is no list`() throws {
    let (stream, feed) = try makeStream()
    say(String(repeating: "x", count: 5000), feed)
    guard case .failed(let reason) = stream.next() else { throw UnitFailure(.input, "not failed") }
    #expect(reason.contains("more than 4096 bytes"))
    close(feed)
  }

  @Test func `a list is read whole, from a file or a pipe, within its budget`() throws {
    let tree = try PlanTree([])
    try write(Bytes("a.jpg\n\nb c.jpg".utf8), to: tree / "list")
    func stream() throws -> NameStream {
      NameStream(try ReadyReader(opening: tree / "list"), label: "list", nulSeparated: false)
    }
    #expect(try stream().rest(budget: 14) == ["a.jpg", "b c.jpg"])
    #expect(throws: UnitFailure.tooLarge(14, budget: 13)) { try stream().rest(budget: 13) }
    let folder = NameStream(try ReadyReader(opening: tree.root), label: "list", nulSeparated: false)
    #expect(throws: UnitFailure(.input, "is a directory")) { try folder.rest(budget: 9) }
    let (piped, feed) = try makeStream(nulSeparated: true)
    _ = Bytes("a\0b".utf8).withUnsafeBytes { write(feed, $0.baseAddress, $0.count) }
    close(feed)
    #expect(try piped.rest(budget: 9) == ["a", "b"])
  }

  @Test func `a plan takes names as they come, and what cannot be done fails alone`() throws {
    let tree = try PlanTree(["a.png", "b.png", "x/a.png", "out/b.png"])
    let (stream, feed) = try makeStream()
    let request = ConvertRequest(inputs: [], destination: tree / "out", destinationIsDirectory: true)
    let plan = try ConvertPlan(request, arrivals: stream)
    guard case .waiting(let descriptor) = plan.next() else { throw UnitFailure(.input, "not waiting") }
    #expect(descriptor == stream.descriptor)
    #expect(plan.totalUnits == nil)
    say([tree / "a.png", tree / "b.png", tree / "x/a.png", tree / "gone.png"].map { $0.string + "\n" }.joined(), feed)
    guard case .unit(let first) = plan.next() else { throw UnitFailure(.input, "no unit") }
    #expect(
      first.sink
        == .file(
          Destination(
            path: tree / "out/a.png", replacesExisting: false, permissions: 0o600,
            mirror: FolderMirror(file: tree / "a.png", depth: 0))))
    close(feed)
    #expect(
      outputs(plan) == [
        "\(tree / "b.png"): \(tree / "out/b.png") exists already; --overwrite replaces it, --skip-existing leaves it",
        "\(tree / "x/a.png"): \(tree / "a.png") and \(tree / "x/a.png") would both become \(tree / "out/a.png")",
        "\(tree / "gone.png"): no such file or directory",
      ])
    #expect(plan.totalUnits == 4)
  }
}
