import LanesCore
import LanesOS
import SystemPackage

/// Names of files that arrive through a pipe, one after the other, without waiting for the end of the list.
package final class NameStream {
  package enum Step {
    case name(FilePath)
    /// Nothing yet; the descriptor becomes readable when there is.
    case notReady
    case end
    case failed(reason: String)
  }

  private static let piece = 65536
  /// Linux takes no longer path (PATH_MAX, limits.h), so what goes on without a separator is no list of names.
  private static let longestName = 4096

  /// What messages call the list.
  package let label: String
  private let reader: ReadyReader
  private let separator: UInt8
  private var buffer: Bytes = []
  private var start = 0
  private var isAtEnd = false

  /// - Parameter nulSeparated: names end with NUL and may hold newlines.
  package init(_ reader: ReadyReader, label: String, nulSeparated: Bool) {
    self.reader = reader
    self.label = label
    separator = nulSeparated ? 0 : 0x0A
  }

  package var descriptor: Int32 { reader.descriptor }

  /// The next name that is not empty.
  package func next() -> Step {
    while true {
      if let end = buffer[start...].firstIndex(of: separator) {
        defer { start = end + 1 }
        if end > start { return .name(FilePath(rawBytes: buffer[start..<end])) }
        continue
      }
      if isAtEnd { return last() }
      guard buffer.count - start <= Self.longestName else {
        return .failed(
          reason:
            "it holds a name of more than \(Self.longestName) bytes; names end with a newline, or with NUL after -0")
      }
      buffer.removeFirst(start)
      start = 0
      do {
        switch try reader.read(into: &buffer, atMost: Self.piece) {
        case .bytes: continue
        case .notReady: return .notReady
        case .end: isAtEnd = true
        }
      } catch {
        return .failed(reason: error.reason)
      }
    }
  }

  /// The last name need not be ended by a separator.
  private func last() -> Step {
    guard start < buffer.count else { return .end }
    defer { start = buffer.count }
    return .name(FilePath(rawBytes: buffer[start...]))
  }
}
