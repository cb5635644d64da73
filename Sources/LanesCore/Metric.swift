/// One figure of a run: its name and unit, where a record keeps it, how several of it become one, and where it is
/// shown.
///
/// `Metric.all` is the table. What sums processes, sends records from one process to another, and writes JSON, text,
/// tables and pages goes through it, so that a new figure is an entry there, a property of the record, and the code
/// that reads it.
package struct Metric: Sendable {
  /// What the figure counts; decides how people read it.
  package enum Unit: Sendable { case nanoseconds, bytes, count }

  /// Where a record keeps the figure.
  package enum Source: Sendable {
    /// Counted for each process; processes live at the same time, so a run's figure is the sum over them.
    case process(Field<ProcessUsage>)
    /// Known of the run as a whole.
    case run(Field<RunRecord>)
  }

  /// How a figure of a part of the time follows from the figures at its start and its end.
  package enum Course: Sendable {
    /// It only grows: the difference.
    case counter
    /// It is the largest value so far, of which no earlier value can be subtracted: the one at the end.
    case peak
  }

  /// Which round of a contender is told.
  package enum Rounds: Sendable {
    /// The one nearest to the median of wall time, like the time itself.
    case median
    /// All together, or the worst: rare events, of which the median round would hide most.
    case sum, most
  }

  /// Where a comparison tells the figure: the part of a contender's line of JSON, and the table of the page.
  package enum Section: Sendable { case extent, times, costs, troubles }

  /// A column of a comparison's tables. Figures with the same column share its cells.
  package struct Column: Sendable, Equatable {
    /// Its name on the page and in Markdown.
    package let name: String
    /// The heading in a terminal, one line or more; empty for columns that only the page has.
    package var heading: [String] = []
    /// Terminals take the columns with less first.
    package var rank = 0
    /// What the heading does not say.
    package var meaning: String?
    /// What it tells, for somebody who has not seen it before: sentences.
    package var explanation: String
    /// True for columns that stand last, and that only a wide terminal and the page show.
    package var isDetail = false
    /// What stands between the figures of one cell on the page.
    package var separator = " / "
  }

  /// A row of the text about one run, in their order.
  package enum Row: String, Sendable, CaseIterable {
    case wall, processor, switches, faults, memory, bytes, storage
    case ring = "io_uring"
    case pressure
  }

  /// Key in JSON; ends in the unit: `_ns`, `_bytes`, or nothing for counts.
  package let name: String
  package let unit: Unit
  package let source: Source
  package var course = Course.counter
  package var rounds = Rounds.median
  /// True when the JSON of one run tells it, false when only a comparison does.
  package var isToldOfRuns = true
  /// Nil for what a comparison does not tell, or tells in a form of its own, as it does wall times.
  package var section: Section?
  package var column: Column?
  /// Its row in the text about one run, and the word beside it there.
  package var text: (row: Row, word: String)?
}

extension Metric {
  /// The figure in `record`: over all processes where it is one of processes; nil where it could not be read.
  package func value(of record: RunRecord) -> Int64? {
    switch source {
    case .process(let field): field.value(of: record.usage)
    case .run(let field): field.value(of: record)
    }
  }

  /// The columns of a section of a comparison, each with the figures that share it, in the order of the table.
  package static func columns(of section: Section) -> [(column: Column, metrics: [Metric])] {
    var columns: [(column: Column, metrics: [Metric])] = []
    for metric in all where metric.section == section {
      guard let column = metric.column else { continue }
      if columns.last?.column == column {
        columns[columns.count - 1].metrics.append(metric)
      } else {
        columns.append((column, [metric]))
      }
    }
    return columns
  }

  /// The figures of one process, in the order of the table.
  package static let ofProcesses: [(metric: Metric, field: Field<ProcessUsage>)] = all.compactMap { metric in
    if case .process(let field) = metric.source { (metric, field) } else { nil }
  }

  /// The figures of the run as a whole, in the order of the table.
  package static let ofRuns: [(metric: Metric, field: Field<RunRecord>)] = all.compactMap { metric in
    if case .run(let field) = metric.source { (metric, field) } else { nil }
  }
}

/// An integer property of `Root`, whatever its type there.
package struct Field<Root>: Sendable {
  /// True when the property may be nil: the kernel need not tell it.
  package let isOptional: Bool
  private let read: @Sendable (Root) -> Int64?
  private let store: @Sendable (inout Root, Int64) -> Void

  /// A property that always has a value.
  package init<Value: FixedWidthInteger & SendableMetatype>(_ path: WritableKeyPath<Root, Value> & Sendable) {
    isOptional = false
    read = { Int64($0[keyPath: path]) }
    store = { $0[keyPath: path] = Value($1) }
  }

  /// A property that is nil where its value is not known.
  package init<Value: FixedWidthInteger & SendableMetatype>(_ path: WritableKeyPath<Root, Value?> & Sendable) {
    isOptional = true
    read = { $0[keyPath: path].map { Int64($0) } }
    store = { $0[keyPath: path] = Value($1) }
  }

  package func value(of root: Root) -> Int64? { read(root) }

  package func set(_ value: Int64, in root: inout Root) { store(&root, value) }
}
