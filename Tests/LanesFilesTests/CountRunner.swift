import LanesCore
import LanesFiles

/// Runs inputs through plan, perform and fold as an engine would, on the calling thread.
struct CountRunner {
  var rows: [FileRow<CountPartial>] = []
  var units: [Unit] = []
  var total = Counts()
  /// What would be printed.
  var text = Bytes()

  init(_ words: [String], columns: CountColumns = .all, settings: FilePlan.Settings = .init()) {
    self.init(FileInput.inputs(from: words), columns: columns, settings: settings)
  }

  init(_ inputs: [FileInput], columns: CountColumns = .all, settings: FilePlan.Settings = .init()) {
    let table = CountTable(columns: columns, inputs: inputs, recursive: settings.recursive)
    var rows: [FileRow<CountPartial>] = []
    let fold = FileRows<CountPartial> { rows.append($0) }
    let plan = FilePlan(inputs, settings: settings)
    let workload = CountWorkload(columns: columns)
    units = PlanRunner.run(plan, workload, fold)
    self.rows = rows
    for row in rows { total += row.partial.counts }
    for row in rows { text += table.line(row) ?? [] }
    text += table.totalLine(total) ?? []
  }
}
