import LanesCore
import SystemPackage

/// Words as they were typed, byte for byte.
///
/// Swift's `CommandLine.arguments` replaces bytes that are not UTF-8 by U+FFFD, and a name changed that way names no file.
package enum RawArguments {
  /// The path that an argument stands for; see `bytes`.
  package static func path(_ argument: String) -> FilePath { FilePath(rawBytes: bytes(argument)) }

  /// The bytes that an argument stands for; it may be what follows ASCII in a word, as in `--name=argument`. Of several arguments that look the same after the replacement the first
  /// that was not asked for yet is meant, so ask in their order; main thread only.
  package static func bytes(_ argument: String) -> Bytes {
    guard argument.unicodeScalars.contains("\u{FFFD}") else { return Bytes(argument.utf8) }
    let candidates = arguments.compactMap { word -> Bytes? in
      let text = String(decoding: word, as: UTF8.self)
      let head = text.unicodeScalars.dropLast(argument.unicodeScalars.count)
      guard text.unicodeScalars.elementsEqual(Array(head) + argument.unicodeScalars), head.allSatisfy(\.isASCII) else {
        return nil
      }
      return Bytes(word.dropFirst(head.count))
    }
    guard let first = candidates.first else { return Bytes(argument.utf8) }
    let count = asked.withLock { asked in
      asked[argument, default: 0] += 1
      return asked[argument]!
    }
    return count <= candidates.count ? candidates[count - 1] : first
  }

  private static let asked = Monitor<[String: Int]>([:])

  private static let arguments: [Bytes] = (0..<Int(CommandLine.argc)).compactMap { index in
    CommandLine.unsafeArgv[index].map(bytes)
  }

  private static func bytes(of pointer: UnsafeMutablePointer<CChar>) -> Bytes {
    var bytes = Bytes()
    var next = pointer
    while next.pointee != 0 {
      bytes.append(UInt8(bitPattern: next.pointee))
      next += 1
    }
    return bytes
  }
}
