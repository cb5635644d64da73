import LanesCore

/// The figures of a comparison as two tables: time, and what else it took.
struct ReportTables {
  private struct Column {
    let name: String
    let value: (Comparison.Entry) -> String?
  }

  private let comparison: Comparison

  init(_ comparison: Comparison) { self.comparison = comparison }

  /// What each way took of time.
  var time: String {
    Markup.section(
      "Time",
      "Wall time is the median of \(Readable.counted(comparison.rounds, "round")) ± half the distance between the "
        + "quartiles; every other figure of a row is of one round, that contender's median round, which the last column "
        + "names. CPU 100% is one core. Efficiency is speed-up for each lane, the serial fraction that of Karp and Flatt; "
        + "both are shown where the batch computes and every lane had a core. A dash is a figure that could not be had, or "
        + "that would say nothing.",
      table(times, style: "times"))
  }

  /// Switches, faults, memory, bytes, and what the machine was short of.
  var costs: String {
    Markup.section(
      "What else it took",
      "Of the round of each contender that the first table names. Peak memory is what every process had resident at most, added up; proportional memory counts "
        + "what processes share once. Pressure is how long some task of the machine was short of cores, storage or memory.",
      table(others, style: "costs"))
  }

  private func table(_ columns: [Column], style: String) -> String {
    let head = columns.map { "<th scope=\"col\">\(Markup.escaped($0.name))</th>" }.joined()
    let rows = comparison.entries.map { entry in
      let cells = columns.map { column in
        "<td data-label=\"\(Markup.escaped(column.name))\">\(Markup.escaped(column.value(entry) ?? "–"))</td>"
      }
      let mark = entry == comparison.fastest ? " class=\"best\"" : ""
      return "<tr\(mark)><th scope=\"row\">\(Markup.escaped(entry.setup.title))</th>\(cells.joined())</tr>\n"
    }
    return
      "<div class=\"wide\"><table class=\"\(style)\"><thead><tr><th scope=\"col\">engine</th>\(head)</tr></thead>\n<tbody>\n"
      + rows.joined() + "</tbody></table></div>"
  }

  private var times: [Column] {
    [
      Column(name: "wall") { duration($0.wall.median) },
      Column(name: "± spread") { $0.wall.spread.map { Readable.fixed($0 * 100, digits: 1) + "%" } },
      Column(name: "speed-up") { $0.speedUp.map { Readable.fixed($0, digits: 2) + "×" } },
      Column(name: "efficiency") { $0.efficiency.map(Readable.percent) },
      Column(name: "serial fraction") { $0.serialFraction.map { Readable.fixed($0 * 100, digits: 1) + "%" } },
      Column(name: "user") { duration(Double($0.user)) },
      Column(name: "system") { duration(Double($0.system)) },
      Column(name: "CPU") { Readable.percent($0.busyCores) },
      Column(name: "worker start-up") { $0.startUp.flatMap { duration(Double($0)) } },
      Column(name: "outliers") { Readable.count($0.wall.outliers.count) },
      Column(name: "round") { String($0.round) },
    ]
  }

  private var others: [Column] {
    [
      Column(name: "switches vol./invol.") { pair($0.voluntarySwitches, $0.involuntarySwitches) },
      Column(name: "faults minor/major") { pair($0.minorFaults, $0.majorFaults) },
      Column(name: "peak memory") { $0.peakMemory.map(Readable.bytes) },
      Column(name: "proportional") { $0.proportionalPeak.map(Readable.bytes) },
      Column(name: "storage read") { $0.storageRead.map(Readable.bytes) },
      Column(name: "storage written") { $0.storageWritten.map(Readable.bytes) },
      Column(name: "between processes") { Readable.bytes($0.bytesBetween) },
      Column(name: "pressure CPU, I/O, memory") { pressure($0.pressure) },
    ]
  }

  private func pressure(_ pressure: PressureStall) -> String? {
    guard pressure != PressureStall() else { return nil }
    return [pressure.cpu, pressure.io, pressure.memory]
      .map { $0.map { $0 == 0 ? "0" : Readable.shortDuration(nanoseconds: $0) } ?? "–" }.joined(separator: ", ")
  }

  private func pair(_ one: Int, _ other: Int) -> String {
    Readable.shortCount(one) + " / " + Readable.shortCount(other)
  }
}

/// Nanoseconds for people.
private func duration(_ nanoseconds: Double) -> String? {
  nanoseconds == 0 ? "0" : Readable.duration(nanoseconds: Int64(nanoseconds))
}
