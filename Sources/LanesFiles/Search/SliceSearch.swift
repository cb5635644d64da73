import CKernels
import LanesCore

/// Searches one slice, piece by piece.
///
/// Each piece is looked at several times, for zero bytes, matches and newlines, and stays in the processor's cache meanwhile.
final class SliceSearch {
  private typealias Text = LineSearcher.Text

  private let options: SearchOptions
  private let searcher: LineSearcher
  /// Text without which no line is selected.
  private let needle: Needle?
  private(set) var partial = SearchPartial()
  /// Where lines that a zero byte hides begin in the slice.
  private var hiddenFrom = Int.max
  /// Up to where newlines have been counted, in the slice.
  private var countedTo = 0
  private let level = ckernels_best_level()

  /// Bytes of a piece: they stay in a usual L1 cache between two looks.
  private static let pieceBytes = 32 << 10

  init(_ program: SearchProgram) throws(UnitFailure) {
    options = program.options
    needle = program.text ?? program.required
    searcher = try LineSearcher(program)
  }

  /// Nothing more of this slice can change what is told.
  private var isOver: Bool {
    if let limit = options.limit, partial.selected >= limit { return true }
    return switch options.report {
    case .names: partial.selected > 0
    case .lines: partial.selected > partial.visible
    case .counts: false
    }
  }

  func run(_ slice: UnsafeBufferPointer<UInt8>, _ checkpoint: Checkpoint) throws(UnitFailure) {
    partial.bytes = UInt64(slice.count)
    var start = 0
    while start < slice.count, !isOver {
      let soonest = min(start + Self.pieceBytes, slice.count)
      let end = min(LineSearcher.lineEnd(in: slice, from: soonest - 1) + 1, slice.count)
      try search(slice, start..<end)
      try checkpoint.pass()
      start = end
    }
    if options.numbersLines, !isOver { countNewlines(slice, to: slice.count) }
  }

  private func search(_ slice: Text, _ piece: Range<Int>) throws(UnitFailure) {
    let text = Text(rebasing: slice[piece])
    // One pass settles most pieces when the text is rare: without a zero byte or the text nothing happens in them.
    if !options.isInverted, !options.isText, let needle, needle.isAbsent(in: text) { return }
    guard !options.isText, let zero = Self.firstZero(in: text) else { return try search(text, in: slice, piece) }
    if partial.firstZero == nil {
      partial.firstZero = UInt64(piece.lowerBound + zero)
      hiddenFrom = piece.lowerBound + LineSearcher.line(around: zero, in: text).lowerBound
    }
    // A zero byte ends a line too: a copy has newlines in their place.
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
    defer { copy.deallocate() }
    for index in text.indices { copy[index] = text[index] == 0 ? 0x0A : text[index] }
    try search(Text(copy), in: slice, piece)
  }

  private static func firstZero(in text: Text) -> Int? {
    let found = ckernels_first_byte(text.baseAddress, text.count, 0)
    return found < 0 ? nil : found
  }

  /// - Parameters:
  ///   - text: the lines of `piece`, zero bytes replaced.
  ///   - slice: where they come from.
  private func search(_ text: Text, in slice: Text, _ piece: Range<Int>) throws(UnitFailure) {
    // The newline behind the last line would begin another, empty one.
    let lines = text.last == 0x0A ? Text(rebasing: text.dropLast()) : text
    var at = 0
    while at <= lines.count, !isOver {
      let match = try searcher.firstLine(in: lines, from: at)
      if options.isInverted {
        try selectAll(from: at, to: match?.lowerBound ?? lines.count + 1, of: lines, slice, piece.lowerBound)
      } else if let match {
        try select(match, of: lines, slice, piece.lowerBound)
      }
      guard let match else { return }
      at = match.upperBound + 1
    }
  }

  /// Selects the lines that start between two starts of lines.
  private func selectAll(
    from start: Int, to end: Int, of lines: Text, _ slice: Text, _ base: Int
  ) throws(UnitFailure) {
    if options.report == .counts, options.limit == nil {
      let run = Text(rebasing: lines[start..<min(end, lines.count)])
      if let bytes = run.baseAddress { partial.selected += ckernels_count_lines(bytes, run.count, level) }
      if end > lines.count { partial.selected += 1 }
      return
    }
    var at = start
    while at < end, !isOver {
      let line = at..<LineSearcher.lineEnd(in: lines, from: at)
      try select(line, of: lines, slice, base)
      at = line.upperBound + 1
    }
  }

  /// Takes one line.
  ///
  /// - Parameter base: where `lines` starts in the slice.
  private func select(_ line: Range<Int>, of lines: Text, _ slice: Text, _ base: Int) throws(UnitFailure) {
    defer { partial.selected += 1 }
    guard options.report == .lines else { return }
    guard base + line.lowerBound < hiddenFrom else { return }
    partial.visible += 1
    if options.numbersLines { countNewlines(slice, to: base + line.lowerBound) }
    let text = Text(rebasing: lines[line])
    guard options.onlyMatching || options.marksMatches else {
      partial.lines.text.append(contentsOf: text)
      return endRecord()
    }
    var told = 0
    try forEachMatch(in: text) { match in
      if !options.onlyMatching { partial.lines.text.append(contentsOf: text[told..<match.lowerBound]) }
      tellMarked(text[match])
      if options.onlyMatching { endRecord() }
      told = match.upperBound
    }
    guard !options.onlyMatching else { return }
    partial.lines.text.append(contentsOf: text[told...])
    endRecord()
  }

  /// Calls `body` with the matches in one line that are not empty; there are none of interest in lines that do not match.
  private func forEachMatch(in line: Text, _ body: (Range<Int>) -> Void) throws(UnitFailure) {
    guard !options.isInverted else { return }
    var at = 0
    while at <= line.count, let match = try searcher.firstMatch(inLine: line, from: at) {
      if !match.isEmpty { body(match) }
      at = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
  }

  /// Colour on and off, as grep writes them.
  private static let mark = (Bytes("\u{1B}[01;31m\u{1B}[K".utf8), Bytes("\u{1B}[m\u{1B}[K".utf8))

  private func tellMarked(_ match: Slice<Text>) {
    if options.marksMatches { partial.lines.text += Self.mark.0 }
    partial.lines.text.append(contentsOf: match)
    if options.marksMatches { partial.lines.text += Self.mark.1 }
  }

  private func endRecord() {
    partial.lines.text.append(0x0A)
    guard options.separatesLines || options.numbersLines || options.limit != nil else { return }
    partial.lines.ends.append(UInt32(partial.lines.text.count))
    if options.numbersLines { partial.lines.numbers.append(UInt32(partial.newlines)) }
    if options.onlyMatching { partial.lines.ordinals.append(UInt32(partial.selected)) }
  }

  private func countNewlines(_ slice: Text, to end: Int) {
    guard let base = slice.baseAddress, end > countedTo else { return }
    partial.newlines += ckernels_count_lines(base + countedTo, end - countedTo, level)
    countedTo = end
  }
}
