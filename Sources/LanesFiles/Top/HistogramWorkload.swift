import CKernels
import LanesCore
import LanesOS

/// How often each byte occurs.
package struct HistogramPartial: MergeablePartial, Equatable {
  /// By value of the byte, 256 of them.
  package private(set) var counts = [UInt64](repeating: 0, count: 256)

  package init() {}

  /// What was counted elsewhere.
  fileprivate init(_ counts: [UInt64]) { self.counts = counts }

  /// No bytes stand for no counts, as in compacted parts.
  package init(wire bytes: Bytes) throws(WireError) {
    guard !bytes.isEmpty else { return }
    var reader = WireReader(bytes)
    for byte in 0..<256 { counts[byte] = try reader.read() }
  }

  package var wire: Bytes {
    var writer = WireWriter()
    for count in counts { writer.write(count) }
    return writer.bytes
  }

  package mutating func merge(_ next: HistogramPartial) {
    for byte in 0..<256 { counts[byte] += next.counts[byte] }
  }

  package var total: UInt64 { counts.reduce(0, +) }

  /// Shannon's entropy in bits per byte, from 0 to 8; 0 for no bytes at all.
  package var entropy: Double {
    let total = Double(total)
    // A byte that is alone has no information; without this its share of 1 would give -0.
    return counts.filter { $0 > 0 && Double($0) < total }.reduce(0) { entropy, count in
      let share = Double(count) / total
      return entropy - share * binaryLogarithm(share)
    }
  }
}

/// Counts how often each byte occurs.
package struct HistogramWorkload: Workload {
  package static let name = "files.histogram"
  package static let noun = UnitNoun.file

  package init() {}
  package init(from reader: inout WireReader) throws(WireError) {}
  package func describe(to writer: inout WireWriter) {}

  /// Counts `input`; the partial result is a `HistogramPartial`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    try HistogramPieces().perform(on: input, deadline)
  }

  package func pieces(of unit: Unit) -> (any PieceTaker)? { HistogramPieces() }
}

/// Counts the bytes of one slice.
private final class HistogramPieces: PieceTaker {
  private var counts = [UInt64](repeating: 0, count: 256)
  /// None before they are needed: making and closing them took four fifths of the time of small files.
  private var pairs: [UInt32] = []
  /// Bytes since counts of pairs were moved on.
  private var open = 0

  /// Bytes between two looks at the clock: about 0.3 ms.
  private static let stretch = 1 << 20
  /// Bytes after which counts of pairs are moved on, before 32 bits could overflow.
  private static let closing = 1 << 30

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    var at = 0
    while at < piece.byteCount {
      let end = min(at + Self.stretch, piece.byteCount)
      piece.extracting(at..<end).withUnsafeBytes { part in
        count(part.assumingMemoryBound(to: UInt8.self))
      }
      try deadline.check()
      open += end - at
      at = end
      if open >= Self.closing { close() }
    }
    return at
  }

  private func count(_ part: UnsafeBufferPointer<UInt8>) {
    if pairs.isEmpty, ckernels_histogram_takes_pairs(part.count) {
      pairs = [UInt32](repeating: 0, count: Int(ckernels_pairs))
    }
    if pairs.isEmpty {
      ckernels_histogram(part.baseAddress!, part.count, nil, &counts)
    } else {
      ckernels_histogram(part.baseAddress!, part.count, &pairs, &counts)
    }
  }

  private func close() {
    guard !pairs.isEmpty else { return }
    ckernels_histogram_close(&pairs, &counts)
    open = 0
  }

  func finish() -> Bytes {
    close()
    return HistogramPartial(counts).wire
  }
}
