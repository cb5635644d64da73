import LanesCore
import LanesFiles
import LanesReport
import SystemPackage

/// Prints what a search selected, laid out as GNU grep does.
final class SearchOutput {
  private let options: SearchOptions
  private let isNamed: Bool
  private let isJSON: Bool
  private let printer: ResultPrinter
  private let console: Console
  /// Names are shown without the "./" in front, since the user did not write it.
  var hidesDot = false
  private(set) var hasFound = false
  private(set) var hasTrouble = false

  init(_ options: SearchOptions, isNamed: Bool, isJSON: Bool, _ printer: ResultPrinter, _ console: Console) {
    self.options = options
    self.isNamed = isNamed
    self.isJSON = isJSON
    self.printer = printer
    self.console = console
  }

  /// Selected lines, of which `before` lines are ahead of their slice.
  func tell(_ name: FilePath?, _ lines: SelectedLines, _ before: UInt64) {
    console.clear()
    guard isNamed || options.numbersLines else { return printer.bytes(lines.text) }
    let prefix = isNamed ? marked(shown(name), "35") + separator : []
    var start = 0
    for (index, end) in lines.ends.enumerated() {
      let line = lines.text[start..<Int(end)]
      start = Int(end)
      let number = lines.numbers.isEmpty ? nil : before + UInt64(lines.numbers[index]) + 1
      if isJSON {
        printer.line(json(name, number, line))
      } else {
        let numbered = number.map { marked(Bytes(String($0).utf8), "32") + separator } ?? []
        printer.bytes(prefix + numbered + line)
      }
    }
  }

  /// What remains to be told of an input.
  func tell(_ file: SearchedFile) {
    if file.selected > 0 { hasFound = true }
    if let failure = file.failure {
      hasTrouble = true
      printer.flush()
      console.say(
        "lanes: \(file.name.map { FilePath(rawBytes: shown($0)).forDisplay } ?? "standard input"): \(failure.reason)")
      return
    }
    console.clear()
    if isJSON { return tellJSON(file) }
    switch options.report {
    case .lines:
      if file.hidesLines { printer.bytes(Bytes("Binary file ".utf8) + shown(file.name) + Bytes(" matches\n".utf8)) }
    case .counts:
      let prefix = isNamed ? marked(shown(file.name), "35") + separator : []
      printer.bytes(prefix + Bytes("\(file.selected)\n".utf8))
    case .names:
      if file.selected > 0 { printer.bytes(marked(shown(file.name), "35") + [0x0A]) }
    }
  }

  private func shown(_ name: FilePath?) -> Bytes {
    guard let name, name != "-" else { return Bytes("(standard input)".utf8) }
    let bytes = name.rawBytes
    return hidesDot && bytes.starts(with: "./".utf8) ? Bytes(bytes.dropFirst(2)) : bytes
  }

  private var separator: Bytes { marked([UInt8(ascii: ":")], "36") }

  /// `text` between the escape sequences that grep writes for a colour.
  private func marked(_ text: Bytes, _ color: String) -> Bytes {
    options.marksMatches ? Bytes("\u{1B}[\(color)m\u{1B}[K".utf8) + text + Bytes("\u{1B}[m\u{1B}[K".utf8) : text
  }

  // MARK: JSON

  private func json(_ name: FilePath?, _ number: UInt64?, _ line: ArraySlice<UInt8>) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", options.onlyMatching ? "match" : "line")
      $0.member("path", utf8: shown(name))
      if let number { $0.member("line", number) }
      $0.member("text", utf8: Bytes(line.dropLast()))
    }
    return json.text
  }

  private func tellJSON(_ file: SearchedFile) {
    var json = JSONWriter()
    json.object {
      $0.member("type", "searched")
      $0.member("path", utf8: shown(file.name))
      if options.report == .names {
        $0.member("selected", file.selected > 0)
      } else {
        $0.member("selected_lines", file.selected)
      }
      if options.report == .lines { $0.member("binary", file.hidesLines) }
    }
    printer.line(json.text)
  }
}
