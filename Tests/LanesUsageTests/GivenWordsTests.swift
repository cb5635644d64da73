import Testing

@testable import LanesUsage

/// Two command lines mean the same whatever their order and spelling.
@Suite struct GivenWordsTests {
  private func difference(_ earlier: String, _ now: String) -> String? {
    let read = { (text: String) in
      GivenWords(text.split(separator: " ").map(String.init), Sample.table, leavingOut: ["--mode"])
    }
    return read(now).difference(from: read(earlier), leavingOut: "Engine options").map { "\($0.earlier) | \($0.now)" }
  }

  @Test(arguments: [
    ("images convert a -o out --resize 5", "images convert --resize=5 a --output out"),
    ("images convert a -oout", "images convert -o=out a"),
    ("primes 1e9 --mode serial", "primes --mode=auto 1e9"),
    ("files count -lr -j4 a", "files count --recursive a --lines --cores 4"),
    ("files count -- -x", "files count -- -x"),
  ]) func `the same words in another order or spelling`(_ one: String, _ other: String) {
    #expect(difference(one, other) == nil)
  }

  @Test(arguments: [
    ("images convert a --resize 5", "images convert a --resize 6", "with --resize 5 | says --resize 6"),
    ("images convert a", "images convert a --resize 6", "without --resize | says --resize 6"),
    ("primes 1e9 --list", "primes 1e9", "with --list | leaves it out"),
    ("primes 1e9", "primes 1e10", "for 1e9 | names 1e10"),
    ("files count a b c d e", "files count", "for a b c and 2 more | names nothing"),
    ("primes --nth -5", "primes --nth -6", "with --nth -5 | says --nth -6"),
  ]) func `a difference is told with both values`(_ one: String, _ other: String, _ told: String) {
    #expect(difference(one, other) == told)
  }
}
