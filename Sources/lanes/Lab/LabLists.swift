import LanesCore
import LanesLab
import LanesReport

/// What `lanes lab` prints without measuring: lists and explanations.
enum LabLists {
  private static var isUnicode: Bool { Glyphs.current == .unicode }

  /// A sign for a verdict, one column wide.
  private static func sign(_ kind: LabVerdict.Kind) -> String {
    switch kind {
    case .confirmed: isUnicode ? "✓" : "y"
    case .refuted: isUnicode ? "✗" : "n"
    case .undecidable: "?"
    }
  }

  /// Experiments by chapter, with the verdicts of their last run here.
  static func experiments(width: Int) -> [String] {
    let names = Experiment.all.map(\.name.count).max() ?? 0
    let last = Experiment.all.map { LabHistory.verdicts(of: $0).map(sign).joined() }
    let seconds = Experiment.all.map {
      LabHistory.seconds(of: $0).map { Readable.fixed($0, digits: 1) + " s" } ?? ""
    }
    // As wide as what is known, so that the first list of all is not mostly empty.
    let widths = [last, seconds].map { $0.map(\.count).max() ?? 0 }
    var lines: [String] = []
    for chapter in LabChapter.allCases where !Experiment.of(chapter).isEmpty {
      lines += ["\(chapter.title)  (\(chapter.rawValue))"]
      for (position, experiment) in Experiment.all.enumerated() where experiment.chapter == chapter {
        let known = [
          last[position].rightPadded(to: widths[0]), seconds[position].leftPadded(to: widths[1]),
        ].filter { !$0.isEmpty }
        let head = (["  " + experiment.name.rightPadded(to: names)] + known + [""]).joined(separator: "  ")
        let text = ComparisonText.wrap(experiment.short, width: max(20, width - head.count))
        lines += text.enumerated().map { number, line in
          (number == 0 ? head : String(repeating: " ", count: head.count)) + line
        }
      }
      lines.append("")
    }
    lines += ComparisonText.wrap(
      "\(sign(.confirmed)) confirmed, \(sign(.refuted)) refuted, \(sign(.undecidable)) undecidable here: the verdicts on the "
        + "claims of an experiment when it last ran, and how long that took. None takes more than five seconds on a quiet machine.",
      width: width)
    return lines + [""]
      + ComparisonText.wrap(
        "lanes lab NAME runs one, lanes lab CHAPTER all of a chapter, lanes lab NAME --explain tells how it is measured, lanes "
          + "lab course goes through all, and lanes lab doctor looks at the machine. lanes lab engines measures lanes itself.",
        width: width)
  }

  /// The list for programs.
  static var jsonLines: [String] {
    Experiment.all.map { experiment in
      var json = JSONWriter()
      json.object {
        $0.member("type", "experiment")
        $0.member("experiment", experiment.name)
        $0.member("chapter", experiment.chapter.rawValue)
        $0.member("title", experiment.title)
        $0.key("claims")
        $0.array { json in for claim in experiment.claims { json.value(claim.text) } }
        $0.member("seconds", LabHistory.seconds(of: experiment))
        $0.key("last")
        $0.array { json in for kind in LabHistory.verdicts(of: experiment) { json.value(kind.rawValue) } }
      }
      return json.text
    }
  }

  /// Every claim, and those that cannot be measured.
  static func claims(width: Int) -> [String] {
    var lines: [String] = []
    for chapter in LabChapter.allCases where !Experiment.of(chapter).isEmpty {
      lines.append(chapter.title)
      for experiment in Experiment.of(chapter) {
        for claim in experiment.claims {
          lines += paragraph("  \(experiment.name) \(claim.id)  ", claim.text, width, indent: 4)
          lines += paragraph("    ", "from " + claim.origin.text, width, indent: 4)
        }
      }
      lines.append("")
    }
    lines.append("What cannot be measured here")
    for item in Experiment.untested { lines += paragraph("  ", item.claim + ": " + item.reason, width, indent: 4) }
    return lines
  }

  /// How an experiment is measured.
  static func explanation(_ experiment: Experiment, width: Int) -> [String] {
    var lines = ComparisonText.wrap(experiment.title, width: width) + [""]
    for sentence in experiment.method { lines += paragraph("  ", sentence, width, indent: 2) }
    if !experiment.loop.isEmpty { lines += ["", "Inner loop"] }
    lines += code(experiment.loop, width: width)
    if let excerpt = experiment.excerpt {
      lines += ["", "In lanes itself, \(excerpt.file)"] + code(excerpt.text, width: width)
    }
    lines += ["", "Claims"]
    for claim in experiment.claims {
      lines += paragraph("  \(claim.id)  ", claim.text, width, indent: 5)
      lines += paragraph("     ", "from " + claim.origin.text, width, indent: 5)
    }
    if !experiment.published.isEmpty { lines += ["", "Published figures"] }
    for figure in experiment.published {
      lines += paragraph("  ", "\(figure.subject): \(figure.text); \(figure.source)", width, indent: 2)
      lines.append("    " + figure.address)
    }
    lines.append("")
    return lines
      + ComparisonText.wrap(LabText.rule, width: width)
  }

  static func paragraph(_ head: String, _ text: String, _ width: Int, indent: Int) -> [String] {
    let blank = String(repeating: " ", count: indent)
    // The head's words stand for what is wrapped, so that long and short heads break alike; then its own spaces come back.
    let marked = head.drop { $0 == " " }
    let start = String(head.prefix { $0 == " " })
    let stand = String(marked.map { $0 == " " ? "\u{A0}" : $0 })
    return ComparisonText.wrap(stand + text, width: max(20, width - indent)).enumerated().map { number, line in
      number == 0 ? start + marked + line.dropFirst(stand.count) : blank + line
    }
  }

  /// Lines of code, those too long for the terminal broken at spaces.
  private static func code(_ text: String, width: Int) -> [String] {
    text.split(separator: "\n").flatMap { line -> [String] in
      let indent = String(repeating: " ", count: 2 + line.prefix { $0 == " " }.count)
      let parts = ComparisonText.wrap(String(line), width: max(20, width - indent.count - 4))
      guard indent.count + line.count > width else { return ["  " + line] }
      return parts.enumerated().map { $0 == 0 ? indent + $1 : indent + "    " + $1 }
    }
  }
}
