import CKernels
import LanesCore

/// A text, or several of which any will do, to search for with vector instructions.
package final class Needle: @unchecked Sendable {
  // Sendable: nothing changes after `init`.
  /// The texts, one after the other.
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private let kind: Kind
  /// Bytes of the text; of several the first one's.
  let count: Int

  private enum Kind {
    case one(ckernels_needle)
    case several(UnsafeMutablePointer<ckernels_texts>, UnsafeMutableBufferPointer<ckernels_text>)
  }

  /// More texts than these fit too often for looking at fingerprints first to gain anything.
  private static let mostTexts = 64
  /// Texts are told apart by this many bits at first.
  private static let buckets = 8

  /// - Parameters:
  ///   - text: not empty.
  ///   - ignoresCase: letters of ASCII match both cases.
  package convenience init(_ text: Bytes, ignoresCase: Bool) {
    precondition(!text.isEmpty, "there is nothing to search for")
    self.init(anyOf: [text], ignoresCase: ignoresCase)!
  }

  /// Nil without texts, with an empty one, and with too many.
  package init?(anyOf texts: [Bytes], ignoresCase: Bool) {
    guard !texts.isEmpty, texts.count <= Self.mostTexts, texts.allSatisfy({ !$0.isEmpty }) else { return nil }
    let comparable = ignoresCase ? texts.map { $0.map(Self.lowered) } : texts
    bytes = .allocate(capacity: comparable.reduce(0) { $0 + $1.count })
    count = comparable[0].count
    guard comparable.count > 1 else {
      _ = bytes.initialize(from: comparable[0])
      kind = .one(
        ckernels_needle(
          bytes: bytes.baseAddress, length: bytes.count, rare: Self.rarest(of: comparable[0]), ignores_case: ignoresCase
        ))
      return
    }
    // No fingerprint is longer than the shortest text.
    let width = min(3, comparable.map(\.count).min()!)
    // Texts with the same fingerprint, or nearly so, share a bucket.
    let all = comparable.map { (text: $0, window: Self.window(of: $0, width)) }.sorted {
      $0.text[$0.window..<$0.window + width].lexicographicallyPrecedes($1.text[$1.window..<$1.window + width])
    }
    let table = UnsafeMutableBufferPointer<ckernels_text>.allocate(capacity: all.count)
    let made = UnsafeMutablePointer<ckernels_texts>.allocate(capacity: 1)
    made.initialize(to: ckernels_texts())
    made.pointee.texts = UnsafePointer(table.baseAddress)
    made.pointee.width = UInt32(width)
    made.pointee.ignores_case = ignoresCase
    var at = 0
    for (index, (text, window)) in all.enumerated() {
      let start = bytes.baseAddress! + at
      _ = UnsafeMutableBufferPointer(start: start, count: text.count).initialize(from: text)
      table.initializeElement(
        at: index, to: ckernels_text(bytes: start, length: UInt32(text.count), window: UInt32(window)))
      at += text.count
    }
    let ends = (0...Self.buckets).map { UInt32($0 * all.count / Self.buckets) }
    withUnsafeMutableBytes(of: &made.pointee.buckets) { $0.copyBytes(from: ends.withUnsafeBytes(Array.init)) }
    for bucket in 0..<Self.buckets {
      for (text, window) in all[Int(ends[bucket])..<Int(ends[bucket + 1])] {
        for place in 0..<width { Self.note(text[window + place], ignoresCase, at: place, bucket, made) }
      }
    }
    kind = .several(made, table)
  }

  deinit {
    bytes.deallocate()
    guard case .several(let texts, let table) = kind else { return }
    texts.deallocate()
    table.deallocate()
  }

  /// Where the first occurrence is in `text` that starts at `from` or after it: its position, or of several texts a position
  /// in it.
  package func first(in text: UnsafeBufferPointer<UInt8>, from: Int) -> Int? {
    guard let base = text.baseAddress, from < text.count else { return nil }
    let found =
      switch kind {
      case .one(let needle): withUnsafePointer(to: needle) { ckernels_find(base + from, text.count - from, $0) }
      case .several(let texts, _): ckernels_find_texts(base + from, text.count - from, texts)
      }
    return found < 0 ? nil : from + found
  }

  /// Writes where all occurrences are, rising, as `first` would tell them, and returns how many; `places.count` where there
  /// are as many or more. Nil where a zero byte was met on the way.
  package func places(in text: UnsafeBufferPointer<UInt8>, _ places: UnsafeMutableBufferPointer<Int>) -> Int? {
    guard let base = text.baseAddress, let room = places.baseAddress else { return 0 }
    let count =
      switch kind {
      case .one(let needle):
        withUnsafePointer(to: needle) { ckernels_places(base, text.count, $0, room, places.count) }
      case .several(let texts, _): ckernels_places_texts(base, text.count, texts, room, places.count)
      }
    return count < 0 ? nil : count
  }

  /// True when `text` holds neither this nor a zero byte.
  package func isAbsent(in text: UnsafeBufferPointer<UInt8>) -> Bool {
    var place = 0
    return withUnsafeMutablePointer(to: &place) {
      places(in: text, UnsafeMutableBufferPointer(start: $0, count: 1)) == 0
    }
  }

  // MARK: Fingerprints

  /// Notes in the tables that a text of `bucket` has `byte` at a place of its fingerprint.
  private static func note(
    _ byte: UInt8, _ ignoresCase: Bool, at place: Int, _ bucket: Int, _ texts: UnsafeMutablePointer<ckernels_texts>
  ) {
    let cases = ignoresCase && (0x61...0x7A).contains(byte) ? [byte, byte ^ 0x20] : [byte]
    for byte in cases {
      // Each table of 16 stands four times.
      for copy in 0..<4 {
        let start = place * 64 + copy * 16
        withUnsafeMutableBytes(of: &texts.pointee.low) { $0[start + Int(byte & 15)] |= 1 << bucket }
        withUnsafeMutableBytes(of: &texts.pointee.high) { $0[start + Int(byte >> 4)] |= 1 << bucket }
      }
    }
  }

  /// Where the rarest `width` bytes in a row begin.
  private static func window(of text: Bytes, _ width: Int) -> Int {
    (0...text.count - width).min { one, other in
      let sums = [one, other].map { start in text[start..<start + width].reduce(0) { $0 + frequency($1) } }
      return sums[0] < sums[1]
    }!
  }

  /// Upper-case letters of ASCII in lower case.
  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  /// Positions of the two bytes that are rarest in text.
  private static func rarest(of text: Bytes) -> (Int, Int) {
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
