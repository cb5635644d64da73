import LanesCore

/// How far a batch is, as one line of a terminal.
package struct ProgressLine: Sendable {
  /// Units that ended, failed ones included.
  package var done: Int
  /// Nil while the plan is still being made.
  package var total: Int?
  package var failed: Int
  /// Since the batch started.
  package var elapsed: Duration

  /// A line for one moment of a batch.
  package init(done: Int, total: Int?, failed: Int, elapsed: Duration) {
    self.done = done
    self.total = total
    self.failed = failed
    self.elapsed = elapsed
  }

  /// The line, never longer than `width` columns, without any movement of the cursor: a bar where there is room, count
  /// and percentage, rate, time left and failures. What does not fit is left out from the right. With an unknown total
  /// it holds count and rate alone.
  package func render(width: Int, unicode: Bool = Glyphs.current == .unicode, color: Bool = false) -> String {
    // An empty batch has no share that is done.
    let known = total.flatMap { $0 > 0 ? $0 : nil }
    let pieces = known.map { [percentage(of: $0), counted(of: $0)] } ?? ["\(Readable.count(done)) done"]
    let all = pieces + [failures, rate, known.flatMap(timeLeft)].compactMap { $0 }
    var shown = all
    while shown.count > 1, length(of: shown) > width { shown.removeLast() }
    let text = shown.joined(separator: ProgressLine.separator)
    // The first piece alone may still be too long.
    guard text.count <= width else { return String(text.prefix(max(0, width))) }
    return bar(room: width - text.count - 1, of: known, unicode: unicode, color: color) + (color ? paint(shown) : text)
  }

  private static let separator = "  "

  private func length(of pieces: [String]) -> Int { pieces.joined(separator: ProgressLine.separator).count }

  private func share(of total: Int) -> Double { min(1, max(0, Double(done) / Double(total))) }

  /// Rounded down, so that 100% means all.
  private func percentage(of total: Int) -> String { "\(Int(share(of: total) * 100))%".leftPadded(to: 4) }

  private func counted(of total: Int) -> String { "\(Readable.count(done))/\(Readable.count(total))" }

  private var failures: String? { failed > 0 ? "\(Readable.count(failed)) failed" : nil }

  /// The average since the start; nil before the first unit ended.
  private var unitsPerSecond: Double? {
    let seconds = Double(elapsed.nanoseconds) / 1e9
    return done > 0 && seconds > 0 ? Double(done) / seconds : nil
  }

  private var rate: String? {
    unitsPerSecond.map { $0 < 99.95 ? Readable.fixed($0, digits: 1) : Readable.count(Int($0)) }.map { "\($0)/s" }
  }

  private func timeLeft(of total: Int) -> String? {
    guard let unitsPerSecond, done < total else { return nil }
    // The cap of 1e9 s keeps the nanoseconds of `wholeSeconds` within an Int64. One second is the least: 0 s left would
    // look like the end.
    let seconds = Int64(min(Double(total - done) / unitsPerSecond, 1e9).rounded(.up))
    return Readable.wholeSeconds(max(seconds, 1)) + " left"
  }

  /// The bar and a space after it, at most 40 columns; nothing when fewer than 10 are free or there is no total.
  private func bar(room: Int, of total: Int?, unicode: Bool, color: Bool) -> String {
    guard let total, room >= 10 else { return "" }
    // The brackets take two columns.
    let cells = min(room, 40) - 2
    let filled = Int(share(of: total) * Double(cells))
    let full = String(repeating: unicode ? "━" : "#", count: filled)
    let empty = String(repeating: unicode ? "─" : "-", count: cells - filled)
    return "[" + (color ? ANSI.green.apply(to: full) + ANSI.dim.apply(to: empty) : full + empty) + "] "
  }

  /// Painted last, because escape sequences have no width on the screen and would count.
  private func paint(_ pieces: [String]) -> String {
    pieces.map { $0 == failures ? ANSI.red.apply(to: $0) : $0 }.joined(separator: ProgressLine.separator)
  }
}
