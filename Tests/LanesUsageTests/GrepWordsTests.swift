import LanesUsage
import Testing

@Suite struct GrepWordsTests {
  @Test(arguments: ["-e", "-rnA", "-ie", "-5A", "--regexp", "--include", "-j"])
  func `a word may need the next one as its value`(word: String) { #expect(GrepWords.awaitsValue(word)) }

  @Test(arguments: ["-rnA3", "-ee", "-eA", "-r", "-", "--", "e", "--regexp=x", "--count", "-AA"])
  func `a word that has its value, or takes none, needs no other`(word: String) {
    #expect(!GrepWords.awaitsValue(word))
  }

  @Test func `of compare's options among a search's words only those are moved that the search does not read`() throws {
    let words = try #require(CompareWords(Sample.table))
    for (typed, gathered) in [
      (["files", "search", "-ie", "--cold", "x"], ["files", "search", "-ie", "--cold", "x"]),
      (["files", "search", "-e", "a", "--cold", "x"], ["--cold", "files", "search", "-e", "a", "x"]),
      (["files", "search", "--include", "--cold", "a"], ["files", "search", "--include", "--cold", "a"]),
      (["files", "search", "-A3", "--modes", "serial", "a"], ["--modes", "serial", "files", "search", "-A3", "a"]),
      (["files", "count", "-e", "--cold"], ["--cold", "files", "count", "-e"]),
      (["primes", "9", "--modes"], ["primes", "9", "--modes"]),
      (["primes", "--", "--cold"], ["primes", "--", "--cold"]),
    ] {
      #expect(words.gathered(["compare"] + typed) == ["compare"] + gathered)
    }
    #expect(words.gathered(["primes", "--cold"]) == ["primes", "--cold"])
  }
}
