import LanesCore

/// Commands side by side as a table for people: in a terminal of any width, or as Markdown.
struct CommandTable {
  private typealias Entry = CommandComparison.Entry
  private typealias Column = FittingTable<CommandComparison.Entry>.Column

  private let comparison: CommandComparison

  init(_ comparison: CommandComparison) { self.comparison = comparison }

  /// Lines without their ends: the table, at most `width` columns wide where that holds name and wall time, and under it
  /// what its columns mean. The best carries a star, and with `color` is bold and green; commands that it cannot be told
  /// apart from are green.
  func lines(width: Int, color: Bool) -> [String] {
    let table = FittingTable(columns: columns(names: Self.names(comparison, width: width)), rows: comparison.entries)
    let (columns, gap) = table.columns(fitting: width)
    let leaders = comparison.leaders
    let best = comparison.best
    let painted = table.table(columns, gap: gap).lines { cell, row, column in
      guard color else { return cell }
      guard let row else { return ANSI.dim.apply(to: cell) }
      let entry = comparison.entries[row]
      guard column <= 1, leaders.contains(entry) else { return cell }
      return (entry == best ? ANSI.best : ANSI.green).apply(to: cell)
    }
    return painted + legend(columns, width: width).map { color ? ANSI.dim.apply(to: $0) : $0 }
  }

  /// Lines of a Markdown table; the best is bold.
  func markdown() -> [String] {
    let table = FittingTable(columns: columns(names: [:]), rows: comparison.entries)
    let best = comparison.best
    // A bar would end the cell.
    return table.markdown(title: { $0.name.replacing("|", with: "\\|") }) { $0 == best }
  }

  /// Names that leave room for figures: long ones lose their middle, which differs least.
  private static func names(_ comparison: CommandComparison, width: Int) -> [String: String] {
    let room = max(16, width / 3)
    var names: [String: String] = [:]
    for (number, entry) in comparison.entries.enumerated() {
      let short = Readable.shortened(entry.name, to: room)
      names[entry.name] =
        names.values.contains(short) ? Readable.shortened("\(number + 1) \(entry.name)", to: room) : short
    }
    return names
  }

  private func columns(names: [String: String]) -> [Column] {
    let figure = comparison.ranked
    let best = comparison.best
    return [
      Column(
        heading: ["  command"], name: "command", rank: 0, alignment: .left,
        meaning: "* \(figure == .wall ? "least time" : figure.least)"
      ) { ($0 == best ? "* " : "  ") + (names[$0.name] ?? $0.name) },
      Column(
        heading: ["wall", "\(Glyphs.plusMinus) spread"], name: "wall \(Glyphs.plusMinus) spread", rank: 0,
        cell: { ComparisonTable.wall($0.wall) }),
    ] + (figure == .wall ? [] : [ranked]) + ratio + columns(of: .times) + [
      Column(heading: ["CPU"], name: "CPU", rank: 2, meaning: "CPU 100% is one core") { Readable.percent($0.busyCores) }
    ] + columns(of: .costs) + [
      Column(heading: ["round"], name: nil, rank: 16) { String($0.round) }
    ]
  }

  private var ranked: Column {
    let figure = comparison.ranked
    return Column(
      heading: ["median", figure.heading], name: "median \(figure.heading)", rank: 0, meaning: "median: of all rounds"
    ) { $0.samples.median(figure).map(figure.shortText) ?? Glyphs.dash }
  }

  private var ratio: [Column] {
    let figure = comparison.ranked
    let first = comparison.entries.first
    return [
      Column(
        heading: ["of", "first"], name: "of first", rank: 1,
        meaning: "of first: \(figure == .wall ? "time" : figure.words) as a multiple of the first command's"
      ) { entry in
        if entry == first { return "1.00\(Glyphs.times)" }
        return entry.ratio.map { Readable.ratio($0.ratio) + Glyphs.times } ?? Glyphs.dash
      },
      Column(heading: ["95%", "interval"], name: "95% interval", rank: 1, meaning: "95% interval of that multiple") {
        $0.ratio.map(Readable.shortBounds) ?? Glyphs.dash
      },
    ]
  }

  /// The columns that the table of metrics names, but those that only batches of our own have.
  private func columns(of section: Metric.Section) -> [Column] {
    Metric.commandColumns(of: section).filter { !$0.column.heading.isEmpty }.map { column, metrics in
      Column(
        heading: column.heading, name: column.isDetail ? nil : column.name, rank: column.rank, meaning: column.meaning
      ) { entry in
        let figures = entry.run.figures
        return metrics.map { Readable.shortFigure($0.value(of: figures), $0.unit) ?? Glyphs.dash }.joined(
          separator: "/")
      }
    }
  }

  private func legend(_ columns: [Column], width: Int) -> [String] {
    let rounds = Readable.counted(comparison.rounds, "round")
    let wall = "wall: median of \(rounds) \(Glyphs.plusMinus) half the distance between the quartiles"
    let shell = comparison.shell.map {
      "; the shell's start-up, \(Readable.duration(nanoseconds: $0.wall)), is subtracted from times"
    }
    let text = ([wall + (shell ?? ""), "the rest: of the command's median round"] + columns.compactMap(\.meaning))
    let remarks = comparison.entries.flatMap { entry in entry.remarks.map { "note: \(entry.name): \($0)" } }
    return ComparisonText.wrap(text.joined(separator: "; "), width: width)
      + (remarks + comparison.notes.map { "note: \($0)" }).flatMap { ComparisonText.wrap($0, width: width) }
  }
}

extension Metric {
  /// Figures of runs of our own programs only.
  private static let ownFigures: Set<String> = ["in_bytes", "out_bytes", "between_bytes"]

  /// The figures of a section that any command has.
  static func ofCommands(_ section: Section) -> [Metric] {
    all.filter { $0.section == section && !ownFigures.contains($0.name) }
  }

  /// The columns of commands, in the words that fit them.
  static func commandColumns(of section: Section) -> [(column: Column, metrics: [Metric])] {
    columns(of: section).compactMap { column, metrics in
      guard !metrics.contains(where: { ownFigures.contains($0.name) }) else { return nil }
      var own = column
      switch metrics[0].name {
      case "peak_memory_bytes":
        own.meaning = "peak memory of the largest process"
        own.explanation = "The most that the largest of the command's processes had resident."
      case "cpu_pressure_ns":
        own.explanation =
          "How long some task had to wait for a core, for storage and for memory: one of the command's processes, where they had a "
          + "control group of their own, or else one of the whole machine."
      default: break
      }
      return (own, metrics)
    }
  }
}

extension Readable {
  /// `text` in one line of at most `width` columns: control characters become what they are written as, and what does not
  /// fit is left out in the middle.
  package static func shortened(_ text: String, to width: Int) -> String {
    let line = oneLine(text)
    guard line.displayWidth > width else { return line }
    let room = max(2, width - Glyphs.ellipsis.displayWidth)
    return line.prefix(columns: room - room / 2) + Glyphs.ellipsis + line.suffix(columns: room / 2)
  }

  /// `text` without characters that would move a terminal's cursor or end the line.
  package static func oneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }) else {
      return text
    }
    return text.unicodeScalars.reduce(into: "") { line, scalar in
      switch scalar.value {
      case 0x0A: line += "\\n"
      case 0x09: line += "\\t"
      case 0..<0x20, 0x7F..<0xA0: line += "\\x" + String(scalar.value, radix: 16)
      default: line.unicodeScalars.append(scalar)
      }
    }
  }
}
