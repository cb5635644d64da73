import SystemPackage

/// How several files lie in one input: one behind the other, and after all of them the length of each as eight bytes, the
/// lowest first. Engines write it, since only they know how long a file was when it was read; workloads read it.
package enum JoinedFiles {
  private static let width = 8

  /// Bytes that stand behind `count` files.
  package static func trailerLength(_ count: Int) -> Int { count * width }

  /// What stands behind files of `lengths`.
  package static func trailer(_ lengths: [Int]) -> Bytes {
    lengths.flatMap { length in (0..<width).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } }
  }

  /// Where each of `count` files lies in `input`; nil for an input that was not made so.
  package static func ranges(in input: UnsafeRawBufferPointer, count: Int) -> [Range<Int>]? {
    let end = input.count - trailerLength(count)
    guard end >= 0 else { return nil }
    var (ranges, start): ([Range<Int>], Int) = ([], 0)
    for file in 0..<count {
      let at = end + file * width
      let length = (0..<width).reversed().reduce(0) { $0 << 8 | Int(input[at + $1]) }
      guard length >= 0, length <= end - start else { return nil }
      ranges.append(start..<start + length)
      start += length
    }
    return start == end ? ranges : nil
  }
}

extension UnitFailure {
  /// The failure of a file that the unit is not called by.
  package func naming(_ path: FilePath) -> UnitFailure {
    UnitFailure(kind, "\(path.forDisplay): \(reason)", haltsBatch: haltsBatch)
  }
}
