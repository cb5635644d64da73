import LanesCore

/// The colors of GNU grep, as its variable GREP_COLORS states them: SGR sequences such as `01;31`, empty for none.
package struct SearchColors: Sendable, Equatable {
  /// Matches in selected lines, and in lines around them where those are selected that do not match.
  package var selectedMatch = Bytes("01;31".utf8)
  package var contextMatch = Bytes("01;31".utf8)
  /// The rest of selected lines, and of lines around them.
  package var selectedLine = Bytes()
  package var contextLine = Bytes()
  package var name = Bytes("35".utf8)
  package var lineNumber = Bytes("32".utf8)
  package var byteOffset = Bytes("32".utf8)
  package var separator = Bytes("36".utf8)
  /// With -v the colors of selected lines and of those around them change places.
  package var areReversed = false
  /// A sequence that clears the rest of the line to the right follows each color.
  package var erases = true

  package init() {}

  /// The colors that a value of GREP_COLORS states, read as grep 3.8 does (`parse_grep_colors` in its grep.c): what is not
  /// known is passed over, and what is malformed ends the reading.
  package init(_ text: Bytes) {
    var name = Bytes()
    var value: Bytes?
    for byte in text + [UInt8(ascii: ":")] {
      switch byte {
      case UInt8(ascii: ":"):
        set(name, value)
        (name, value) = ([], nil)
      case UInt8(ascii: "="):
        if name.isEmpty || value != nil { return }
        value = []
      case _ where value == nil: name.append(byte)
      case UInt8(ascii: ";"), 0x30...0x39: value!.append(byte)
      default: return
      }
    }
  }

  private mutating func set(_ name: Bytes, _ value: Bytes?) {
    switch String(decoding: name, as: UTF8.self) {
    case "mt":
      selectedMatch = value ?? selectedMatch
      contextMatch = selectedMatch
    case "ms": selectedMatch = value ?? selectedMatch
    case "mc": contextMatch = value ?? contextMatch
    case "sl": selectedLine = value ?? selectedLine
    case "cx": contextLine = value ?? contextLine
    case "fn": self.name = value ?? self.name
    case "ln": lineNumber = value ?? lineNumber
    case "bn": byteOffset = value ?? byteOffset
    case "se": separator = value ?? separator
    case "rv": areReversed = true
    case "ne": erases = false
    default: break
    }
  }

  /// What turns a color on; nothing for none.
  package func start(_ color: Bytes) -> Bytes {
    color.isEmpty ? [] : Bytes("\u{1B}[".utf8) + color + Bytes((erases ? "m\u{1B}[K" : "m").utf8)
  }

  /// What turns a color off again.
  package func end(_ color: Bytes) -> Bytes {
    color.isEmpty ? [] : Bytes((erases ? "\u{1B}[m\u{1B}[K" : "\u{1B}[m").utf8)
  }

  /// The color of what does not match in a line.
  func line(_ kind: SelectedLines.Kind, isInverted: Bool) -> Bytes {
    (kind == .selected) != (isInverted && areReversed) ? selectedLine : contextLine
  }

  /// The sequences that lines may hold, which are taken out again where a selected line turns out to be one too many.
  var sequences: [Bytes] {
    [selectedMatch, contextMatch, selectedLine, contextLine].flatMap { [start($0), end($0)] }.filter { !$0.isEmpty }
  }
}

extension SearchColors {
  func write(to writer: inout WireWriter) {
    for color in [selectedMatch, contextMatch, selectedLine, contextLine, name, lineNumber, byteOffset, separator] {
      writer.write(color)
    }
    writer.write(areReversed)
    writer.write(erases)
  }

  /// Reads what `write` wrote.
  init(from reader: inout WireReader) throws(WireError) {
    selectedMatch = try reader.readBytes()
    contextMatch = try reader.readBytes()
    selectedLine = try reader.readBytes()
    contextLine = try reader.readBytes()
    name = try reader.readBytes()
    lineNumber = try reader.readBytes()
    byteOffset = try reader.readBytes()
    separator = try reader.readBytes()
    areReversed = try reader.readBool()
    erases = try reader.readBool()
  }
}

// MARK: Parts of lines

extension SliceSearch {
  /// What ripgrep tells instead of a line that is too long, newline included.
  static func omitted(_ kind: SelectedLines.Kind) -> Bytes {
    Bytes((kind == .selected ? "[Omitted long matching line]\n" : "[Omitted long context line]\n").utf8)
  }

  /// Where the text of a line ends, ahead of a carriage return.
  static func endOfText(_ line: some BidirectionalCollection<UInt8>) -> Int {
    line.last == 0x0D ? line.count - 1 : line.count
  }
}
