import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

/// What `lanes compare` shows: on standard output as text, Markdown or JSON, and in a file as a page.
///
/// Engines and commands differ in what is shown, and not in where.
struct CompareOutput {
  /// What was compared.
  enum Subject {
    case engines(Comparison, ComparedCommand)
    case commands(CommandComparison, ComparedCommands)
  }

  enum Style {
    case text(color: Bool)
    case markdown, json
  }

  private let subject: Subject
  /// Options of compare that say what was measured.
  private let options: [String]
  private let circumstances: ComparisonCircumstances
  private let style: Style

  init(_ subject: Subject, options: [String], _ circumstances: ComparisonCircumstances, style: Style) {
    self.subject = subject
    self.options = options
    self.circumstances = circumstances
    self.style = style
  }

  /// Prints the comparison in the style that was asked for.
  func print() {
    let printer = ResultPrinter()
    // The printer holds back what comes in quick succession.
    defer { printer.flush() }
    switch style {
    case .json: json.forEach(printer.line)
    case .markdown: (["`\(display)`", ""] + markdown).forEach(printer.line)
    case .text(let color): ([display, ""] + text(color: color)).forEach(printer.line)
    }
    // On standard error, because the table alone would look like a comparison that ran to its end.
    if isInterrupted {
      StandardError.line("lanes: compare was stopped; the figures are those of the runs that were finished")
    }
  }

  /// What a person would type to compare again.
  private var display: String {
    switch subject {
    case .engines(_, let command): command.display(options)
    case .commands(_, let commands): commands.display(options)
    }
  }

  private var isInterrupted: Bool {
    switch subject {
    case .engines(let comparison, _): comparison.isInterrupted
    case .commands(let comparison, _): comparison.isInterrupted
    }
  }

  private var json: [String] {
    switch subject {
    case .engines(let comparison, _): ComparisonJSON.lines(comparison, circumstances)
    case .commands(let comparison, _): CommandJSON.lines(comparison, circumstances)
    }
  }

  private func text(color: Bool) -> [String] {
    switch subject {
    case .engines(let comparison, _): ComparisonText(comparison, width: width).lines(color: color)
    case .commands(let comparison, _): CommandText(comparison, width: width).lines(color: color)
    }
  }

  private var markdown: [String] {
    switch subject {
    case .engines(let comparison, _): ComparisonText(comparison, width: 100).markdown()
    case .commands(let comparison, _): CommandText(comparison, width: 100).markdown()
    }
  }

  /// Columns to write in. A terminal's last one stays free: some wrap as soon as it is filled.
  private var width: Int { Terminal.isTerminal(1) ? Terminal.width(1) - 1 : ComparisonText.usualWidth }
}

extension CompareOutput {
  /// Refuses a report that could not be written before anything is run; makes nothing.
  static func check(_ report: String) throws {
    let path = FilePath(report)
    let folder = path.removingLastComponent()
    do {
      // Replacing a device or a pipe by a file would be a surprise, also where it would work.
      if let kind = try FileStatus.ifPresent(path)?.kind, kind != .regular {
        let reason = "it is \(kind == .directory ? "a folder" : "no regular file"); name a file"
        throw ExitStatus.usage.failing("the report cannot be written to \(report): \(reason)")
      }
      try Folders.checkWritable(folder, makesMissing: false)
      // Opens what will be written and lets go of it unnamed: what the file system refuses is found as well.
      _ = try OutputFile(Self.destination(report))
    } catch let error as SystemError {
      throw ExitStatus.unwritable("the report \(report)", error)
    }
  }

  /// Writes the page; it appears under its name only when it is whole.
  func write(to report: String) throws { try Self.write(html, to: report) }

  /// Writes any page to where `check` allowed it.
  static func write(_ html: String, to report: String) throws {
    // Made in memory, tens of kilobytes, and named when whole: a browser never shows half a page.
    let bytes = Bytes(html.utf8)
    do throws(SystemError) {
      var file = try OutputFile(destination(report))
      try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes) }
      try file.commit()
    } catch {
      throw ExitStatus.stoppedEarly.failing("the report \(report) cannot be written: \(error.reason)")
    }
  }

  /// A report is replaced without asking: comparing again is the usual way to a new one.
  private static func destination(_ report: String) -> Destination {
    Destination(path: FilePath(report), replacesExisting: true)
  }

  private var html: String {
    let machine = circumstances.machine.map { (name: $0.name, value: $0.value) }
    return switch subject {
    case .engines(let comparison, let command):
      ReportPage(
        comparison,
        ReportPage.Circumstances(
          subject: display, options: comparison.entries.map { command.display(under: $0.setup) }, machine: machine)
      ).html
    case .commands(let comparison, _): CommandPage(comparison, subject: display, machine: machine).html
    }
  }
}
