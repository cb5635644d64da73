import LanesCore

/// Chooses, of lines that may be around selected ones, those that are: for `-A`, `-B` and `-C`.
///
/// Slices give all lines that may have to be told, in order. One is told when a selected line is near enough; groups of
/// lines that are apart get a gap between them. Works on one file after the other, since a gap also parts the groups of
/// two files.
struct ContextLines {
  /// A line that was read and is not told unless a selected one follows soon enough.
  private struct Held {
    let number: UInt64
    let text: Bytes
    let offset: UInt64?
  }

  private let context: SearchOptions.Context
  private let options: SearchOptions
  /// The last lines that were not told, at most twice as many as are told ahead of a selected one.
  private var held: [Held] = []
  /// The line told last in this file.
  private var lastTold: UInt64?
  /// Lines before this number are told, since they follow a selected one closely enough.
  private var owedBefore: UInt64 = 0
  /// True once a line was selected in any file.
  private var isUsed = false

  /// For all files of one search.
  init(_ context: SearchOptions.Context, _ options: SearchOptions) {
    self.context = context
    self.options = options
  }

  /// Another file begins.
  mutating func begin() {
    held = []
    lastTold = nil
    owedBefore = 0
  }

  /// A line was selected that is not told, since the file is binary.
  mutating func noteHidden() { isUsed = true }

  /// Whether lines from `number` on may still be around a selected line before them.
  func isOwed(from number: UInt64) -> Bool { number < owedBefore }

  /// Chooses among the lines of a slice.
  ///
  /// - Parameters:
  ///   - before: lines of the file ahead of the slice.
  ///   - limit: so many more lines may be selected; others are as if they were not.
  /// - Returns: what is told, and how many lines of the file are ahead of what its numbers count from.
  mutating func choose(
    _ lines: SelectedLines, before: UInt64, limit: UInt64
  ) -> (lines: SelectedLines, before: UInt64) {
    // Numbers of records are of 32 bits and never negative, so they count from the first line that may be told.
    let reach = UInt64(context.before)
    let base =
      held.first { $0.number >= before || before - $0.number <= reach }.map { min($0.number, before) } ?? before
    var told = SelectedLines()
    var selected: UInt64 = 0
    var start = 0
    /// The line of the record before, and whether it is told as a selected one.
    var last: (number: UInt64, isSelected: Bool)?
    for (index, end) in lines.ends.enumerated() {
      let text = lines.text[start..<Int(end)]
      start = Int(end)
      let number = before + UInt64(lines.numbers[index])
      let offset = lines.offsets.isEmpty ? nil : lines.offsets[index]
      // A line has several records where each match is one.
      let isMore = last?.number == number
      let isSelected = isMore ? last!.isSelected : lines.kinds[index] == .selected && selected < limit
      last = (number, isSelected)
      if isSelected {
        if !isMore {
          selected += 1
          tellHeld(ahead: number, in: &told, base)
          // A further selected line puts the end of the group off.
          owedBefore = number + UInt64(context.after) + 1
        }
        append(text, number, .selected, to: &told, base)
        if let offset { told.offsets.append(offset) }
        if !lines.columns.isEmpty { told.columns.append(lines.columns[index]) }
      } else {
        // A line that is told once for each of its matches is one line around others.
        if isMore, options.repeatsLines { continue }
        let plain = lines.kinds[index] == .selected ? unselected(text) : Bytes(text)
        let line = Held(number: number, text: plain, offset: offset)
        if number < owedBefore { appendContext(line, to: &told, base) } else { hold(line) }
      }
    }
    return (told, base)
  }

  /// Tells the lines ahead of a selected one, and a gap where the group is not next to the one before.
  private mutating func tellHeld(ahead number: UInt64, in told: inout SelectedLines, _ base: UInt64) {
    let near = held.filter { $0.number < number && number - $0.number <= UInt64(context.before) }
    let first = near.first?.number ?? number
    if isUsed, lastTold.map({ $0 + 1 != first }) ?? true {
      append([], first, .gap, to: &told, base)
      if options.tellsOffsets { told.offsets.append(0) }
      if options.tellsColumns { told.columns.append(0) }
    }
    for line in near { appendContext(line, to: &told, base) }
    held = []
    isUsed = true
  }

  /// Adds a line around selected ones.
  private mutating func appendContext(_ line: Held, to told: inout SelectedLines, _ base: UInt64) {
    append(line.text[...], line.number, .context, to: &told, base)
    if let offset = line.offset { told.offsets.append(offset) }
    if options.tellsColumns { told.columns.append(0) }
  }

  /// Adds a record whose number counts from `base`.
  private mutating func append(
    _ text: ArraySlice<UInt8>, _ number: UInt64, _ kind: SelectedLines.Kind, to told: inout SelectedLines,
    _ base: UInt64
  ) {
    told.text += text
    told.ends.append(UInt32(told.text.count))
    told.numbers.append(UInt32(number - base))
    told.kinds.append(kind)
    if kind != .gap { lastTold = number }
  }

  /// Keeps a line until a selected one follows or is too far away.
  private mutating func hold(_ line: Held) {
    guard context.before > 0 else { return }
    held.append(line)
    // Dropped by halves, so that each line is moved at most twice. Several records may be of one line.
    guard held.count > 1024, held.count / 2 > context.before, let last = held.last else { return }
    held.removeAll { last.number - $0.number >= UInt64(context.before) }
  }

  /// What is told of a selected line that is one too many: it is told as a line around one.
  private func unselected(_ text: ArraySlice<UInt8>) -> Bytes {
    if options.onlyMatching { return [] }
    if options.longestLine != nil, text.elementsEqual(SliceSearch.omitted(.selected)) {
      return SliceSearch.omitted(.context)
    }
    guard let colors = options.colors else { return Bytes(text) }
    let sequences = colors.sequences
    var plain = Bytes()
    var rest = text
    while !rest.isEmpty {
      if let sequence = sequences.first(where: { rest.starts(with: $0) }) {
        rest = rest.dropFirst(sequence.count)
      } else {
        plain.append(rest.removeFirst())
      }
    }
    let color = colors.line(.context, isInverted: options.isInverted)
    guard !color.isEmpty else { return plain }
    let end = SliceSearch.endOfText(plain.dropLast())
    return end == 0 ? plain : colors.start(color) + plain[..<end] + colors.end(color) + plain[end...]
  }
}
