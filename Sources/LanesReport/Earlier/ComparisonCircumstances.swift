import LanesCore

/// What was compared and where, as far as a later comparison must know it.
package struct ComparisonCircumstances: Sendable, Equatable {
  /// One name and value of the machine, such as the processor.
  package struct Fact: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }

    /// Its key in JSON.
    fileprivate var key: String { name.lowercased() }
  }

  /// The words of the batch that engines performed, as they would be typed; nil where commands were compared.
  package let words: String?
  /// True where inputs were dropped from the page cache before each run.
  package let isCold: Bool
  package let machine: [Fact]

  package init(words: String?, isCold: Bool, machine: [Fact]) {
    self.words = words
    self.isCold = isCold
    self.machine = machine
  }

  /// Facts that change without the machine becoming another one.
  private static let fleeting: Set<String> = ["time", "program"]

  /// When it was measured, such as `2026-01-31 12:00 UTC`; nil where that is not known.
  package var time: String? { machine.first { $0.key == "time" }?.value }

  /// Writes the members that an earlier report is recognized by.
  func write(to json: inout JSONWriter) {
    json.member("words", words)
    json.member("cold", isCold)
    json.key("machine")
    json.object { for fact in machine { $0.member(fact.key, fact.value) } }
  }

  /// Why figures measured under `earlier` cannot be held against those of these circumstances, a clause that names what
  /// differs; nil where they can.
  package func refusal(of earlier: ComparisonCircumstances) -> String? {
    let differences = machine.filter { !Self.fleeting.contains($0.key) }.compactMap { fact -> String? in
      let other = earlier.machine.first { $0.key == fact.key }?.value
      guard other != fact.value else { return nil }
      return "\(fact.key) \(other ?? "unknown") there, \(fact.value) here"
    }
    if !differences.isEmpty { return "was measured on another machine (\(differences.joined(separator: "; ")))" }
    guard words == earlier.words else {
      guard let then = earlier.words else { return "is of commands, not of engines" }
      return words == nil ? "is of engines, not of commands" : "is of another batch (\(then))"
    }
    guard isCold != earlier.isCold else { return nil }
    return earlier.isCold ? "was measured with --cold" : "was measured without --cold"
  }
}

/// Figures of an earlier comparison, by the names of its contenders.
package struct EarlierReport: Sendable, Equatable {
  package let circumstances: ComparisonCircumstances
  package let samples: [String: RoundSamples]

  package init(circumstances: ComparisonCircumstances, samples: [String: RoundSamples]) {
    self.circumstances = circumstances
    self.samples = samples
  }

  /// How many times as much a contender needs now as it did then; nil where that cannot be told.
  func ratio(of name: String, _ now: RoundSamples, by figure: RankedFigure) -> RatioInterval? {
    guard let own = now[figure], let then = samples[name]?[figure] else { return nil }
    return RatioInterval(of: own, toEarlier: then)
  }

  /// Sentences that hold contenders against what they needed then, in their order.
  ///
  /// - Parameter contenders: what people call each, its name in the report, and its ratio.
  func sentences(
    _ contenders: [(title: String, name: String, ratio: RatioInterval?)], by figure: RankedFigure
  ) -> [String] {
    let when = circumstances.time.map { "the report of \($0)" } ?? "the earlier report"
    let noun = figure == .wall ? "time" : figure.words
    let clauses = contenders.map { title, name, ratio in
      guard samples[name] != nil else { return "\(title) is not in it" }
      guard let ratio else { return "\(title) cannot be told, for want of rounds or figures" }
      let bounds = "95% interval \(Readable.bounds(ratio))"
      return ratio.excludesOne
        ? "\(title) needs \(Readable.ratio(ratio.ratio)) times the \(noun) (\(bounds))"
        : "\(title) needs as much \(noun) as far as these rounds tell (\(bounds))"
    }
    return clauses.isEmpty ? [] : ["Beside \(when): \(clauses.joined(separator: "; "))."]
  }
}
