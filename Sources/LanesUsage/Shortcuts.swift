/// Short names that stand for longer ones.
package enum Shortcuts {
  /// What a first word stands for.
  package static let commands = ["convert": ["images", "convert"]]

  /// Pages of help that belong to no command, such as `lanes help engines`.
  package static let topics = ["engines": "Engines, and the options that every workload shares."]

  /// `words` with a short first word written out, also behind `compare` and its options, and behind `help`.
  ///
  /// - Parameter first: the place of the word that may be short.
  package static func expanding(_ words: [String], at first: Int = 0) -> [String] {
    guard words.indices.contains(first), let long = commands[words[first]] else { return words }
    return Array(words[..<first]) + long + words[(first + 1)...]
  }
}
