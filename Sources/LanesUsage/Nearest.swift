/// Finds the names that a misspelled word was probably meant to be.
package enum Nearest {
  /// How many names are worth offering.
  private static let most = 3

  /// The names that are nearest to `word`, best first; empty when none is near.
  ///
  /// Near are, in this order: the same letters in another case or with other dashes; names at most one edit away for
  /// each three letters, the fewest edits first; names that begin with the word, or that the word begins with; names of
  /// which the word is a part between dashes. Only names of the best rank are given.
  package static func names(to word: String, among names: [String]) -> [String] {
    let wanted = letters(word)
    guard !wanted.isEmpty else { return [] }
    let ranked = names.enumerated().compactMap { index, name -> (rank: Int, index: Int, name: String)? in
      rank(wanted, name).map { (rank: $0, index: index, name: name) }
    }.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }
    return ranked.prefix { $0.rank == ranked[0].rank }.prefix(most).map(\.name)
  }

  /// Smaller is nearer; nil is far.
  private static func rank(_ word: [Character], _ name: String) -> Int? {
    let letters = letters(name)
    if letters == word { return 0 }
    let distance = editDistance(word, letters)
    // Any two short words are near each other. Up to 29 letters, edits rank before the kinds below.
    if distance <= max(1, word.count / 3), max(word.count, letters.count) > 2 { return distance }
    if word.count >= 2, letters.starts(with: word) { return 10 }
    if letters.count >= 4, word.starts(with: letters) { return 10 }
    let parts = name.split(separator: "-").map { self.letters(String($0)) }
    return word.count >= 4 && parts.contains(word) ? 20 : nil
  }

  /// A name without what people get wrong easily.
  private static func letters(_ name: String) -> [Character] {
    name.lowercased().filter { $0 != "-" && $0 != "_" }
  }

  /// How many letters must be inserted, deleted, replaced or swapped with their neighbor to turn one word into the
  /// other: the restricted distance of Damerau and Levenshtein (optimal string alignment).
  static func editDistance(_ one: [Character], _ other: [Character]) -> Int {
    // Row by row: `last` is the row above, `before` the one above that, which only swaps look at.
    var before: [Int] = []
    var last = Array(0...other.count)
    for (i, left) in one.enumerated() {
      var row = [i + 1]
      for (j, right) in other.enumerated() {
        var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (left == right ? 0 : 1))
        if i > 0, j > 0, left == other[j - 1], one[i - 1] == right { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, last) = (last, row)
    }
    return last[other.count]
  }
}
