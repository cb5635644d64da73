import CKernels
import LanesCore
import LanesOS

/// Searches one slice, which it gets as a whole or, without context, in parts that are whole lines.
///
/// What it gets is gone through piece by piece. Each piece is looked at several times, for zero bytes, matches and newlines,
/// and stays in the processor's cache meanwhile. `slice` stands for the part in hand, and places in it count from its start.
///
/// With context the partial result holds every line that may have to be told: those around selected lines of this
/// slice, and the first and the last lines of it, which may be around selected lines of its neighbors. `ContextLines`
/// leaves out the others.
final class SliceSearch {
  typealias Text = LineSearcher.Text

  /// Which part of its file a slice is.
  struct Part: Equatable {
    var isFirst: Bool
    var isLast: Bool
    /// A slice that has no neighbors, or whose neighbors do not matter.
    static let whole = Part(isFirst: true, isLast: true)
  }

  private let options: SearchOptions
  private let part: Part
  private let searcher: LineSearcher
  /// Text without which no line is selected.
  private let needle: Needle?
  /// True when lines with that text are selected by what is around it, place by place.
  private let isTextAlone: Bool
  /// Where the text is in a piece.
  private var places: [Int]
  private(set) var partial = SearchPartial()
  /// Bytes of the slice ahead of the part in hand.
  private var base = 0
  /// Where lines that a zero byte hides begin in the part.
  private var hiddenFrom = Int.max
  /// Up to where newlines have been counted, in the part.
  private var countedTo = 0
  /// With context: where the line after the last recorded one begins, in the slice.
  private var recordedTo = 0
  /// With context: how many lines from `recordedTo` on are to be recorded whatever they are.
  private var owedLines = 0

  /// Bytes of a piece: they stay in a usual L1 cache between two looks.
  private static let pieceBytes = 32 << 10
  /// Places that are noted at most; in a piece with more there is little between them to be passed over.
  private static let mostPlaces = 512

  init(_ program: SearchProgram, _ part: Part = .whole) throws(UnitFailure) {
    options = program.options
    self.part = part
    needle = program.text ?? program.required
    isTextAlone = program.text != nil
    places = needle == nil ? [] : Array(repeating: 0, count: Self.mostPlaces)
    searcher = try LineSearcher(program)
    if let context = options.context, !part.isFirst { owedLines = context.after }
  }

  /// Nothing more of this slice can change what is told, but for lines after the last selected one.
  private var isOver: Bool {
    if let limit = options.limit, partial.selected >= limit { return true }
    return switch options.report {
    case .names, .namesWithout, .nothing: partial.selected > 0
    case .lines: partial.selected > partial.visible
    case .counts: false
    }
  }

  /// Searches `slice`, which is whole lines and all or, without context, the next part of it; what was found so far is in
  /// `partial` afterwards.
  func run(_ slice: Text, _ deadline: Deadline) throws(UnitFailure) {
    base = Int(partial.bytes)
    partial.bytes += UInt64(slice.count)
    (hiddenFrom, countedTo) = (partial.firstZero == nil ? .max : 0, 0)
    var start = 0
    while start < slice.count, !isOver {
      // A piece ends with the line that reaches its size, so that no line is cut.
      let soonest = min(start + Self.pieceBytes, slice.count)
      let end = min(LineSearcher.lineEnd(in: slice, from: soonest - 1) + 1, slice.count)
      try search(slice, start..<end)
      try deadline.check()
      start = end
    }
    // What was not searched may still hold a zero byte that hides lines which were told.
    if isOver, options.report == .lines { findZero(slice, from: start) }
    if let context = options.context {
      try recordContext(slice, before: slice.count, lines: part.isLast || isOver ? 0 : context.before)
      countNewlines(slice, to: slice.count)
    } else if options.numbersLines {
      // Also when the search is over, so that the number does not depend on how the slice came.
      countNewlines(slice, to: slice.count)
    }
  }

  /// Searches the lines of one piece.
  private func search(_ slice: Text, _ piece: Range<Int>) throws(UnitFailure) {
    let text = Text(rebasing: slice[piece])
    // One pass finds the text and zero bytes; most pieces hold neither, and no other pass is needed without zero bytes.
    if !options.isInverted, !options.isText, let needle {
      let count = places.withUnsafeMutableBufferPointer { needle.places(in: text, $0) }
      if let count, count < Self.mostPlaces { return try select(count, in: text, slice, piece.lowerBound) }
    }
    guard !options.isText, let zero = Self.firstZero(in: text) else { return try search(text, in: slice, piece) }
    found(zero: piece.lowerBound + zero, slice)
    // A zero byte ends a line too: a copy has newlines in their place.
    let memory = HeapStorage()
    try memory.grow(to: text.count, keeping: 0)
    let copy = UnsafeMutableRawBufferPointer(start: memory.base, count: text.count).bindMemory(to: UInt8.self)
    for index in text.indices { copy[index] = text[index] == 0 ? 0x0A : text[index] }
    try search(Text(copy), in: slice, piece)
  }

  /// Position of the first zero byte.
  private static func firstZero(in text: Text) -> Int? {
    let found = ckernels_first_byte(text.baseAddress, text.count, 0)
    return found < 0 ? nil : found
  }

  /// Notes the first zero byte of the slice. The line that holds it, and all after it, are hidden.
  private func found(zero: Int, _ slice: Text) {
    // Where no line is told it changes nothing, and would depend on how the slice came.
    guard options.report == .lines, partial.firstZero == nil else { return }
    partial.firstZero = UInt64(base + zero)
    hiddenFrom = LineSearcher.line(around: zero, in: slice).lowerBound
  }

  /// Looks for a zero byte after what was searched: one among the first bytes of a file makes the whole file binary,
  /// and one in the lines after the last selected one ends them.
  private func findZero(_ slice: Text, from start: Int) {
    guard !options.isText, partial.firstZero == nil, start < slice.count else { return }
    var end = min(max(start, SearchResults.headBytes - base), slice.count)
    var owed = options.context == nil ? 0 : owedLines
    var line = recordedTo
    while owed > 0, line < slice.count {
      line = LineSearcher.lineEnd(in: slice, from: line) + 1
      owed -= 1
    }
    end = max(end, min(line, slice.count))
    if start < end, let zero = Self.firstZero(in: Text(rebasing: slice[start..<end])) {
      found(zero: start + zero, slice)
    }
  }

  /// - Parameters:
  ///   - text: the lines of `piece`, zero bytes replaced.
  ///   - slice: where they come from.
  private func search(_ text: Text, in slice: Text, _ piece: Range<Int>) throws(UnitFailure) {
    // The newline at the end would begin another, empty line.
    let lines = text.last == 0x0A ? Text(rebasing: text.dropLast()) : text
    searcher.begin()
    var at = 0
    while at <= lines.count, !isOver {
      let match = try searcher.firstLine(in: lines, from: at)
      if options.isInverted {
        try selectAll(from: at, to: match?.lowerBound ?? lines.count + 1, of: lines, slice, piece.lowerBound)
      } else if let match {
        // The copy without zero bytes lies like the piece, so places in it hold for the slice.
        try select(match.lowerBound + piece.lowerBound..<match.upperBound + piece.lowerBound, slice)
      }
      guard let match else { return }
      at = match.upperBound + 1
    }
  }

  /// Selects the lines of a piece that match, by the first `count` places that were noted in it.
  ///
  /// - Parameter base: where the piece starts in the slice.
  private func select(_ count: Int, in text: Text, _ slice: Text, _ base: Int) throws(UnitFailure) {
    var at = 0
    var next = 0
    while next < count, !isOver {
      let place = places[next]
      next += 1
      // In a line that was decided already.
      if place < at { continue }
      let line = LineSearcher.line(around: place, in: text)
      let isSelected = try searcher.matches(line, by: place, in: text)
      if isSelected { try select(line.lowerBound + base..<line.upperBound + base, slice) }
      if isSelected || !isTextAlone { at = line.upperBound + 1 }
    }
  }

  /// Selects the lines that start between two starts of lines.
  ///
  /// - Parameter base: where `lines` starts in the slice.
  private func selectAll(
    from start: Int, to end: Int, of lines: Text, _ slice: Text, _ base: Int
  ) throws(UnitFailure) {
    // Lines that are only counted need no look at each: their newlines are their number.
    if options.report == .counts, options.limit == nil {
      let run = Text(rebasing: lines[start..<min(end, lines.count)])
      if let bytes = run.baseAddress { partial.selected += ckernels_count_lines(bytes, run.count) }
      // The last line's newline was left out.
      if end > lines.count { partial.selected += 1 }
      return
    }
    var at = start
    while at < end, !isOver {
      let lineEnd = LineSearcher.lineEnd(in: lines, from: at)
      try select(base + at..<base + lineEnd, slice)
      at = lineEnd + 1
    }
  }

  /// Takes one line of the slice.
  private func select(_ line: Range<Int>, _ slice: Text) throws(UnitFailure) {
    defer { partial.selected += 1 }
    guard options.report == .lines, line.lowerBound < hiddenFrom else { return }
    partial.visible += 1
    if let context = options.context {
      try recordContext(slice, before: line.lowerBound, lines: context.before)
      owedLines = context.after
      recordedTo = line.upperBound + 1
    }
    try record(line, .selected, slice)
  }

  // MARK: Records

  /// Records lines that are owed after the last selected one, and `count` lines ahead of `end`, where a line starts.
  private func recordContext(_ slice: Text, before end: Int, lines count: Int) throws(UnitFailure) {
    let end = min(end, hiddenFrom)
    while owedLines > 0, recordedTo < end {
      try recordNextLine(slice)
      owedLines -= 1
    }
    var start = end
    var left = count
    while left > 0, start > recordedTo {
      // The line that the newline ahead of `start` ends, or the slice where it ends in the middle of the last line.
      start = LineSearcher.line(around: start - 1, in: slice).lowerBound
      left -= 1
    }
    // Lines between what is owed and what is ahead are left out.
    if start > recordedTo { recordedTo = start }
    while recordedTo < end { try recordNextLine(slice) }
  }

  /// Records the line at `recordedTo` as one around a selected line.
  private func recordNextLine(_ slice: Text) throws(UnitFailure) {
    let line = recordedTo..<LineSearcher.lineEnd(in: slice, from: recordedTo)
    try record(line, .context, slice)
    recordedTo = line.upperBound + 1
  }

  private func record(_ line: Range<Int>, _ kind: SelectedLines.Kind, _ slice: Text) throws(UnitFailure) {
    if options.countsLines { countNewlines(slice, to: line.lowerBound) }
    let text = Text(rebasing: slice[line])
    // There are matches to be shown in selected lines, and in lines around them where those are selected that do not
    // match.
    let mayMatch = (kind == .selected) != options.isInverted
    guard options.onlyMatching || options.marksMatches && mayMatch else {
      partial.lines.text.append(contentsOf: text)
      partial.lines.text.append(0x0A)
      return endRecord(kind)
    }
    guard options.onlyMatching else { return try recordMarked(text, kind) }
    // With -o each match is a record of its own, and a line without one is a record without text.
    let before = partial.lines.ends.count
    if mayMatch {
      try forEachMatch(in: text) { match in
        tellMarked(text[match])
        partial.lines.text.append(0x0A)
        endRecord(kind)
      }
    }
    if options.context != nil, partial.lines.ends.count == before { endRecord(kind) }
  }

  /// Records a whole line with its matches between escape sequences.
  private func recordMarked(_ text: Text, _ kind: SelectedLines.Kind) throws(UnitFailure) {
    var told = 0
    try forEachMatch(in: text) { match in
      partial.lines.text.append(contentsOf: text[told..<match.lowerBound])
      tellMarked(text[match])
      told = match.upperBound
    }
    partial.lines.text.append(contentsOf: text[told...])
    partial.lines.text.append(0x0A)
    endRecord(kind)
  }

  /// Calls `body` with the matches in one line that are not empty.
  private func forEachMatch(in line: Text, _ body: (Range<Int>) -> Void) throws(UnitFailure) {
    var at = 0
    while at <= line.count, let match = try searcher.firstMatch(inLine: line, from: at) {
      if !match.isEmpty { body(match) }
      // An empty match must not be found again for ever.
      at = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
  }

  /// Color on and off, as grep writes them.
  static let mark = (Bytes("\u{1B}[01;31m\u{1B}[K".utf8), Bytes("\u{1B}[m\u{1B}[K".utf8))

  private func tellMarked(_ match: Slice<Text>) {
    if options.marksMatches { partial.lines.text += Self.mark.0 }
    partial.lines.text.append(contentsOf: match)
    if options.marksMatches { partial.lines.text += Self.mark.1 }
  }

  /// Notes where a record ends and what it is, as far as somebody asks: plain text needs none of it.
  private func endRecord(_ kind: SelectedLines.Kind) {
    guard options.separatesLines || options.countsLines || options.limit != nil else { return }
    partial.lines.ends.append(UInt32(partial.lines.text.count))
    if options.countsLines { partial.lines.numbers.append(UInt32(partial.newlines)) }
    if options.context != nil { partial.lines.kinds.append(kind) }
    if options.onlyMatching { partial.lines.ordinals.append(UInt32(partial.selected)) }
  }

  /// Adds the newlines up to `end`, each once.
  private func countNewlines(_ slice: Text, to end: Int) {
    guard let base = slice.baseAddress, end > countedTo else { return }
    partial.newlines += ckernels_count_lines(base + countedTo, end - countedTo)
    countedTo = end
  }
}
