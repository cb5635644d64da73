extension String {
  /// Columns that the text takes in a terminal: two for the wide characters of East Asian scripts and for emoji, none for
  /// marks that stand on the character before them.
  package var displayWidth: Int {
    var count = 0
    for scalar in unicodeScalars {
      // Nearly all text that is laid out ends here; characters need not be taken apart for that.
      guard scalar.isPlainlyNarrow else { return reduce(0) { $0 + $1.displayWidth } }
      count += 1
    }
    return count
  }

  /// The longest start of the text that takes at most `width` columns.
  package func prefix(columns width: Int) -> Substring {
    var left = width
    return prefix {
      left -= $0.displayWidth
      return left >= 0
    }
  }

  /// The longest end of the text that takes at most `width` columns.
  package func suffix(columns width: Int) -> Substring {
    var left = width
    let start = reversed().prefix {
      left -= $0.displayWidth
      return left >= 0
    }
    return suffix(start.count)
  }
}

extension Character {
  /// Columns in a terminal. An emoji of several code points, such as a flag or a family, has the width of one; of other
  /// characters the code points add up, as terminals have it.
  fileprivate var displayWidth: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if first.isASCII, unicodeScalars.count == 1 { return 1 }
    // Emoji by nature, by a variation selector or, in flags, in pairs.
    if first.properties.isEmojiPresentation || unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
    return unicodeScalars.reduce(0) { $0 + ($1.hasNoWidth ? 0 : WideRanges.contains($1.value) ? 2 : 1) }
  }
}

extension Unicode.Scalar {
  /// Letters of Latin script and what tables and drawings are made of: one column each, and no mark follows of itself.
  fileprivate var isPlainlyNarrow: Bool {
    value < 0x300 || (0x2010...0x2027).contains(value) || (0x2500...0x259F).contains(value)
  }

  /// Marks on another character, vowels and ends of a Korean syllable, and what only steers how text is set.
  fileprivate var hasNoWidth: Bool {
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return true }
    return switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: value != 0xAD
    default: false
    }
  }
}

/// What EastAsianWidth.txt of Unicode 15 calls wide or full, except for emoji; first and last of each run, in order. Code
/// points that are still to be assigned between ideographs are among them.
private enum WideRanges {
  private static let runs: [(UInt32, UInt32)] = [
    (0x1100, 0x115F), (0x2329, 0x232A), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0x4DBF), (0x4E00, 0xA4CF),
    (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6F), (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6), (0x16FE0, 0x16FFF), (0x17000, 0x18CFF), (0x18D00, 0x18DFF), (0x1AFF0, 0x1AFFF),
    (0x1B000, 0x1B2FF), (0x1F200, 0x1F265), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD),
  ]

  static func contains(_ value: UInt32) -> Bool {
    guard value >= runs[0].0 else { return false }
    return runs.contains { $0.0 <= value && value <= $0.1 }
  }
}
