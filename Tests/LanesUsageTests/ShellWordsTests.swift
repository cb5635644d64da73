import LanesUsage
import Testing

@Suite struct ShellWordsTests {
  @Test(arguments: [
    ("a b  c\t d\ne", ["a", "b", "c", "d", "e"]), ("", []), ("  ", []), ("''", [""]), ("a''b", ["ab"]),
    ("'a b' \"c 'd'\"", ["a b", "c 'd'"]), (#"a\ b \'c"#, ["a b", "'c"]), (#""\"\\\$\x""#, [#""\$\x"#]),
    (#"'a\b'"#, [#"a\b"#]), ("a\\\nb", ["ab"]), ("$HOME *", ["$HOME", "*"]),
  ]) func `words are divided as a shell does before it expands them`(_ text: String, _ words: [String]) {
    #expect(ShellWords.divided(Array(text.utf8))?.map { String(decoding: $0, as: UTF8.self) } == words)
  }

  @Test(arguments: ["'a", "\"a", "a\\", "'", "\"\\\""]) func `an open quote is no word`(_ text: String) {
    #expect(ShellWords.divided(Array(text.utf8)) == nil)
  }

  @Test func `names are found behind a shell's signs`() {
    let names = ShellWords.likelyNames(Array("cat 'a b'|sort>c;(d) <e 'open".utf8)).map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(["cat", "sort", "c", "d", "e"].allSatisfy(names.contains))
    #expect(ShellWords.likelyNames(Array("cat 'a b'".utf8)).contains(Array("a b".utf8)))
  }
}
