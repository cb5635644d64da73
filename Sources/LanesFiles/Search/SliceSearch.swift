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
  /// Bytes of a piece that is mostly looked at once: finding where it ends took 6 % of a search by pieces of 32 KiB.
  private static let onePassBytes = 128 << 10
  /// Places that are noted at most; in a piece with more there is little between them to be passed over.
  private static let mostPlaces = 2048

  init(_ program: SearchProgram, _ part: Part = .whole) throws(UnitFailure) {
    options = program.options
    self.part = part
    needle = program.text ?? program.required
    isTextAlone = program.text != nil
    places = needle == nil ? [] : Array(repeating: 0, count: Self.mostPlaces)
    searcher = try LineSearcher(program)
    if let context = options.context, !part.isFirst { owedLines = context.after }
  }

  private var findsPlaces: Bool { needle != nil && !options.isInverted && !options.isText }

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
      let soonest = min(start + (findsPlaces ? Self.onePassBytes : Self.pieceBytes), slice.count)
      let end = min(LineSearcher.lineEnd(in: slice, from: soonest - 1) + 1, slice.count)
      try search(slice, start..<end)
      try deadline.check()
      start = end
    }
    // What was not searched may still hold a zero byte that hides lines which were told.
    if isOver, options.report == .lines || options.skipsBinary { findZero(slice, from: start) }
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
    if findsPlaces, let needle {
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
    // Where no line is told and no file passed over it changes nothing, and would depend on how the slice came.
    guard options.report == .lines || options.skipsBinary, partial.firstZero == nil else { return }
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
    if options.report == .counts, options.limit == nil, !options.skipsBinary, !options.countsMatches {
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
    // What a zero byte hides is not there where binary files are passed over.
    if options.skipsBinary, line.lowerBound >= hiddenFrom { return }
    defer { partial.selected += 1 }
    if options.countsMatches { try countMatches(Text(rebasing: slice[line])) }
    guard options.report == .lines, line.lowerBound < hiddenFrom else { return }
    partial.visible += 1
    if let context = options.context {
      try recordContext(slice, before: line.lowerBound, lines: context.before)
      owedLines = context.after
      recordedTo = line.upperBound + 1
    }
    try record(line, .selected, slice)
  }

  /// Counts the matches of a selected line; one that does not match counts as one.
  private func countMatches(_ line: Text) throws(UnitFailure) {
    var count: UInt32 = options.isInverted ? 1 : 0
    if !options.isInverted { try forEachMatch(in: line) { _ in count &+= 1 } }
    partial.matches += UInt64(count)
    if options.limit != nil { partial.matchesByLine.append(count) }
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
    let offset = base + line.lowerBound
    // The newline counts as a byte of a line, as with ripgrep.
    let newline = line.upperBound < slice.count ? 1 : 0
    // There are matches to be shown in selected lines, and in lines around them where those are selected that do not
    // match.
    let mayMatch = (kind == .selected) != options.isInverted
    if options.onlyMatching { return try recordMatches(text, kind, mayMatch, offset) }
    guard mayMatch && (options.looksIntoLines) || options.colors != nil else {
      tell(text, kind, newline)
      return endRecord(kind, offset)
    }
    var matches: [Range<Int>] = []
    let wantsColumn = kind == .selected && !options.isInverted && (options.tellsColumns || options.repeatsLines)
    if wantsColumn { try forEachMatch(in: text, stopsAtFirst: !options.repeatsLines) { matches.append($0) } }
    let records = options.repeatsLines ? max(matches.count, 1) : 1
    for index in 0..<records {
      if options.colors != nil || options.replacement != nil, !isTooLong(text.count + newline) {
        try tellMarked(text, kind, mayMatch)
      } else {
        tell(text, kind, newline)
      }
      // Where a line is told for each match, it is the match's place that is told.
      endRecord(
        kind, options.repeatsLines && index < matches.count ? offset + matches[index].lowerBound : offset,
        column: index < matches.count ? matches[index].lowerBound + 1 : 0)
    }
  }

  /// Records each match of a line, for -o; a line without one is a record without text where lines are told by number.
  private func recordMatches(
    _ line: Text, _ kind: SelectedLines.Kind, _ mayMatch: Bool, _ offset: Int
  ) throws(UnitFailure) {
    let before = partial.lines.ends.count
    if mayMatch {
      try forEachMatch(in: line) { match in
        if isTooLong(match.count) {
          tell(Text(rebasing: line[match]), kind)
        } else {
          tellMatch(line[match], in: line, kind)
          partial.lines.text.append(0x0A)
        }
        endRecord(kind, offset + match.lowerBound, column: match.lowerBound + 1)
      }
    }
    if options.context != nil, partial.lines.ends.count == before { endRecord(kind, offset) }
  }

  /// Tells a line as it is, or where it is too long, that there is one.
  private func tell(_ line: Text, _ kind: SelectedLines.Kind, _ newline: Int = 0) {
    if isTooLong(line.count + newline) {
      partial.lines.text += Self.omitted(kind)
    } else {
      partial.lines.text.append(contentsOf: line)
      partial.lines.text.append(0x0A)
    }
  }

  private func isTooLong(_ count: Int) -> Bool { options.longestLine.map { count > $0 } ?? false }

  /// Tells a whole line with its matches between escape sequences or replaced, as grep 3.8 does (`print_line_middle` and
  /// `print_line_tail` in its grep.c): a line's own color begins anew behind each match, and does not reach the line's end.
  private func tellMarked(_ line: Text, _ kind: SelectedLines.Kind, _ mayMatch: Bool) throws(UnitFailure) {
    let color = options.colors?.line(kind, isInverted: options.isInverted) ?? []
    let start = options.colors?.start(color) ?? []
    var told = 0
    // Without a color for matches a line is in one color from end to end.
    let match = options.colors.map { kind == .selected ? $0.selectedMatch : $0.contextMatch } ?? []
    if mayMatch, !match.isEmpty || options.replacement != nil {
      try forEachMatch(in: line, takesEmpty: options.replacement != nil) { match in
        partial.lines.text += start
        partial.lines.text.append(contentsOf: line[told..<match.lowerBound])
        tellMatch(line[match], in: line, kind)
        told = match.upperBound
      }
    }
    let end = max(told, Self.endOfText(line))
    if end > told {
      partial.lines.text += start
      partial.lines.text.append(contentsOf: line[told..<end])
      partial.lines.text += options.colors?.end(color) ?? []
    }
    partial.lines.text.append(contentsOf: line[end...])
    partial.lines.text.append(0x0A)
  }

  private func tellMatch(_ match: Slice<Text>, in line: Text, _ kind: SelectedLines.Kind) {
    let color = options.colors.map { kind == .selected ? $0.selectedMatch : $0.contextMatch } ?? []
    partial.lines.text += options.colors?.start(color) ?? []
    if options.replacement != nil {
      searcher.appendReplacement(of: match, in: line, to: &partial.lines.text)
    } else {
      partial.lines.text.append(contentsOf: match)
    }
    partial.lines.text += options.colors?.end(color) ?? []
  }

  /// Calls `body` with the matches in one line, empty ones left out unless they are wanted too.
  private func forEachMatch(
    in line: Text, takesEmpty: Bool = false, stopsAtFirst: Bool = false, _ body: (Range<Int>) -> Void
  ) throws(UnitFailure) {
    var at = 0
    var last = -1
    while at <= line.count, let match = try searcher.firstMatch(inLine: line, from: at) {
      // An empty match right behind another is part of that.
      if !match.isEmpty || takesEmpty && match.lowerBound != last {
        body(match)
        if stopsAtFirst { return }
      }
      last = match.upperBound
      // An empty match must not be found again for ever.
      at = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
  }

  /// Notes where a record ends and what it is, as far as somebody asks: plain text needs none of it.
  ///
  /// - Parameters:
  ///   - offset: where the line begins in the slice, or the match where only these are told.
  ///   - column: where the match begins in the line, from 1; 0 where there is none.
  private func endRecord(_ kind: SelectedLines.Kind, _ offset: Int, column: Int = 0) {
    guard options.notesLines else { return }
    partial.lines.ends.append(UInt32(partial.lines.text.count))
    if options.countsLines { partial.lines.numbers.append(UInt32(partial.newlines)) }
    if options.context != nil { partial.lines.kinds.append(kind) }
    if options.onlyMatching || options.repeatsLines { partial.lines.ordinals.append(UInt32(partial.selected)) }
    if options.tellsOffsets { partial.lines.offsets.append(UInt64(offset)) }
    if options.tellsColumns { partial.lines.columns.append(UInt32(clamping: column)) }
  }

  /// Adds the newlines up to `end`, each once.
  private func countNewlines(_ slice: Text, to end: Int) {
    guard let base = slice.baseAddress, end > countedTo else { return }
    partial.newlines += ckernels_count_lines(base + countedTo, end - countedTo)
    countedTo = end
  }
}
