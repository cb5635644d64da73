import CLinux
import Glibc
import LanesCore
import Synchronization
import SystemPackage

/// Words as they were typed, byte for byte.
///
/// Swift's `CommandLine.arguments` replaces bytes that are not UTF-8 by U+FFFD, and a name changed that way names no file. It
/// also holds no words at all where /proc/self/maps cannot be read.
package enum RawArguments {
  /// All words, the program's name among them, byte for byte.
  package static var typed: [Bytes] { arguments }

  /// All words, the program's name among them, as text.
  package static var words: [String] { arguments.map { String(decoding: $0, as: UTF8.self) } }

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

  /// Takes `words` for what was typed from here on: the command that a plan holds is carried out as it was typed then.
  package static func adopt(_ words: [Bytes]) {
    adopted.withLock { $0 = words }
    hasAdopted.store(true, ordering: .releasing)
    asked.withLock { $0 = [:] }
  }

  private static let adopted = Monitor<[Bytes]?>(nil)

  /// True once `adopted` holds words. Most runs adopt none, and making that value is a part of starting.
  private static let hasAdopted = Atomic(false)

  private static var arguments: [Bytes] {
    // Acquiring: whoever sees true sees the words.
    hasAdopted.load(ordering: .acquiring) ? adopted.withLock { $0 } ?? own : own
  }

  private static let own: [Bytes] = (0..<clinux_argument_count()).map { index in
    let word = clinux_argument(index)!
    return Bytes(UnsafeRawBufferPointer(start: word, count: strlen(word)))
  }
}
