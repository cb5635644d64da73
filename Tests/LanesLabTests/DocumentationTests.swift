import LanesCore
import LanesLab
import LanesOS
import SystemPackage
import Testing

/// What the documentation says of the lab is there.
@Suite struct DocumentationTests {
  @Test func `every experiment that the documentation names is there`() throws {
    let root = FilePath(String(#filePath.dropLast("Tests/LanesLabTests/DocumentationTests.swift".count)))
    let known = Set(
      Experiment.all.map(\.name) + LabChapter.allCases.map(\.rawValue) + EngineExperiment.allCases.map(\.rawValue)
        + ["all", "course", "doctor", "engines", "NAME", "NAME…", "CHAPTER", "EXPERIMENT"])
    let sheets = LabChapter.allCases.map { "docs/lab/\($0.rawValue).md" }
    for page in ["README.md", "docs/tour.md", "docs/engines.md", "docs/lab/README.md", "docs/lab/concepts.md"] + sheets
    {
      let file = try Descriptor.reading(root.appending(page))
      let text = String(decoding: try DescriptorIO.bytes(file.number, at: 0, count: 1 << 20), as: UTF8.self)
      for line in text.split(separator: "\n") {
        for part in line.split(separator: "lanes lab ", omittingEmptySubsequences: false).dropFirst() {
          // In prose the first word is an experiment, in code every one up to an option or a remark.
          let isCode = line.hasPrefix("lanes lab ") || line.contains("`lanes lab \(part.prefix { $0 != "`" })`")
          let words = part.prefix { $0 != "`" && $0 != "#" }.split(separator: " ").prefix { !$0.hasPrefix("-") }
          for word in isCode ? words : words.prefix(1) {
            let name = String(word.reversed().drop { ",.:;".contains($0) }.reversed())
            #expect(known.contains(name), "\(page): \(line)")
          }
        }
      }
    }
  }
}
