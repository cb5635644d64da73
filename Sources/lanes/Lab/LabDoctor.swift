import LanesCore
import LanesLab
import LanesReport

/// `lanes lab doctor`: whether this machine is quiet and plain enough to measure on, and why.
enum LabDoctor {
  static func lines(width: Int) -> [String] {
    let examination = LabExamination()
    let names = examination.items.map(\.name.count).max() ?? 0
    let items = examination.items.flatMap { item in
      let head = "  \(sign(item.mark)) \(item.name.rightPadded(to: names))  "
      let text = item.finding + (item.advice.isEmpty ? "" : "; " + item.advice)
      return ComparisonText.wrap(text, width: max(20, width - head.count)).enumerated().map { number, line in
        (number == 0 ? head : String(repeating: " ", count: head.count)) + line
      }
    }
    return items + [""] + ComparisonText.wrap(summary(examination.mark), width: width)
  }

  private static func sign(_ mark: LabExamination.Mark) -> String {
    let isUnicode = Glyphs.current == .unicode
    switch mark {
    case .good: return isUnicode ? "✓" : "+"
    case .mind: return isUnicode ? "•" : "o"
    case .bad: return isUnicode ? "✗" : "x"
    }
  }

  private static func summary(_ mark: LabExamination.Mark) -> String {
    switch mark {
    case .good: "Quiet and plain: figures of the lab can be trusted."
    case .mind:
      "Good enough: verdicts can be trusted; mind what is marked when you compare figures with those of other machines."
    case .bad: "Not quiet: verdicts hold where they are given, and more than usual will be undecidable here."
    }
  }
}
