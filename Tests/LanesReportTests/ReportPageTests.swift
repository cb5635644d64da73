import Glibc
import LanesCore
import LanesReport
import Testing

@Suite struct ReportPageTests {
  static func page(_ contenders: [Contender], subject: String = "lanes compare --cold primes 1e9") -> String {
    ReportPage(
      Comparison(contenders),
      .init(subject: subject, options: ["--mode serial"], machine: [("CPUs", "2")])
    ).html
  }

  static var drawn: [Contender] {
    Samples.computing.map { contender in
      let records = contender.records.map { record in
        var record = record
        record.timelines = record.lanes.map { _ in LaneTimeline() }
        var unit = UnitRecord(lane: 0)
        unit.perform = .init(start: 0, end: record.wall / 2)
        unit.queued = record.wall / 4
        record.timelines[0].add(unit, origin: 0)
        record.proportionalPeak = 12 << 20
        return record
      }
      return Contender(setup: contender.setup, records: records)
    }
  }

  @Test func `the page holds verdict, figures, charts and commands`() {
    let page = Self.page(Self.drawn)
    for words in [
      "<!DOCTYPE html>", "Verdict: CPU-bound", "threads ×2", "serial fraction", "Wall time of every round", "Speed-up",
      "Where the time of the lanes went", "The lanes over time", "waited for a core", "Memory", "12.0 MiB",
      "<code>lanes compare --cold primes 1e9</code>", "<code>--mode serial</code>", "prefers-color-scheme: dark",
      "@media print", "</html>",
    ] { #expect(page.contains(words), "\(words)") }
  }

  @Test func `the page and the documentation explain each column in the same words`() throws {
    let page = Self.page(Self.drawn)
    let path = String(#filePath.dropLast("Tests/LanesReportTests/ReportPageTests.swift".count)) + "docs/comparisons.md"
    let document = try #require(Self.text(of: path)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(ReportPage.columns.count == 20)
    for (name, text) in ReportPage.columns {
      #expect(page.contains("<th scope=\"col\">\(name)</th>") && page.contains("<dt>\(name)</dt>"), "\(name)")
      #expect(text.hasSuffix(".") && page.contains(text.split(separator: "'")[0]), "\(name)")
      #expect(document.contains("- **\(name)**: \(text)"), "\(name)")
    }
  }

  private static func text(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
  }

  @Test func `nothing is fetched and nothing is run`() {
    let page = Self.page(Self.drawn)
    for word in ["http:", "https:", "<script", "<link", "<img", "@import", "src="] {
      #expect(!page.contains(word), "\(word)")
    }
  }

  @Test func `what people typed cannot break out of the text`() {
    let page = Self.page(Self.drawn, subject: "lanes files count '<script>alert(\"1\")</script>&\u{1B}[2J'")
    #expect(!page.contains("<script"))
    #expect(!page.contains("\u{1B}"))
    #expect(page.contains("&#39;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;\u{FFFD}[2J&#39;"))
  }

  @Test func `every element is closed`() {
    var open: [Substring] = []
    for piece in Self.page(Self.drawn).split(separator: "<").dropFirst() {
      let name = piece.prefix { $0.isLetter || $0.isNumber || $0 == "/" }
      if name.isEmpty || name == "meta" || piece.prefix(while: { $0 != ">" }).hasSuffix("/") { continue }
      if name.hasPrefix("/") { #expect(open.popLast() == name.dropFirst()) } else { open.append(name) }
    }
    #expect(open == [])
  }

  @Test func `without timelines, with one contender or with none there is still a page`() {
    #expect(!Self.page(Samples.computing).contains("The lanes over time"))
    #expect(Self.page([Samples.contender(Samples.threads(2), .init(wall: 1, user: 1))]).contains("Verdict: undecided"))
    #expect(Self.page([]).contains("Nothing was compared."))
  }

  @Test func `a figure that is unknown is a dash`() {
    var record = Samples.record(Samples.serial, .init(wall: 5, user: 5))
    record.coordinator.peakMemory = nil
    let page = Self.page([Contender(setup: Samples.serial, records: [record])])
    #expect(page.contains("<td data-label=\"peak memory\">–</td>"))
    #expect(page.contains("<td data-label=\"pressure CPU, I/O, memory\">–</td>"))
  }
}
