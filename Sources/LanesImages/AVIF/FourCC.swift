import LanesCore

/// Four characters that name a box, a kind of item or a brand (ISO/IEC 14496-12, 4.2).
struct FourCC: Hashable, ExpressibleByStringLiteral {
  let code: UInt32

  init(_ code: UInt32) { self.code = code }

  /// Of four ASCII characters.
  init(stringLiteral text: String) { code = text.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

  /// The first character first, as files hold them.
  var bytes: Bytes { (0..<4).map { UInt8(truncatingIfNeeded: code >> (24 - 8 * $0)) } }

  /// For messages: what is not a letter, a digit or the like is a question mark.
  var text: String {
    String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}

/// Why a file is not read as an AVIF.
enum AVIFFault: Error, Equatable {
  /// It contradicts its format; a clause such as "a box ends too early".
  case damaged(String)
  /// It is sound as far as one can see, and of a kind that is not read; a noun phrase such as "an AVIF of several layers".
  case unsupported(String)
  /// Its bytes end before what they promise.
  case truncated
  /// Something that has nothing to do with the file, such as memory.
  case unit(UnitFailure)
}
