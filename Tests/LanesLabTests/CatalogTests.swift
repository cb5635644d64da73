import LanesLab
import LanesOS
import LanesReport
import SystemPackage
import Testing

/// What is said of experiments is data; these tests keep it whole.
@Suite struct CatalogTests {
  @Test func `each experiment has a name of its own, which no chapter has`() {
    let names = Experiment.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { LabChapter(rawValue: $0) == nil && $0 != "all" })
  }

  @Test(arguments: Experiment.all.map(\.name))
  func `each published figure has a source and its address`(name: String) throws {
    let experiment = try #require(Experiment.named(name))
    for figure in experiment.published {
      #expect(!figure.source.isEmpty && !figure.subject.isEmpty)
      #expect(figure.address.hasPrefix("https://"), "\(figure.subject)")
      #expect(figure.range.lowerBound > 0)
    }
  }

  @Test(arguments: Experiment.all.map(\.name))
  func `each experiment tells how it is measured, and its claims go by letters`(name: String) throws {
    let experiment = try #require(Experiment.named(name))
    #expect(!experiment.claims.isEmpty && !experiment.method.isEmpty && !experiment.short.isEmpty)
    #expect(experiment.claims.map(\.id) == Array("abcdefgh").prefix(experiment.claims.count).map(String.init))
    #expect(experiment.method.allSatisfy { $0.hasSuffix(".") })
  }

  @Test(arguments: Experiment.all.map(\.name))
  func `the inner loop that is shown stands in the sources`(name: String) throws {
    let experiment = try #require(Experiment.named(name))
    let folder = String(#filePath.dropLast("Tests/LanesLabTests/CatalogTests.swift".count)) + "Sources/"
    let sources = [
      "basics", "processes", "pairs", "switching", "sharing", "deadlock", "talking", "memory", "crash", "connections",
      "layout", "starve", "streams", "thrash",
    ]
    let texts = try sources.map { source in
      let file = try Descriptor.reading(FilePath(folder + "CLab/\(source).c"))
      return String(decoding: try DescriptorIO.bytes(file.number, at: 0, count: 1 << 20), as: UTF8.self)
    }
    let lines = Set(texts.flatMap { $0.split(separator: "\n").map(Self.trimmed) })
    for line in experiment.loop.split(separator: "\n") {
      #expect(lines.contains(Self.trimmed(line)), "\(name): \(line)")
    }
  }

  @Test(arguments: Experiment.all.filter { $0.excerpt != nil }.map(\.name))
  func `an excerpt of lanes itself stands in its file`(name: String) throws {
    let excerpt = try #require(Experiment.named(name)?.excerpt)
    let root = String(#filePath.dropLast("Tests/LanesLabTests/CatalogTests.swift".count))
    let file = try Descriptor.reading(FilePath(root + excerpt.file))
    let text = String(decoding: try DescriptorIO.bytes(file.number, at: 0, count: 1 << 20), as: UTF8.self)
    let lines = Set(text.split(separator: "\n").map(Self.trimmed))
    for line in excerpt.text.split(separator: "\n").map(Self.trimmed) where !line.hasPrefix("//") {
      #expect(lines.contains(line), "\(name): \(line)")
    }
  }

  private static func trimmed(_ line: Substring) -> String {
    line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test(arguments: Experiment.all.map(\.name))
  func `each claim tells where it comes from`(name: String) throws {
    let experiment = try #require(Experiment.named(name))
    for claim in experiment.claims {
      #expect(!claim.origin.materials.isEmpty, "\(claim.text)")
      #expect(!claim.origin.text.isEmpty && !claim.origin.text.contains("  "))
    }
  }

  @Test func `every experiment but the last names the next`() {
    let named = Experiment.all.map { $0.description.next }
    #expect(named.dropLast().elementsEqual(Experiment.all.dropFirst().map { $0.name }))
    #expect(named.last == .some(nil))
  }
}
