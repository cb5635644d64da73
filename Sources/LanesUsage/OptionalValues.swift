/// Options of `lanes images convert` whose value may be left out, in a form that the parser of arguments reads: `--sharpen`
/// becomes `--sharpen=0.5`.
package enum OptionalValues {
  /// The command whose words are read this way.
  package static let command = ["images", "convert"]
  /// What each option stands for without a value.
  package static let usual = [(option: "--sharpen", value: "0.5"), (option: "--preview", value: "24")]

  /// All words of the program's command line; those of other commands stay as they are. A number that follows is the value.
  package static func expanded(_ words: [String]) -> [String] {
    guard words.prefix(2) == command[...], words.contains(where: { word in usual.contains { $0.option == word } })
    else {
      return words
    }
    var made: [String] = []
    for (index, word) in words.enumerated() {
      if word == "--" { return made + words[index...] }
      let next = words.indices.contains(index + 1) ? words[index + 1] : ""
      let found = usual.first { $0.option == word }
      made.append(found.map { Double(next) == nil ? "\($0.option)=\($0.value)" : word } ?? word)
    }
    return made
  }
}
