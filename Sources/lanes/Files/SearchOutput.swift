import LanesCore
import LanesFiles
import LanesReport
import SystemPackage

/// Prints what a search selected, laid out as GNU grep does.
final class SearchOutput {
  /// What the layout depends on beside the search itself.
  struct Style {
    /// Lines and counts bear the names of their files.
    var isNamed: Bool
    var isJSON: Bool
    /// A zero byte follows each name, as with grep -Z.
    var endsNames: Bool
    /// Names are shown without the "./" in front, since the user did not write it.
    var hidesDot: Bool
    /// Nothing is said of files that cannot be read.
    var hidesTrouble: Bool
  }

  private let options: SearchOptions
  private let style: Style
  private let printer: ResultPrinter
  private let console: ProgressReporter
  /// True when a line was selected, or hidden in a binary file.
  private(set) var hasFound = false
  /// True when an input failed, whether or not that was told.
  private(set) var hasTrouble = false

  init(_ options: SearchOptions, _ style: Style, _ printer: ResultPrinter, _ console: ProgressReporter) {
    self.options = options
    self.style = style
    self.printer = printer
    self.console = console
  }

  /// Prints selected lines and those around them.
  ///
  /// - Parameter before: lines of the input that come before the slice, from whose start `lines.numbers` count.
  func tell(_ name: FilePath?, _ lines: SelectedLines, _ before: UInt64) {
    console.clear()
    // Nothing is added to any line, so all of them go out in one piece.
    guard style.isNamed || options.numbersLines || !lines.kinds.isEmpty else { return printer.bytes(lines.text) }
    // Names and numbers are followed by a colon in selected lines, and by a hyphen in lines around them.
    let heads = [":", "-"].map { style.isNamed ? self.head(name, $0) : [] }
    var start = 0
    for (index, end) in lines.ends.enumerated() {
      let line = lines.text[start..<Int(end)]
      start = Int(end)
      let kind = lines.kinds.isEmpty ? .selected : lines.kinds[index]
      if kind == .gap, !style.isJSON { printer.bytes(separator("--") + [0x0A]) }
      // Gaps have no text; neither have lines of which only a match would be told.
      guard !line.isEmpty else { continue }
      let number = options.numbersLines ? before + UInt64(lines.numbers[index]) + 1 : nil
      if style.isJSON {
        printer.line(json(name, number, kind, line))
      } else {
        let isAround = kind == .context
        let numbered = number.map { marked(Bytes(String($0).utf8), "32") + separator(isAround ? "-" : ":") } ?? []
        printer.bytes(heads[isAround ? 1 : 0] + numbered + line)
      }
    }
  }

  /// Tells what remains of an input after its lines: a count, a name or a failure.
  func tell(_ file: SearchedFile) {
    if file.selected > 0 { hasFound = true }
    if let failure = file.failure {
      hasTrouble = true
      guard !style.hidesTrouble else { return }
      // Lines of earlier files come before the message where both streams go to one terminal.
      printer.flush()
      console.say(
        "lanes: \(file.name.map { FilePath(rawBytes: shown($0)).forDisplay } ?? "standard input"): \(failure.reason)")
      return
    }
    console.clear()
    if options.report == .nothing { return }
    if style.isJSON { return tellJSON(file) }
    switch options.report {
    case .lines:
      guard file.hidesLines else { return }
      printer.flush()
      console.say("lanes: \(FilePath(rawBytes: shown(file.name)).forDisplay): binary file matches")
    case .counts: printer.bytes((style.isNamed ? head(file.name, ":") : []) + Bytes("\(file.selected)\n".utf8))
    case .names, .namesWithout:
      guard (file.selected > 0) == (options.report == .names) else { return }
      printer.bytes(marked(shown(file.name), "35") + [style.endsNames ? 0 : 0x0A])
    case .nothing: return
    }
  }

  /// The name as grep writes it, byte for byte.
  private func shown(_ name: FilePath?) -> Bytes {
    guard let name, name != "-" else { return Bytes("(standard input)".utf8) }
    let bytes = name.rawBytes
    return style.hidesDot && bytes.starts(with: "./".utf8) ? Bytes(bytes.dropFirst(2)) : bytes
  }

  /// The name in front of a line, and what follows it.
  private func head(_ name: FilePath?, _ mark: String) -> Bytes {
    marked(shown(name), "35") + (style.endsNames ? [0] : separator(mark))
  }

  private func separator(_ mark: String) -> Bytes { marked(Bytes(mark.utf8), "36") }

  /// `text` between the escape sequences that grep writes for a color: an SGR sequence, and EL to the end of the line.
  /// The colors are grep's defaults: 35 for names, 32 for line numbers, 36 for separators.
  private func marked(_ text: Bytes, _ color: String) -> Bytes {
    options.marksMatches ? Bytes("\u{1B}[\(color)m\u{1B}[K".utf8) + text + Bytes("\u{1B}[m\u{1B}[K".utf8) : text
  }

  // MARK: JSON

  /// One JSON object for a line, without its newline.
  private func json(_ name: FilePath?, _ number: UInt64?, _ kind: SelectedLines.Kind, _ line: ArraySlice<UInt8>)
    -> String
  {
    var json = JSONWriter()
    json.object {
      $0.member("type", options.onlyMatching ? "match" : kind == .context ? "context" : "line")
      $0.member("path", utf8: shown(name))
      if let number { $0.member("line", number) }
      $0.member("text", utf8: Bytes(line.dropLast()))
    }
    return json.text
  }

  /// One JSON object for an input, after those of its lines.
  private func tellJSON(_ file: SearchedFile) {
    var json = JSONWriter()
    json.object {
      $0.member("type", "searched")
      $0.member("path", utf8: shown(file.name))
      if options.report == .names || options.report == .namesWithout {
        $0.member("selected", file.selected > 0)
      } else {
        $0.member("selected_lines", file.selected)
      }
      if options.report == .lines { $0.member("binary", file.hidesLines) }
    }
    printer.line(json.text)
  }
}
