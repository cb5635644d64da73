/// Words of a command line as a POSIX shell divides them (Shell Command Language, section 2.2), without any of its
/// expansions: what is run without a shell has none.
package enum ShellWords {
  /// The words of `text`; nil where a quote is not closed, or where a backslash stands at the end.
  package static func divided(_ text: [UInt8]) -> [[UInt8]]? {
    var words: [[UInt8]] = []
    var word: [UInt8]?
    var rest = text[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"):
        if let whole = word { words.append(whole) }
        word = nil
      case UInt8(ascii: "'"):
        guard let end = rest.firstIndex(of: byte) else { return nil }
        word = (word ?? []) + rest[..<end]
        rest = rest[(end + 1)...]
      case UInt8(ascii: "\""):
        guard let quoted = doubleQuoted(&rest) else { return nil }
        word = (word ?? []) + quoted
      case UInt8(ascii: "\\"):
        guard let next = rest.popFirst() else { return nil }
        // A backslash before a newline joins lines.
        if next != UInt8(ascii: "\n") { word = (word ?? []) + [next] }
      default: word = (word ?? []) + [byte]
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// What stands up to the closing quote, which is taken as well; nil where there is none.
  private static func doubleQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return text }
      // Only before these does a backslash mean anything between double quotes.
      if byte == UInt8(ascii: "\\"), let next = rest.first, "$`\"\\\n".utf8.contains(next) {
        rest.removeFirst()
        if next != UInt8(ascii: "\n") { text.append(next) }
      } else {
        text.append(byte)
      }
    }
    return nil
  }

  /// Words that may be names of files in a text for a shell: divided also where the shell's own signs stand.
  package static func likelyNames(_ text: [UInt8]) -> [[UInt8]] {
    var plain = text
    for index in plain.indices where ";|&<>()`".utf8.contains(plain[index]) { plain[index] = UInt8(ascii: " ") }
    // Text with an open quote is still a list of words.
    return divided(plain) ?? plain.split { " \t\n\"'".utf8.contains($0) }.map(Array.init)
  }
}
