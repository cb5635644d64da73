import LanesCore

/// What is told in place of each match, as ripgrep's --replace reads it: `$1` or `${1}` is a group by its number, `$name` or
/// `${name}` one by its name, `$0` the match, and `$$` a dollar sign. A name is as long as letters, digits and underscores
/// follow each other, so that `$1a` is the group "1a"; a group that does not exist or took no part is nothing.
struct Replacement {
  enum Piece: Equatable {
    case text(Bytes)
    case number(UInt32)
    case name(Bytes)
  }

  private(set) var pieces: [Piece] = []

  init(_ template: Bytes) {
    var text = Bytes()
    var rest = template[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "$") else {
        text.append(byte)
        continue
      }
      if rest.first == byte {
        rest.removeFirst()
        text.append(byte)
      } else if let name = Self.name(&rest) {
        if !text.isEmpty { pieces.append(.text(text)) }
        text = []
        let number =
          name.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(String(decoding: name, as: UTF8.self)) : nil
        pieces.append(number.map { .number($0) } ?? .name(name))
      } else {
        text.append(byte)
      }
    }
    if !text.isEmpty { pieces.append(.text(text)) }
  }

  /// Takes the name behind a dollar sign; nil where there is none, and the sign is text.
  private static func name(_ rest: inout ArraySlice<UInt8>) -> Bytes? {
    func isPart(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    let isBraced = rest.first == UInt8(ascii: "{")
    let from = isBraced ? rest.dropFirst() : rest
    let name = isBraced ? from.prefix { $0 != UInt8(ascii: "}") } : from.prefix(while: isPart)
    guard !name.isEmpty, !isBraced || name.endIndex < from.endIndex else { return nil }
    rest = from[(name.endIndex + (isBraced ? 1 : 0))...]
    return Bytes(name)
  }

  /// True where it needs nothing of a match but its bounds.
  var needsNoGroups: Bool {
    pieces.allSatisfy { piece in
      switch piece {
      case .text, .number(0): true
      case .number, .name: false
      }
    }
  }
}
