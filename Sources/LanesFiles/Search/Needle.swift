import CKernels
import LanesCore

/// Text to search for with vector instructions.
package final class Needle: @unchecked Sendable {
  // Sendable: nothing changes after `init`.
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private let needle: ckernels_needle

  /// - Parameters:
  ///   - text: not empty.
  ///   - ignoresCase: letters of ASCII match both cases.
  package init(_ text: Bytes, ignoresCase: Bool) {
    precondition(!text.isEmpty, "there is nothing to search for")
    bytes = .allocate(capacity: text.count)
    _ = bytes.initialize(from: ignoresCase ? text.map(Self.lowered) : text)
    let rare = Self.rarest(of: bytes)
    needle = ckernels_needle(
      bytes: bytes.baseAddress, length: text.count, rare: rare, ignores_case: ignoresCase)
  }

  deinit { bytes.deallocate() }

  /// Bytes of the text.
  var count: Int { bytes.count }

  /// Position of the first occurrence in `text` that starts at `from` or after it.
  package func first(in text: UnsafeBufferPointer<UInt8>, from: Int) -> Int? {
    guard let base = text.baseAddress, from < text.count else { return nil }
    let found = withUnsafePointer(to: needle) { ckernels_find(base + from, text.count - from, $0) }
    return found < 0 ? nil : from + found
  }

  /// True when `text` holds neither this nor a zero byte.
  package func isAbsent(in text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = text.baseAddress else { return true }
    return withUnsafePointer(to: needle) { ckernels_absent(base, text.count, $0) }
  }

  /// Upper-case letters of ASCII in lower case.
  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  /// Positions of the two bytes that are rarest in text.
  private static func rarest(of text: UnsafeMutableBufferPointer<UInt8>) -> (Int, Int) {
    // Of equally frequent bytes the first, so that the choice does not change from run to run.
    let order = text.indices.sorted { (frequency(text[$0]), $0) < (frequency(text[$1]), $1) }
    guard order.count > 1 else { return (0, 0) }
    return (order[0], order[1])
  }

  /// Bytes of text from the most frequent on, as in English prose, source code and logs taken together.
  private static let common = Bytes(
    " etaoinsrhldcumfpgwybv,.kx\n0123456789-_/:=()\"'jqz;<>ETAOINSRHLDCUMFPGWYBVKXJQZ".utf8)

  /// A rank, larger for more frequent bytes; only the order counts.
  private static func frequency(_ byte: UInt8) -> Int { common.firstIndex(of: byte).map { common.count - $0 } ?? 0 }
}
