import LanesCore

/// Lines, or parts of lines, that were selected in a slice, and lines around them.
package struct SelectedLines: Sendable, Equatable {
  /// What a record is.
  package enum Kind: UInt8, Sendable {
    /// A selected line or a part of it.
    case selected
    /// A line around a selected one or a part of it.
    case context
    /// What stands between two groups of lines that are apart; it has no text.
    case gap
  }

  /// What is told of each, newline included, one after the other.
  package internal(set) var text = Bytes()
  /// Where each ends in `text`; empty where they are not told apart.
  package internal(set) var ends: [UInt32] = []
  /// Lines in the slice before the one it is of, where numbers are wanted.
  package internal(set) var numbers: [UInt32] = []
  /// Which selected line of the slice each is of, from 0; empty where that is its own position.
  var ordinals: [UInt32] = []
  /// Where in the slice each line begins, or each match where only these are told; in the file once `SearchResults` has it.
  /// Empty where that is not wanted.
  package internal(set) var offsets: [UInt64] = []
  /// Where in its line each match begins, from 1, or the first of several; 0 where there is none. Empty where that is not
  /// wanted.
  package internal(set) var columns: [UInt32] = []
  /// What each is; empty where all are selected. With context a line of which nothing is told is a record without text.
  package internal(set) var kinds: [Kind] = []

  /// Keeps what is of the first `count` selected lines.
  mutating func keep(_ count: Int) {
    let kept = ordinals.isEmpty ? count : ordinals.firstIndex { $0 >= count } ?? ordinals.count
    // Here records are told apart: a limit makes `SliceSearch` note their ends.
    guard kept < ends.count else { return }
    text.removeSubrange((kept == 0 ? 0 : Int(ends[kept - 1]))...)
    ends.removeSubrange(kept...)
    if !numbers.isEmpty { numbers.removeSubrange(kept...) }
    if !ordinals.isEmpty { ordinals.removeSubrange(kept...) }
    if !offsets.isEmpty { offsets.removeSubrange(kept...) }
    if !columns.isEmpty { columns.removeSubrange(kept...) }
  }
}

/// What searching one slice found.
struct SearchPartial: Equatable {
  /// Selected lines, hidden ones included.
  var selected: UInt64 = 0
  /// Newlines, where lines are numbered.
  var newlines: UInt64 = 0
  /// Bytes of the slice.
  var bytes: UInt64 = 0
  /// Position in the slice of its first zero byte, where that makes a file binary.
  var firstZero: UInt64?
  /// Selected lines that no zero byte hides.
  var visible: UInt64 = 0
  /// Matches in selected lines, where these are counted; and in each such line, where there is a limit to them.
  var matches: UInt64 = 0
  var matchesByLine: [UInt32] = []
  var lines = SelectedLines()

  init() {}

  /// Of a slice in which there was nothing, as in most, only its size travels.
  private var holdsNothing: Bool { selected == 0 && newlines == 0 && firstZero == nil && lines.ends.isEmpty }

  /// The result of a slice of `size` bytes in which there was nothing, as `wire` gives it.
  static func wire(ofNothingIn size: UInt64) -> Bytes {
    var writer = WireWriter(capacity: 8)
    writer.write(size)
    return writer.bytes
  }

  /// The bytes of the slice where `wire` says that there was nothing in it; nil where it does not.
  static func sizeOfNothing(_ wire: Bytes) -> UInt64? {
    guard wire.count == 8 else { return nil }
    return wire.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// Just the size where nothing was found; reading tells by what is left.
  var wire: Bytes {
    if holdsNothing { return Self.wire(ofNothingIn: bytes) }
    var writer = WireWriter(capacity: 64 + lines.text.count)
    writer.write(bytes)
    writer.write(selected)
    writer.write(newlines)
    writer.write(optional: firstZero)
    writer.write(visible)
    writer.write(lines.text)
    // Read back in the same order.
    for list in [lines.ends, lines.numbers, lines.ordinals, lines.columns, matchesByLine] { writer.write(list) }
    writer.write(UInt32(lines.offsets.count))
    for offset in lines.offsets { writer.write(offset) }
    writer.write(matches)
    writer.write(lines.kinds.map(\.rawValue))
    return writer.bytes
  }

  /// Throws on bytes that end early or name an unknown kind of line.
  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    self.bytes = try reader.read()
    if reader.remaining == 0 { return }
    selected = try reader.read()
    newlines = try reader.read()
    firstZero = try reader.readOptional()
    visible = try reader.read()
    lines.text = try reader.readBytes()
    lines.ends = try reader.readNumbers()
    lines.numbers = try reader.readNumbers()
    lines.ordinals = try reader.readNumbers()
    lines.columns = try reader.readNumbers()
    matchesByLine = try reader.readNumbers()
    let offsets = Int(try reader.read(UInt32.self))
    guard reader.remaining / 8 >= offsets else { throw WireError("a description ends too early") }
    for _ in 0..<offsets { lines.offsets.append(try reader.read()) }
    matches = try reader.read()
    for raw in try reader.readBytes() {
      guard let kind = SelectedLines.Kind(rawValue: raw) else { throw WireError("an unknown kind of line") }
      lines.kinds.append(kind)
    }
  }
}

extension WireWriter {
  fileprivate mutating func write(_ numbers: [UInt32]) {
    write(UInt32(numbers.count))
    for number in numbers { write(number) }
  }
}

extension WireReader {
  fileprivate mutating func readNumbers() throws(WireError) -> [UInt32] {
    let count = Int(try read(UInt32.self))
    // Checked before memory is taken, so that a false count costs nothing.
    guard remaining / 4 >= count else { throw WireError("a description ends too early") }
    var numbers: [UInt32] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append(try read()) }
    return numbers
  }
}
