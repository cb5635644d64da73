/// The words of `lanes files search` as grep reads them, in a form that the parser of arguments reads alike.
///
/// In one word several letters may stand together, the last one with its value: `-rnA3`, `-im1`, `-5`. What follows
/// `-e` is a pattern whatever it looks like, and `--color` needs no value. Words that are not understood stay as they
/// were typed.
///
/// The lists are those of the command's own options and not taken from the parser's description, which would cost every
/// search 10 ms; a test holds both against each other.
package enum GrepWords {
  /// The command whose words are read this way.
  package static let command = ["files", "search"]
  /// Letters without a value.
  package static let flags = "EFHILPSZabchilnoqrsvwxz"
  /// Letters with a value, and the long names of the same options.
  package static let valued: [Character: String] = [
    "A": "after-context", "B": "before-context", "C": "context", "e": "regexp", "f": "file", "m": "max-count",
    "M": "max-columns", "j": "cores",
  ]
  /// Long names whose value may begin with a dash: patterns, names of files, and the values of the letters. All but the
  /// engine's, which the parser reads alike.
  package static let longValued = [
    "after-context", "before-context", "context", "regexp", "file", "max-count", "include", "exclude", "exclude-dir",
    "binary-files", "group-separator", "label", "max-columns", "replace",
  ]
  /// What `--color` takes.
  package static let colors = ["auto", "always", "never"]

  /// True when the word after `word` is its value: `-e`, `-rnA` and `--include`, but not `-rnA3`.
  package static func awaitsValue(_ word: String) -> Bool {
    if word.hasPrefix("--") { return longValued.contains(String(word.dropFirst(2))) }
    guard word.hasPrefix("-"), let letter = word.dropFirst().first(where: { valued[$0] != nil }) else { return false }
    return word.last == letter && word.dropFirst().firstIndex(of: letter) == word.index(before: word.endIndex)
  }

  /// All words of the program's command line; those of other commands stay as they are.
  package static func expanded(_ words: [String]) -> [String] {
    guard words.prefix(2) == command[...] else { return words }
    var made = Array(words.prefix(2))
    var rest = words.dropFirst(2)
    while let word = rest.popFirst() {
      if word == "--" {
        made.append(word)
        return made + rest
      }
      if word == "--color" || word == "--colour" {
        // With grep a value follows `=` only. Here the next word is one too, as for other options, if it can be.
        let isValue = colors.contains(rest.first ?? "")
        made += isValue ? ["--color"] : ["--color=auto"]
      } else if word.hasPrefix("--colour=") {
        made.append("--color=" + word.dropFirst("--colour=".count))
      } else if word == "--silent" {
        made.append("--quiet")
      } else if word.hasPrefix("--") {
        let isValued = longValued.contains(String(word.dropFirst(2)))
        // The parser takes an empty value after `=` for a missing one.
        let isEmpty = word.last == "=" && longValued.contains(String(word.dropFirst(2).dropLast()))
        made += isValued ? option(word, rest.popFirst()) : isEmpty ? [String(word.dropLast()), ""] : [word]
      } else if word.hasPrefix("-"), word.count > 1 {
        made += letters(word, &rest) ?? [word]
      } else {
        made.append(word)
      }
    }
    return made
  }

  /// An option with its value in one word where the parser would take the value for an option.
  private static func option(_ name: String, _ value: String?, long: String? = nil) -> [String] {
    guard let value else { return [name] }
    guard value.hasPrefix("-") else { return [name, value] }
    return ["\(long.map { "--" + $0 } ?? name)=\(value)"]
  }

  /// One option for each letter; nil where a letter is unknown.
  private static func letters(_ word: String, _ rest: inout ArraySlice<String>) -> [String]? {
    var made: [String] = []
    var letters = word.dropFirst()
    while let letter = letters.first {
      if let long = valued[letter] {
        let value = letters.count > 1 ? String(letters.dropFirst()) : rest.popFirst()
        return made + option("-\(letter)", value, long: long)
      }
      if ("0"..."9").contains(letter) {
        let digits = letters.prefix { ("0"..."9").contains($0) }
        made.append("--context=\(digits)")
        letters = letters.dropFirst(digits.count)
      } else if flags.contains(letter) {
        made.append("-\(letter)")
        letters = letters.dropFirst()
      } else {
        return nil
      }
    }
    return made
  }
}
