import LanesCore
import LanesFiles
import Testing

/// A text of at most a few thousand bytes, to be cut in every way: the fixtures, and what they lack.
struct SmallText: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: Bytes

  var testDescription: String { name }

  static let all: [SmallText] =
    Fixture.names.map { SmallText(name: $0, bytes: contents(of: "\(Fixture.folder)/\($0)") ?? []) }
    + [
      SmallText("newlines", "\n\n\n\n\n\n\n"),
      SmallText("one line", String(repeating: "the one long line of words, ", count: 20)),
      SmallText("carriage returns", "a\r\n\r\nThe end\r\n\rx\r\n\r"),
      SmallText(
        "characters of all lengths", "é\nßé the €uro\n😀😀 fee\nİstanbul naïve\n\u{FEFF}the\n日本語のテキスト\n¡e!\n"),
      SmallText(
        name: "malformed characters",
        bytes: Bytes("the \u{C3}".utf8) + [
          0xC3, 0x0A, 0xE2, 0x82, 0x0A, 0x80, 0x80, 0x65, 0x0A, 0xF0, 0x9F, 0x98, 0x0A,
        ]
          + [0xF5, 0xED, 0xA0, 0x80, 0x0A, 0xC0, 0x80, 0x65, 0x20, 0xFF, 0xFE, 0x0A, 0x65, 0xE2]),
      SmallText(name: "zero bytes", bytes: Bytes("the first\nwith \0 inside\n\0\0\nthe end\0\nfee".utf8)),
      SmallText("numbers", (1...30).map { "key\($0 % 4),\($0 * 37 % 101).\($0 % 10)\n" }.joined()),
      SmallText(
        "quoted fields",
        "\"the, end\",1.5\r\na,\"-2\"\r\n\"say \"\"e\"\"\",3\nplain,4e1\n\n\"the, end\",\na,\"6\"\n\"\",7"),
    ]

  init(name: String, bytes: Bytes) {
    self.name = name
    self.bytes = bytes
  }

  private init(_ name: String, _ text: String) { self.init(name: name, bytes: Bytes(text.utf8)) }

  /// Bytes of the longest line, its newline not counted.
  var longestLine: Int {
    bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(\.count).max() ?? 0
  }

  /// A way to work on it.
  struct Way {
    let path: String
    let settings: FilePlan.Settings
    let lanes: Int
    var words: String { "\(lanes) lanes, slices of \(settings.sliceBytes)" }
  }

  /// Calls `body` with each slice size from the longest line to five bytes more and each number of lanes from 1 to 8. Every
  /// other time the slices are read, and mapped otherwise.
  ///
  /// - Parameter share: where a text is gone through again and again, the number of that time: it takes a third of all ways, with
  ///   every size and every number of lanes among them, and the next two times take the others.
  func inEveryWay(_ cut: FileCut, share: Int? = nil, _ body: (Way) throws -> Void) rethrows {
    let directory = TemporaryDirectory()
    let path = directory.write("text", bytes)
    for size in longestLine...longestLine + 5 where size > 0 {
      for lanes in 1...8 where share.map({ (size + lanes + $0) % 3 == 0 }) ?? true {
        var settings = FilePlan.Settings(cut: cut, access: (size + lanes) % 2 == 0 ? .mapped : .read)
        settings.sliceBytes = size
        settings.wholeBytes = 0
        try body(Way(path: path, settings: settings, lanes: lanes))
      }
    }
  }
}
