import LanesCore
import LanesTesting
import LanesUsage
import SystemPackage
import Testing

/// The lists of words that the program keeps beside its parser, held against what the parser says.
@Suite struct WordsTests {
  private static let table = Result {
    try #require(CommandTable(dump: try Program.run(["--experimental-dump-help"]).text))
  }

  private static func names(_ options: [CommandTable.Option], isLong: Bool) -> Set<String> {
    Set(options.flatMap(\.names).filter { $0.hasPrefix("--") == isLong }.map { String($0.drop { $0 == "-" }) })
  }

  /// The words of commands in a page: what stands in backticks, or on lines of a fenced block, from `lanes` on.
  private static func commands(in page: String) throws -> [[String]] {
    let root = String(#filePath.dropLast("Tests/LanesProgramTests/WordsTests.swift".count))
    let text = String(decoding: try readFile(FilePath(root + page)), as: UTF8.self)
    var isFenced = false
    return text.split(separator: "\n").flatMap { line -> [Substring] in
      if line.hasPrefix("```") { isFenced.toggle() }
      // Not the last line of an output, which tells what to type next.
      if isFenced { return line.hasPrefix("Next: ") ? [] : [line] }
      // The parts of a line between backticks are the second, the fourth and so on.
      let quoted = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      return quoted.filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }.compactMap { code in
      let words = code.split(separator: " ").prefix { $0 != "#" }.map { $0.filter { $0 != "'" } }
      let own = words.drop { $0 != "lanes" }.dropFirst()
      return own.isEmpty || words.contains("NAME") ? nil : Array(own)
    }
  }

  @Test(arguments: ["README", "concepts", "kernel", "processes", "scheduling", "sharing", "talking", "storage"])
  func `every command of the worksheets is one of the program's`(page: String) throws {
    let table = try Self.table.get()
    let commands = try Self.commands(in: "docs/lab/\(page).md")
    #expect(commands.count >= (page == "concepts" ? 50 : 2))
    for words in commands {
      let gathered = words.first == "compare" ? CompareWords(table)?.gathered(words) ?? words : words
      #expect(WordCheck(table).check(GrepWords.expanded(Shortcuts.expanding(gathered))) == nil, "\(words)")
    }
  }

  @Test func `every letter of a search is known with and without value, and no other`() throws {
    let search = try #require(try Self.table.get().command(at: GrepWords.command))
    let flags = search.options.filter { !$0.takesValue && $0.names != ["--help"] }
    let valued = search.options.filter(\.takesValue)
    #expect(Set(GrepWords.flags.map(String.init)) == Self.names(flags, isLong: false))
    #expect(Set(GrepWords.valued.keys.map(String.init)) == Self.names(valued, isLong: false))
    for (letter, long) in GrepWords.valued {
      #expect(valued.contains { Set($0.names).isSuperset(of: ["-\(letter)", "--\(long)"]) }, "-\(letter)")
    }
  }

  @Test func `every option of a search's own that takes any word is known, and --color with what it takes`() throws {
    let search = try #require(try Self.table.get().command(at: GrepWords.command))
    let engine = try #require(try Self.table.get().command(at: ["files", "count"]))
    let shared = Self.names(engine.options, isLong: true)
    let own = Self.names(search.options.filter(\.takesValue), isLong: true).subtracting(shared)
    #expect(Set(GrepWords.longValued) == own.subtracting(["color"]))
    #expect(search.options.first { $0.names == ["--color"] }?.values.words == GrepWords.colors)
  }

  @Test func `every long option of compare is moved ahead of the command, but those that the command means by itself`()
    throws
  {
    let table = try Self.table.get()
    let words = try #require(CompareWords(table))
    for option in try #require(table.command(at: ["compare"])).options where option.names.contains("--help") == false {
      for name in option.names where name.hasPrefix("--") && name != "--version" {
        let given = option.takesValue ? [name, "1"] : [name]
        let gathered = words.gathered(["compare", "primes", "9"] + given)
        // A limit of time for each unit, which is not one for each run.
        let isOwn = name == "--timeout"
        #expect(gathered == ["compare"] + (isOwn ? ["primes", "9"] + given : given + ["primes", "9"]))
      }
    }
    for own in [
      ["files", "stats", "--by", "1", "x"], ["convert", "x", "--output", "y"],
      ["images", "convert", "x", "--output=y"],
      ["primes", "--timeout", "2s"],
    ] { #expect(words.gathered(["compare", "--by", "user"] + own) == ["compare", "--by", "user"] + own) }
  }
}
