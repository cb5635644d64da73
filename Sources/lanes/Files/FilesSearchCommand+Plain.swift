extension FilesSearchCommand {
  /// The command that `words` ask for where they are a pattern, inputs, letters of flags that are given most, and the engine's
  /// options that are given most; nil where the parser must read them, as where they are wrong.
  static func plain(_ words: ArraySlice<String>) -> FilesSearchCommand? {
    var search = SearchArguments.plain
    var operands = FileOperands.plain
    var engine = EngineArguments.plain
    var rest = words
    while let word = rest.popFirst() {
      if !word.hasPrefix("-") {
        operands.files.append(word)
      } else if word.hasPrefix("--") || word == "-j" {
        guard engine.take(word, &rest) else { return nil }
      } else {
        // A hyphen alone is an input.
        guard word.utf8.count > 1, word.dropFirst().allSatisfy({ take($0, &search, &operands) }) else { return nil }
      }
    }
    var made = FilesSearchCommand()
    (made.search, made.operands, made.engine) = (search, operands, engine)
    guard (try? engine.validate()) != nil, (try? search.validate()) != nil, (try? made.validate()) != nil else {
      return nil
    }
    return made
  }

  /// Takes one letter of a word of flags; false where it is another one, or the beginning of an option with a value.
  private static func take(
    _ letter: Character, _ search: inout SearchArguments, _ operands: inout FileOperands
  ) -> Bool {
    switch letter {
    case "r": operands.recursive = true
    case "l": search.listing = .filesWithMatches
    case "L": search.listing = .filesWithoutMatch
    case "c": search.count = true
    case "n": search.lineNumber = true
    case "i": search.letterCase = .ignoreCase
    case "v": search.invertMatch = true
    case "w": search.wordRegexp = true
    case "x": search.lineRegexp = true
    case "o": search.onlyMatching = true
    case "s": search.noMessages = true
    case "E": search.syntax.append(.extendedRegexp)
    case "F": search.syntax.append(.fixedStrings)
    default: return false
    }
    return true
  }
}

extension SearchArguments {
  /// As where none of them is given; see `EngineArguments.plain`.
  fileprivate static var plain: Self {
    var made = Self()
    (made.expressions, made.patternFiles, made.syntax) = ([], [], [])
    (made.letterCase, made.listing, made.names, made.binaryChoice) = (nil, nil, nil, nil)
    (made.invertMatch, made.wordRegexp, made.lineRegexp) = (false, false, false)
    (made.count, made.countMatches, made.lineNumber, made.onlyMatching) = (false, false, false, false)
    (made.maxCount, made.afterContext, made.beforeContext, made.context) = (nil, nil, nil, nil)
    (made.null, made.noMessages, made.binaryFiles) = (false, false, nil)
    (made.include, made.exclude, made.excludeDir, made.color) = ([], [], [], .auto)
    made.layout = .plain
    return made
  }
}

extension SearchLayout {
  fileprivate static var plain: Self {
    var made = Self()
    (made.byteOffset, made.column, made.vimgrep) = (false, false, false)
    (made.replacement, made.maxColumns, made.label) = (nil, nil, nil)
    (made.groupSeparator, made.noGroupSeparator, made.lineBuffered) = ("--", false, false)
    return made
  }
}

extension FileOperands {
  fileprivate static var plain: Self {
    var made = Self()
    (made.files, made.recursive, made.mmap, made.decompress) = ([], false, nil, false)
    return made
  }
}
