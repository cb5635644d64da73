import ArgumentParser
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// What `lanes compare` shows: on standard output as text, Markdown or JSON, and in a file as a page.
struct CompareOutput {
  enum Style {
    case text(color: Bool)
    case markdown, json
  }

  private let comparison: Comparison
  private let subject: ComparedCommand
  private let style: Style
  /// Columns of the table, and so of everything below it.
  private static let width = 100

  init(_ comparison: Comparison, _ subject: ComparedCommand, style: Style) {
    self.comparison = comparison
    self.subject = subject
    self.style = style
  }

  func print() {
    let printer = ResultPrinter()
    defer { printer.flush() }
    switch style {
    case .json: ComparisonJSON.lines(comparison).forEach(printer.line)
    case .markdown: markdown.forEach(printer.line)
    case .text(let color): text(color: color).forEach(printer.line)
    }
    if comparison.isInterrupted {
      StandardError.line("lanes: compare was stopped; the figures are those of the runs that were finished")
    }
  }

  private func text(color: Bool) -> [String] {
    let verdict = Verdict(comparison)
    return ["lanes \(subject.display)", ""] + ComparisonTable(comparison).lines(color: color) + [""]
      + picture(width: pictureWidth) + ["Verdict: \(verdict.kind.rawValue)"] + wrap(verdict.text)
      + comparison.fits.flatMap { wrap($0.sentence) }
  }

  private var markdown: [String] {
    let verdict = Verdict(comparison)
    let picture = picture(width: 80)
    return ["`lanes \(subject.display)`", ""] + ComparisonTable(comparison).markdown() + [""]
      + (picture.isEmpty ? [] : ["```text"] + picture.dropLast() + ["```", ""])
      + ["**Verdict: \(verdict.kind.rawValue).**"] + wrap(verdict.text) + comparison.fits.flatMap { wrap($0.sentence) }
  }

  private var pictureWidth: Int {
    Terminal.isTerminal(1) ? min(max(Terminal.width(1) - 1, 79), Self.width) : Self.width
  }

  /// The lanes over time, and an empty line.
  private func picture(width: Int) -> [String] {
    let lines = Swimlanes(comparison.typicalRuns, width: width, unicode: Terminal.isUTF8).lines()
    guard let scale = lines.first else { return [] }
    return ["round \(comparison.typicalRound + 1) over time: " + scale] + lines.dropFirst() + [""]
  }

  private func wrap(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= Self.width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

extension CompareOutput {
  /// Refuses a report that could not be written before anything is run.
  static func check(_ report: String) throws {
    do {
      _ = try OutputFile(Self.destination(report))
    } catch {
      throw ExitStatus.usage.failing("the report cannot be written to \(report): \(error.reason)")
    }
  }

  /// Writes the page; it appears under its name only when it is whole.
  func write(to report: String) throws {
    let bytes = Bytes(page.html.utf8)
    do throws(SystemError) {
      var file = try OutputFile(Self.destination(report))
      try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes) }
      try file.commit()
    } catch {
      throw ExitStatus.stoppedEarly.failing("the report cannot be written to \(report): \(error.reason)")
    }
  }

  private var page: ReportPage {
    ReportPage(
      comparison,
      ReportPage.Circumstances(
        subject: "lanes \(subject.display)", commands: comparison.entries.map { subject.display(under: $0.setup) },
        machine: MachineFacts.all() + [("Program", "lanes \(ProgramVersion.number)")]))
  }

  private static func destination(_ report: String) -> Destination {
    Destination(path: FilePath(report), replacesExisting: true)
  }
}
