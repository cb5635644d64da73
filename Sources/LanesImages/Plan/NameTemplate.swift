import LanesCore
import SystemPackage

/// How results are named below the destination, such as `{dir}/{name}-small.{ext}`.
package struct NameTemplate: Sendable, Equatable {
  /// What an input gives to its result's name.
  enum Field: String, CaseIterable {
    /// The folders below the input that was walked; nothing for a file that was named itself.
    case dir
    /// The file's name without an image suffix.
    case name
    /// The result's suffix without the dot; where it is empty, a dot before it goes too.
    case ext
    /// Such as `jpeg`: what `--to` says for the result, else what the input holds; `other` for what is no image.
    case format
    /// What `--sizes` calls the result's size; nothing when there is one size only.
    case size
  }

  enum Piece: Equatable {
    case text(Bytes)
    case field(Field)
  }

  private let pieces: [Piece]

  /// The names of several sizes unless the user says otherwise.
  static let ofSizes = NameTemplate("{dir}/{name}-{size}.{ext}")!

  /// True when results of different sizes get different names.
  package var tellsSizes: Bool { pieces.contains(.field(.size)) }

  /// True when results in different formats get different names.
  package var tellsFormats: Bool { pieces.contains(.field(.format)) || pieces.contains(.field(.ext)) }

  /// The suffix that every result gets, since the template ends in it, such as `webp`; nil when fields decide.
  var suffix: String? {
    guard case .text(let text)? = pieces.last(where: { $0 != .text([]) }) else { return nil }
    return FilePath(String(decoding: [UInt8(ascii: "x")] + text, as: UTF8.self)).suffix
  }

  /// nil for an empty text, a field that does not exist, a brace without a partner, and a name that ends in a slash.
  package init?(_ text: String) {
    var pieces: [Piece] = []
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else { return nil }
      guard let field = Field(rawValue: String(rest[rest.index(after: open)..<close])) else { return nil }
      pieces += [.text(Bytes(rest[..<open].utf8)), .field(field)]
      rest = rest[rest.index(after: close)...]
    }
    guard !text.isEmpty, text.last != "/", !text.hasSuffix("{dir}") else { return nil }
    self.pieces = pieces + [.text(Bytes(rest.utf8))]
  }

  /// Puts the fields in; slashes without a name between them become one, and none is left at the start.
  func expanded(_ value: (Field) -> Bytes) -> Bytes {
    var path: Bytes = []
    for piece in pieces {
      switch piece {
      case .text(let text): path += text
      case .field(let field):
        let value = value(field)
        if field == .ext, value.isEmpty, path.last == UInt8(ascii: ".") { path.removeLast() }
        path += value
      }
    }
    return Bytes(path.split(separator: UInt8(ascii: "/")).joined(separator: [UInt8(ascii: "/")]))
  }
}
