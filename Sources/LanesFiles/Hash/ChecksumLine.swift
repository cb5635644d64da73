import LanesCore
import SystemPackage

/// A line of a list of checksums, as sha256sum and xxhsum write it.
///
/// Either `digest  name`, with `*` before the name for binary mode, or `ALGORITHM (name) = digest`. A backslash in front
/// says that the name has escapes: `\\`, `\n`, `\r`.
package struct ChecksumLine: Equatable {
  package let name: FilePath
  /// Most significant byte first.
  package let digest: Bytes
  /// The algorithm that the line names.
  package let algorithm: HashAlgorithm?

  /// The line that says what `file` hashes to, with its newline.
  package static func text(_ file: HashedFile, _ algorithm: HashAlgorithm) -> Bytes {
    let name = file.name?.rawBytes
    let isEscaped = name?.contains { [0x5C, 0x0A, 0x0D].contains($0) } ?? false
    let shown = isEscaped ? escaped(name!) : name
    var line = isEscaped ? Bytes("\\".utf8) : []
    if algorithm == .xxh3 {
      // xxhsum 0.8 has no other form for XXH3, since its digests look like those of XXH64.
      line += Bytes("XXH3 (".utf8) + (shown == nil || shown == Bytes("-".utf8) ? Bytes("stdin".utf8) : shown!)
      line += Bytes(") = ".utf8) + hexadecimal(file.digest)
    } else {
      line += hexadecimal(file.digest) + Bytes("  ".utf8) + (shown ?? Bytes("-".utf8))
    }
    return line + [0x0A]
  }

  /// Reads a line without its newline; nil when it is not properly formatted for `algorithm`, or for the one it names.
  package init?(_ line: ArraySlice<UInt8>, _ algorithm: HashAlgorithm) {
    var line = line.last == 0x0D ? line.dropLast() : line
    let isEscaped = line.first == 0x5C
    if isEscaped { line = line.dropFirst() }
    let name: ArraySlice<UInt8>
    if let tag = HashAlgorithm.allCases.first(where: { line.starts(with: "\($0.tag) (".utf8) }) {
      let digits = line.suffix(tag.digits)
      let rest = line.dropLast(tag.digits)
      guard let digest = Self.bytes(digits), digits.count == tag.digits, rest.suffix(4).elementsEqual(") = ".utf8)
      else {
        return nil
      }
      (self.digest, self.algorithm) = (digest, tag)
      name = rest.dropLast(4).dropFirst(tag.tag.utf8.count + 2)
    } else {
      let digits = line.prefix(algorithm.digits)
      let rest = line.dropFirst(algorithm.digits)
      guard let digest = Self.bytes(digits), digits.count == algorithm.digits, rest.count > 2,
        rest.first == 0x20, rest.dropFirst().first == 0x20 || rest.dropFirst().first == 0x2A
      else { return nil }
      (self.digest, self.algorithm) = (digest, nil)
      name = rest.dropFirst(2)
    }
    guard !name.isEmpty, let plain = isEscaped ? Self.unescaped(name) : Bytes(name) else { return nil }
    self.name = FilePath(rawBytes: plain)
  }

  /// A name in the report of a check: escaped, with a backslash in front, where it would break the line.
  package static func shown(_ name: FilePath) -> Bytes {
    let bytes = name.rawBytes
    return bytes.contains { $0 == 0x0A || $0 == 0x0D } ? Bytes("\\".utf8) + escaped(bytes) : bytes
  }

  static func hexadecimal(_ digest: Bytes) -> Bytes {
    let digits = Bytes("0123456789abcdef".utf8)
    return digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

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
