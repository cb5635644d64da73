import CKernels
import LanesCore

/// What `wc` counts in a run of bytes.
package struct Counts: Sendable, Equatable {
  /// Newline bytes.
  package var lines: UInt64 = 0
  /// Words as GNU wc 9.1 counts them in the C locale: runs without white space that hold a printable character.
  package var words: UInt64 = 0
  package var bytes: UInt64 = 0
  /// Valid characters in UTF-8; a byte that is part of none counts for nothing.
  package var characters: UInt64 = 0

  package init(lines: UInt64 = 0, words: UInt64 = 0, bytes: UInt64 = 0, characters: UInt64 = 0) {
    self.characters = characters
    self.lines = lines
    self.words = words
    self.bytes = bytes
  }

  package static func += (total: inout Counts, part: Counts) {
    total.lines += part.lines
    total.words += part.words
    total.bytes += part.bytes
    total.characters += part.characters
  }
}

/// The counts of one slice and what its neighbors need to know of it, so that files may be cut at any byte.
package struct CountPartial: MergeablePartial, Equatable {
  /// What decides whether the place behind it is inside a word.
  package enum Edge: UInt8, Sendable {
    /// Neither white space nor printable; it leaves the state as it was.
    case neither
    case space
    case printable
  }

  /// As if no word reached into the slice.
  package var counts = Counts()
  /// The first byte that is white space or printable.
  package var first = Edge.neither
  /// The last such byte.
  package var last = Edge.neither

  /// Up to five bytes at both ends, where characters are counted: one may reach into the next slice.
  package var head = Bytes()
  package var tail = Bytes()

  package init() {}

  /// Appends the slice that follows in the file; associative, with the empty partial as its neutral element.
  package mutating func merge(_ next: CountPartial) {
    mergeEnds(next)
    counts += next.counts
    // The word that `next` saw begin goes on from here.
    if last == .printable && next.first == .printable { counts.words -= 1 }
    if first == .neither { first = next.first }
    if next.last != .neither { last = next.last }
  }
}

extension CountPartial {
  /// Counts characters that begin in this slice and end in the next.
  private mutating func mergeEnds(_ next: CountPartial) {
    let both = tail + next.head
    for start in tail.indices {
      let length = both[start...].withUnsafeBufferPointer { ckernels_character_length($0.baseAddress, $0.count) }
      if start + Int(length) > tail.count { counts.characters += 1 }
    }
    if head.count < 5 { head += next.head.prefix(5 - head.count) }
    tail = Bytes((tail + next.tail).suffix(5))
  }

  /// Counts `bytes`; lines and words only as far as `columns` asks for them.
  package init(of bytes: RawSpan, columns: CountColumns) {
    counts.bytes = UInt64(bytes.byteCount)
    if columns.contains(.characters) { countCharacters(bytes) }
    guard columns.contains(.lines) || columns.contains(.words) else { return }
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      guard columns.contains(.words) else {
        counts.lines = ckernels_count_lines(base, buffer.count)
        return
      }
      let found = ckernels_count_words(base, buffer.count)
      counts.lines = found.lines
      counts.words = found.words
      first = Edge(rawValue: found.first)!
      last = Edge(rawValue: found.last)!
    }
  }

  private mutating func countCharacters(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      counts.characters = ckernels_count_characters(base, buffer.count)
      head = Bytes(buffer.prefix(5))
      tail = Bytes(buffer.suffix(5))
    }
  }

  /// The bytes that travel from a worker.
  package var wire: Bytes {
    var writer = WireWriter()
    writer.write(counts.lines)
    writer.write(counts.words)
    writer.write(counts.bytes)
    writer.write(first.rawValue)
    writer.write(last.rawValue)
    writer.write(counts.characters)
    writer.write(head)
    writer.write(tail)
    return writer.bytes
  }

  /// Reads what `wire` holds.
  package init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    counts = Counts(lines: try reader.read(), words: try reader.read(), bytes: try reader.read())
    guard let first = Edge(rawValue: try reader.read()), let last = Edge(rawValue: try reader.read()) else {
      throw WireError("an unknown edge of a slice")
    }
    self.first = first
    self.last = last
    counts.characters = try reader.read()
    head = try reader.readBytes()
    tail = try reader.readBytes()
  }
}
