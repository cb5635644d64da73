extension PrimesCommand {
  /// The command that `words` ask for where they are bounds, questions without a value, and the engine's options that are
  /// given most; nil where the parser must read them, as where they are wrong.
  static func plain(_ words: ArraySlice<String>) -> PrimesCommand? {
    var bounds: [UInt64] = []
    var asked = Asked.plain
    var engine = EngineArguments.plain
    var rest = words
    while let word = rest.popFirst() {
      if !word.hasPrefix("-") {
        guard let bound = try? parseCount(word) else { return nil }
        bounds.append(bound)
      } else if let question = Question.allCases.first(where: { "--" + $0.rawValue == word }) {
        guard asked.question == nil || asked.question == question else { return nil }
        asked.question = question
      } else {
        guard engine.take(word, &rest) else { return nil }
      }
    }
    var made = PrimesCommand()
    (made.bounds, made.asked, made.engine) = (bounds, asked, engine)
    guard (try? engine.validate()) != nil, (try? asked.validate()) != nil, (try? made.validate()) != nil else {
      return nil
    }
    return made
  }
}

extension PrimesCommand.Asked {
  /// As where nothing is asked.
  fileprivate static var plain: Self {
    var made = Self()
    made.question = nil
    made.tuplets = nil
    made.nth = nil
    made.algorithm = .sieve
    return made
  }
}
