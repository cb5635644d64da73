import CKernels
import LanesCore
import LanesOS
import SystemPackage

/// The bytes that end a line.
package enum LineEnds: Sendable, Equatable {
  case newline
  /// A zero byte ends a line too, as for `grep` in binary files.
  case newlineOrZero

  /// Position of the first line end in `bytes`.
  package func first(in bytes: RawSpan) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
      let newline = ckernels_first_byte(base, buffer.count, 0x0A)
      guard self == .newlineOrZero else { return newline < 0 ? nil : newline }
      let zero = ckernels_first_byte(base, newline < 0 ? buffer.count : newline, 0)
      return zero >= 0 ? zero : newline < 0 ? nil : newline
    }
  }

  /// Newlines in `bytes`.
  static func newlines(in bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    return ckernels_count_lines(base, bytes.count)
  }

  /// Position of the last line end in `bytes`.
  package func last(in bytes: RawSpan) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard self == .newlineOrZero else { return buffer.lastIndex(of: 0x0A) }
      return buffer.lastIndex { $0 == 0x0A || $0 == 0 }
    }
  }
}

/// Finds ends of lines in a regular file.
package final class LineFinder {
  private let file: Descriptor
  private let ends: LineEnds
  private var buffer = Bytes()

  /// Most lines end within the first piece; later ones grow, so that a line of gigabytes is read at full speed.
  private static let firstPiece = 4 << 10
  private static let largestPiece = 1 << 20

  package init(opening path: FilePath, _ ends: LineEnds) throws(SystemError) {
    file = try Descriptor.reading(path)
    self.ends = ends
  }

  /// Offset of the first byte in `range` that ends a line; nil when there is none or the file ends before it. Blocks for
  /// the disk.
  package func firstLineEnd(in range: Range<Int>) throws(SystemError) -> Int? {
    var at = range.lowerBound
    var piece = Self.firstPiece
    while at < range.upperBound {
      let count = min(piece, range.upperBound - at)
      if buffer.count < count { buffer = Bytes(repeating: 0, count: count) }
      let got = try readOnce(at, count)
      guard got > 0 else { return nil }
      if let found = ends.first(in: buffer.span.bytes.extracting(0..<got)) { return at + found }
      at += got
      piece = min(piece * 4, Self.largestPiece)
    }
    return nil
  }

  private func readOnce(_ offset: Int, _ count: Int) throws(SystemError) -> Int {
    let result = buffer.withUnsafeMutableBytes { bytes in
      Result { () throws(SystemError) in
        try DescriptorIO.readOnce(
          file.number, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
      }
    }
    return try result.get()
  }
}
