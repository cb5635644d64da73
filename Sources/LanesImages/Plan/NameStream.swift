import LanesCore
import LanesOS
import SystemPackage

/// Names of files in a list: one after the other as they arrive through a pipe, or all at once.
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
  /// Bytes of the list so far.
  private var received = 0

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
      // A device that never ends, or a binary file, would be collected forever.
      guard buffer.count - start <= Self.longestName else {
        return .failed(
          reason:
            "it holds a name of more than \(Self.longestName) bytes; names end with a newline, or with NUL after -0")
      }
      // Once per piece of the list, not once per name: removing moves what is left.
      buffer.removeFirst(start)
      start = 0
      do {
        switch try reader.read(into: &buffer, atMost: Self.piece) {
        case .bytes(let count): received += count
        case .notReady: return .notReady
        case .end: isAtEnd = true
        }
      } catch {
        return .failed(reason: error.reason)
      }
    }
  }

  /// All names that are still to come; waits for them.
  ///
  /// - Parameter budget: bytes that the list may have.
  package func rest(budget: Int) throws(UnitFailure) -> [FilePath] {
    var names: [FilePath] = []
    while true {
      guard received <= budget else { throw .tooLarge(received, budget: budget) }
      switch next() {
      case .name(let name): names.append(name)
      case .notReady: try wait()
      case .end: return names
      case .failed(let reason): throw UnitFailure(.input, reason)
      }
    }
  }

  private func wait() throws(UnitFailure) {
    do { try reader.wait() } catch { throw UnitFailure(.input, error.reason) }
  }

  /// The last name need not be ended by a separator.
  private func last() -> Step {
    guard start < buffer.count else { return .end }
    defer { start = buffer.count }
    return .name(FilePath(rawBytes: buffer[start...]))
  }
}
