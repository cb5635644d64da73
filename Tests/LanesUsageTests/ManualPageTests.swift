import Testing

@testable import LanesUsage

@Suite struct ManualPageTests {
  @Test func `a page has its sections in the usual order`() throws {
    let table = try #require(Sample.table.command(at: ["files", "count"]))
    let page = ManualPage(
      of: table, at: ["files", "count"], usage: nil,
      statuses: [.init("0", "All good."), .init("130, 143", "Stopped.")],
      others: ["lanes(1)"], version: "1.2")
    #expect(page.fileName == "lanes-files-count.1")
    let headings = page.contents.split(separator: "\n").filter { $0.hasPrefix(".SH ") }.map { String($0.dropFirst(4)) }
    #expect(
      headings == [
        #""NAME""#, #""SYNOPSIS""#, #""DESCRIPTION""#, #""OPTIONS""#, #""EXIT STATUS""#, #""ENVIRONMENT""#,
        #""SEE ALSO""#,
      ])
    #expect(page.contents.contains("lanes\\-files\\-count \\- Does count. And more\n"))
    let names = #"\fB\-l, \-\-lines, \-r, \-\-recursive, \-j, \-\-cores N\fR"#
    #expect(page.contents.contains(".TP\n\(names)\nSets it. Or not.\n"))
  }

  @Test func `text is printed as it is`() {
    let guide = Guide(
      name: "x", abstract: "One. Two.",
      sections: [
        Guide.Section(
          "Part", [.paragraph(".dots 'quotes' a-b \\ ^"), .lines(["  two", "three"]), .item("-o", "Sets.")])
      ])
    let page = ManualPage(of: guide, others: [], version: "1")
    #expect(page.fileName == "x.7")
    #expect(page.contents.contains("\\&.dots \\(aqquotes\\(aq a\\-b \\e \\(ha\n"))
    #expect(page.contents.contains(".EX\n    two\n  three\n.EE\n"))
  }

  @Test func `a guide fits its terminal`() {
    let long = String(repeating: "word ", count: 60)
    let guide = Guide(
      name: "x", abstract: long, sections: [Guide.Section("Part", [.item("--mode", long), .paragraph(long)])])
    for width in [40, 60, 80] {
      let lines = guide.text(width: width).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= width })
      #expect(lines.contains("PART"))
    }
  }
}
