import LanesCore

/// A run as the block of text that `--stats` prints to standard error.
package enum StatsText {
  /// Lines without their ends: the totals, then one line per lane, a picture of the lanes over time where timelines
  /// were kept, then what there is to remark.
  ///
  /// - Parameters:
  ///   - width: columns of the picture, as far as it may be that wide.
  ///   - wrapping: columns at which longer lines go on below; nil where nobody but programs reads them, which want a
  ///     figure on the line of its name.
  package static func lines(_ record: RunRecord, width: Int = 80, wrapping: Int? = nil) -> [String] {
    // Two columns of the width are the indentation.
    let picture = Swimlanes([record], width: min(max(width, 40), 100) - 2).lines()
    return [title(record)] + (totals(record) + identity(record)).flatMap { row($0.0, $0.1, wrapping: wrapping) }
      + laneTable(record)
      + picture.prefix(1).flatMap { wrap($0, wrapping, indent: "  ", hanging: "  ") }
      + picture.dropFirst().map { "  " + $0 }
      + remarks(record).flatMap { wrap($0, wrapping, indent: "  note: ", hanging: "        ") }
  }

  /// A name and what it stands for, with as many lines as that takes.
  package static func row(_ name: String, _ text: String, wrapping: Int?) -> [String] {
    wrap(
      text, wrapping, indent: "  " + (name.displayWidth < 11 ? name.rightPadded(to: 11) : name + " "),
      hanging: String(repeating: " ", count: 13))
  }

  /// The text after `indent`, and its further lines after `hanging`.
  private static func wrap(_ text: String, _ width: Int?, indent: String, hanging: String) -> [String] {
    // Twenty columns of text are the least that reads as text; a narrower terminal wraps by itself.
    guard let width, indent.displayWidth + text.displayWidth > width else { return [indent + text] }
    let lines = ComparisonText.wrap(text, width: max(20, width - hanging.count))
    return lines.enumerated().map { ($0 == 0 ? indent : hanging) + $1 }
  }

  /// The first line: the contender, and how many units ended how.
  private static func title(_ record: RunRecord) -> String {
    let failed = record.unitsFailed > 0 ? ", \(Readable.count(record.unitsFailed)) failed" : ""
    return "\(record.setup.title): \(Readable.counted(record.unitsDone, "unit")) done\(failed)"
  }

  private static func totals(_ record: RunRecord) -> [(String, String)] {
    Metric.Row.allCases.compactMap { row in text(of: row, record).map { (row.rawValue, $0) } } + startUp(record)
  }

  /// What stands in a row; nil where there is nothing to say.
  private static func text(of row: Metric.Row, _ record: RunRecord) -> String? {
    let figures = Metric.all.compactMap { metric -> (value: String?, word: String)? in
      guard let text = metric.text, text.row == row else { return nil }
      return (Readable.figure(metric.value(of: record), metric.unit), text.word)
    }
    let all = figures.map { "\($0.value ?? "unknown") \($0.word)".withoutTrailingSpaces }.joined(separator: ", ")
    switch row {
    case .processor: return "\(all), \(use(record))"
    case .memory: return all + processes(record)
    case .pressure:
      // The machine's, other programs included; nothing where the kernel does not say.
      let known = figures.compactMap { value, word in value.map { "\(word) \($0)" } }
      return known.isEmpty ? nil : "the machine was short of " + known.joined(separator: ", of ")
    // Engines whose units need no files leave their ring alone.
    case .ring: return record.ring.calls ?? 0 > 0 ? all : nil
    case .wall, .switches, .faults, .bytes, .storage: return all
    }
  }

  /// The slowest start of a worker; nothing for engines without worker processes.
  private static func startUp(_ record: RunRecord) -> [(String, String)] {
    guard let slowest = record.lanes.compactMap(\.startUp).max() else { return [] }
    return [("start-up", "\(Readable.duration(nanoseconds: slowest)) until the last worker was ready")]
  }

  /// Who ran the batch, by the numbers that ps, strace and /proc know.
  private static func identity(_ record: RunRecord) -> [(String, String)] {
    guard let process = record.process else { return [] }
    let others = record.setup.kind.usesWorkers ? ", which coordinates the worker processes below" : ""
    return [("process", "\(process)\(others)")]
  }

  /// Processor time over the wall time of all lanes.
  private static func use(_ record: RunRecord) -> String {
    let usage = record.usage
    let lanes = record.setup.lanes
    let use = record.wall > 0 ? Double(usage.user + usage.system) / Double(record.wall) / Double(max(lanes, 1)) : 0
    return "\(Readable.percent(use)) of \(Readable.counted(lanes, "lane"))"
  }

  /// The peak of each process where there are several.
  private static func processes(_ record: RunRecord) -> String {
    guard !record.workers.isEmpty else { return "" }
    let peaks = record.workers.map { bytes($0.peakMemory) }
    // As many as fit a line of eighty columns twice over; JSON has them all.
    let shown = peaks.prefix(8).joined(separator: ", ") + (peaks.count > 8 ? ", \(Glyphs.ellipsis)" : "")
    return ": coordinator \(bytes(record.coordinator.peakMemory)), workers \(shown)"
  }

  /// One line per lane: shares of the wall time by stage.
  private static func laneTable(_ record: RunRecord) -> [String] {
    guard !record.lanes.isEmpty else { return [] }
    // Load and store may run beside perform, so that a row can add up to more than 100% (`LaneShare`).
    // Numbers of threads or of worker processes, where they are known.
    let tasks = record.lanes.contains { $0.task != nil } ? [record.setup.kind.usesWorkers ? "PID" : "TID"] : []
    var table = TextTable(
      (["lane", "units", "load", "perform", "store", "idle"] + tasks).map { .init([$0]) })
    for (number, share) in LaneShare.all(of: record).enumerated() {
      let shares = [share.loading, share.performing, share.storing, share.idling].map(Readable.percent)
      let task = tasks.map { _ in share.usage.task.map(String.init) ?? Glyphs.dash }
      table.rows.append([String(number + 1), Readable.count(share.usage.units)] + shares + task)
    }
    return table.lines().map { "  " + $0 }
  }

  /// What the figures do not show: notes of the engine, workers that died, why the run ended early.
  private static func remarks(_ record: RunRecord) -> [String] {
    var remarks = record.notes
    if record.workersLost > 0 {
      let died = Readable.counted(record.workersLost, "worker process", "worker processes")
      remarks.append("\(died) died and had to be replaced")
    }
    switch record.ending {
    case .complete: break
    case .signalled(let signal): remarks.append("stopped early by signal \(signal)")
    case .satisfied: remarks.append("ended early, since nothing more was asked")
    case .outputClosed: remarks.append("stopped early, since standard output was closed")
    case .halted(let reason): remarks.append("stopped early: \(reason)")
    }
    return remarks
  }

  private static func bytes(_ value: Int?) -> String { value.map(Readable.bytes) ?? "unknown" }
}
