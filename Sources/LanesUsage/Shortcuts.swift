/// Short names that stand for longer ones.
package enum Shortcuts {
  /// What a first word stands for.
  // No dictionary: making one costs every run of the program 0.1 ms.
  package static let commands = [(short: "convert", long: ["images", "convert"])]

  /// Pages of help that belong to no command, such as `lanes help engines`.
  package static let topics = ["engines": "Engines, and the options that every workload shares."]

  /// `words` with the word at `first` written out if it is a short name; the others stay as they are.
  ///
  /// - Parameter first: the place of the word that may be short.
  package static func expanding(_ words: [String], at first: Int = 0) -> [String] {
    guard words.indices.contains(first), let command = commands.first(where: { $0.short == words[first] }) else {
      return words
    }
    return Array(words[..<first]) + command.long + words[(first + 1)...]
  }
}
