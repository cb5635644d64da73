import LanesCore
import SystemPackage

/// A line of a list of checksums, as sha256sum and xxhsum write it.
///
/// Either `digest  name`, with `*` before the name for binary mode, or `digest name` as the reversed form of BSD's
/// tools, or `ALGORITHM (name) = digest`. A backslash in front says that the name has escapes: `\\`, `\n`, `\r`. Blanks
/// may precede it, and a carriage return may end the line. Rules: split_3 in GNU coreutils' src/digest.c.
package struct ChecksumLine: Equatable {
  /// As a file is called, with no escapes in it.
  package let name: FilePath
  /// Most significant byte first.
  package let digest: Bytes
  /// The algorithm that the line names.
  package let algorithm: HashAlgorithm?

  /// How lines without an algorithm separate the name: all lines of a command's lists must do so alike.
  package enum Separation: Sendable {
    case unknown
    /// By a blank and a blank or asterisk.
    case two
    /// By one blank.
    case one
  }

  /// The line that says what `file` hashes to, with its newline.
  ///
  /// - Parameter tagged: in the form that names the algorithm.
  package static func text(_ file: HashedFile, _ algorithm: HashAlgorithm, tagged: Bool = false) -> Bytes {
    let name = file.name?.rawBytes
    // Coreutils escapes these three in lines that it writes.
    let isEscaped = name?.contains { [0x5C, 0x0A, 0x0D].contains($0) } ?? false
    let shown = isEscaped ? escaped(name!) : name
    var line = isEscaped ? Bytes("\\".utf8) : []
    if algorithm == .xxh3 {
      // xxhsum 0.8 has no other form for XXH3, since its digests look like those of XXH64.
      line += Bytes("XXH3 (".utf8) + (shown == nil || shown == Bytes("-".utf8) ? Bytes("stdin".utf8) : shown!)
      line += Bytes(") = ".utf8) + hexadecimal(file.digest)
    } else if tagged {
      line +=
        Bytes("\(algorithm.tag) (".utf8) + (shown ?? Bytes("-".utf8)) + Bytes(") = ".utf8) + hexadecimal(file.digest)
    } else {
      line += hexadecimal(file.digest) + Bytes("  ".utf8) + (shown ?? Bytes("-".utf8))
    }
    return line + [0x0A]
  }

  /// Reads a line without its newline; nil when it is not properly formatted for `algorithm`, or for the one it names.
  ///
  /// - Parameter separation: how lines before this one separated names; what this one does is remembered.
  package init?(_ line: ArraySlice<UInt8>, _ algorithm: HashAlgorithm, _ separation: inout Separation) {
    var rest = (line.last == 0x0D ? line.dropLast() : line).drop(while: Self.isBlank)
    let isEscaped = rest.first == 0x5C
    if isEscaped { rest = rest.dropFirst() }
    let name: ArraySlice<UInt8>
    if let tagged = Self.readTagged(rest) {
      (digest, self.algorithm, name) = (tagged.digest, tagged.algorithm, tagged.name)
    } else {
      guard let plain = Self.readPlain(rest, algorithm, &separation) else { return nil }
      (digest, self.algorithm, name) = (plain.digest, nil, plain.name)
    }
    guard !name.isEmpty, let plain = isEscaped ? Self.unescaped(name) : Bytes(name) else { return nil }
    self.name = FilePath(rawBytes: plain)
  }

  /// The same for a line that stands alone.
  package init?(_ line: ArraySlice<UInt8>, _ algorithm: HashAlgorithm) {
    var separation = Separation.unknown
    self.init(line, algorithm, &separation)
  }

  /// `ALGORITHM (name) = digest`, as BSD's tools write it, and `ALGORITHM(name)= digest`, as OpenSSL does.
  private static func readTagged(
    _ line: ArraySlice<UInt8>
  ) -> (digest: Bytes, algorithm: HashAlgorithm, name: ArraySlice<UInt8>)? {
    guard let algorithm = HashAlgorithm.allCases.first(where: { line.starts(with: $0.tag.utf8) }) else { return nil }
    var rest = line.dropFirst(algorithm.tag.utf8.count)
    if rest.first == 0x20 { rest = rest.dropFirst() }
    // The last parenthesis, since names may hold some.
    guard rest.first == UInt8(ascii: "("), let close = rest.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    var digits = rest[(close + 1)...].drop(while: isBlank)
    guard digits.popFirst() == UInt8(ascii: "=") else { return nil }
    digits = digits.drop(while: isBlank)
    guard digits.count == algorithm.digits, let digest = bytes(digits) else { return nil }
    return (digest, algorithm, rest[..<close].dropFirst())
  }

  /// `digest  name`, `digest *name` and `digest name`.
  private static func readPlain(
    _ line: ArraySlice<UInt8>, _ algorithm: HashAlgorithm, _ separation: inout Separation
  ) -> (digest: Bytes, name: ArraySlice<UInt8>)? {
    let digits = line.prefix(algorithm.digits)
    guard digits.count == algorithm.digits, let digest = bytes(digits) else { return nil }
    var name = line.dropFirst(algorithm.digits)
    guard name.popFirst().map(isBlank) ?? false else { return nil }
    if name.count == 1 || name.first != 0x20 && name.first != 0x2A {
      // Were both forms taken in one list, whoever can rename a file could pass it off as another one.
      guard separation != .two else { return nil }
      separation = .one
    } else if separation != .one {
      separation = .two
      name = name.dropFirst()
    }
    return (digest, name)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// A name in the report of a check: escaped, with a backslash in front, where it would break the line.
  package static func shown(_ name: FilePath) -> Bytes {
    let bytes = name.rawBytes
    return bytes.contains { $0 == 0x0A || $0 == 0x0D } ? Bytes("\\".utf8) + escaped(bytes) : bytes
  }

  /// Two lower-case digits for each byte.
  static func hexadecimal(_ digest: Bytes) -> Bytes {
    let digits = Bytes("0123456789abcdef".utf8)
    return digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  /// Bytes from pairs of hexadecimal digits; nil when something else is among them.
  private static func bytes(_ digits: ArraySlice<UInt8>) -> Bytes? {
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes = Bytes()
    var at = digits.startIndex
    while at < digits.endIndex {
      guard let high = nibble(digits[at]), let low = nibble(digits[at + 1]) else { return nil }
      bytes.append(high << 4 | low)
      at += 2
    }
    return bytes
  }

  /// Digits of either case.
  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x57
    default: nil
    }
  }

  private static func escaped(_ name: Bytes) -> Bytes {
    name.flatMap { byte -> Bytes in
      switch byte {
      case 0x5C: Bytes("\\\\".utf8)
      case 0x0A: Bytes("\\n".utf8)
      case 0x0D: Bytes("\\r".utf8)
      default: [byte]
      }
    }
  }

  /// Nil for an escape that nobody writes.
  private static func unescaped(_ name: ArraySlice<UInt8>) -> Bytes? {
    var plain = Bytes()
    var rest = name
    while let byte = rest.popFirst() {
      guard byte == 0x5C else {
        plain.append(byte)
        continue
      }
      switch rest.popFirst() {
      case 0x5C: plain.append(0x5C)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "r"): plain.append(0x0D)
      default: return nil
      }
    }
    return plain
  }
}
