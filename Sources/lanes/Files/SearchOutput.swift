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
    /// Line numbers are shown.
    var isNumbered: Bool
    /// What is called standard input.
    var label: Bytes
    /// What is between groups of lines; nil for nothing.
    var gap: Bytes?
    /// What is printed goes out at once.
    var isPrompt: Bool
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
    defer { if style.isPrompt { printer.flush() } }
    // Nothing is added to any line, so all of them go out in one piece.
    guard style.isNamed || style.isJSON || !lines.kinds.isEmpty || showsPlaces else { return printer.bytes(lines.text) }
    // Names and numbers are followed by a colon in selected lines, and by a hyphen in lines around them.
    let heads = [":", "-"].map { style.isNamed ? self.head(name, $0) : [] }
    var start = 0
    for (index, end) in lines.ends.enumerated() {
      let line = lines.text[start..<Int(end)]
      start = Int(end)
      let kind = lines.kinds.isEmpty ? .selected : lines.kinds[index]
      if kind == .gap, !style.isJSON, let gap = style.gap { printer.bytes(separator(gap) + [0x0A]) }
      // Gaps have no text; neither have lines of which only a match would be told.
      guard !line.isEmpty else { continue }
      let number = options.numbersLines ? before + UInt64(lines.numbers[index]) + 1 : nil
      let column = lines.columns.isEmpty || lines.columns[index] == 0 ? nil : lines.columns[index]
      let offset = lines.offsets.isEmpty ? nil : lines.offsets[index]
      if style.isJSON {
        printer.line(json(name, number, column, offset, kind, line))
      } else {
        let isAround = kind == .context
        let mark = separator(Bytes((isAround ? "-" : ":").utf8))
        var head = heads[isAround ? 1 : 0]
        if style.isNumbered, let number { head += marked(Bytes(String(number).utf8), colors?.lineNumber) + mark }
        if let column { head += Bytes(String(column).utf8) + mark }
        if let offset { head += marked(Bytes(String(offset).utf8), colors?.byteOffset) + mark }
        printer.bytes(head + line)
      }
    }
  }

  /// Something stands in front of each line beside its file's name.
  private var showsPlaces: Bool { style.isNumbered || options.tellsColumns || options.tellsOffsets }

  private var colors: SearchColors? { options.colors }

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
    case .counts:
      let count = options.countsMatches ? file.matches : file.selected
      printer.bytes((style.isNamed ? head(file.name, ":") : []) + Bytes("\(count)\n".utf8))
    case .names, .namesWithout:
      guard (file.selected > 0) == (options.report == .names) else { return }
      printer.bytes(marked(shown(file.name), colors?.name) + [style.endsNames ? 0 : 0x0A])
    case .nothing: return
    }
  }

  /// The name as grep writes it, byte for byte.
  private func shown(_ name: FilePath?) -> Bytes {
    guard let name, name != "-" else { return style.label }
    let bytes = name.rawBytes
    return style.hidesDot && bytes.starts(with: "./".utf8) ? Bytes(bytes.dropFirst(2)) : bytes
  }

  /// The name in front of a line, and what follows it.
  private func head(_ name: FilePath?, _ mark: String) -> Bytes {
    marked(shown(name), colors?.name) + (style.endsNames ? [0] : separator(Bytes(mark.utf8)))
  }

  private func separator(_ mark: Bytes) -> Bytes { marked(mark, colors?.separator) }

  /// `text` between the escape sequences that grep writes for a color; as it is where nothing is colored.
  private func marked(_ text: Bytes, _ color: Bytes?) -> Bytes {
    guard let colors, let color else { return text }
    return colors.start(color) + text + colors.end(color)
  }

  // MARK: JSON

  /// One JSON object for a line, without its newline.
  private func json(
    _ name: FilePath?, _ number: UInt64?, _ column: UInt32?, _ offset: UInt64?, _ kind: SelectedLines.Kind,
    _ line: ArraySlice<UInt8>
  ) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", options.onlyMatching ? "match" : kind == .context ? "context" : "line")
      $0.member("path", utf8: shown(name))
      if let number { $0.member("line", number) }
      if let column { $0.member("column", Int(column)) }
      if let offset { $0.member("offset", offset) }
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
        if options.countsMatches { $0.member("matches", file.matches) }
      }
      if options.report == .lines { $0.member("binary", file.hidesLines) }
    }
    printer.line(json.text)
  }
}
