import LanesCore
import LanesTesting
import LanesUsage
import Testing

/// The lists of words that the program keeps beside its parser, held against what the parser says.
@Suite struct WordsTests {
  private static let table = Result {
    try #require(CommandTable(dump: try Program.run(["--experimental-dump-help"]).text))
  }

  private static func names(_ options: [CommandTable.Option], isLong: Bool) -> Set<String> {
    Set(options.flatMap(\.names).filter { $0.hasPrefix("--") == isLong }.map { String($0.drop { $0 == "-" }) })
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

  @Test func `every long option of compare is moved ahead of the command`() throws {
    let table = try Self.table.get()
    let words = try #require(CompareWords(table))
    for option in try #require(table.command(at: ["compare"])).options where option.names.contains("--help") == false {
      for name in option.names where name.hasPrefix("--") && name != "--version" {
        let given = option.takesValue ? [name, "1"] : [name]
        #expect(words.gathered(["compare", "primes", "9"] + given) == ["compare"] + given + ["primes", "9"])
      }
    }
  }
}
