import Glibc
import LanesCore
import LanesFiles
import SystemPackage

/// Runs inputs through plan, perform and fold as an engine would, on the calling thread.
struct CountRunner {
  var rows: [CountRow] = []
  var units: [Unit] = []
  var total = Counts()
  /// What would be printed.
  var text = Bytes()

  init(_ words: [String], columns: CountColumns = .all, settings: CountPlan.Settings = .init()) {
    self.init(CountInput.inputs(from: words), columns: columns, settings: settings)
  }

  init(_ inputs: [CountInput], columns: CountColumns = .all, settings: CountPlan.Settings = .init()) {
    let table = CountTable(columns: columns, inputs: inputs, recursive: settings.recursive)
    var rows: [CountRow] = []
    let fold = CountTotals { rows.append($0) }
    let plan = CountPlan(inputs, settings: settings)
    let workload = CountWorkload(columns: columns)
    loop: while true {
      switch plan.next() {
      case .unit(let unit):
        units.append(unit)
        fold.absorb(unit, Self.perform(unit, workload))
      case .failed(let unit, let failure):
        units.append(unit)
        fold.absorb(unit, .failed(failure))
      case .waiting(let descriptor):
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, -1)
      case .end: break loop
      }
    }
    self.rows = rows
    total = fold.total
    for row in rows { text += table.line(row) ?? [] }
    text += table.totalLine(total) ?? []
  }

  private static func perform(_ unit: Unit, _ workload: CountWorkload) -> Outcome {
    guard let input = load(unit.source) else { return .failed(UnitFailure(.input, "it cannot be read")) }
    do throws(UnitFailure) {
      let output = OutputBuffer()
      return .done(try workload.perform(unit, input: input.span.bytes, output: output, checkpoint: .open))
    } catch {
      return .failed(error)
    }
  }

  private static func load(_ source: Source) -> Bytes? {
    switch source {
    case .none: []
    case .bytes(let bytes): bytes
    case .file(let path): contents(of: path.string)
    case .slice(let slice):
      contents(of: slice.path.string).map { Bytes($0[slice.offset..<slice.offset + slice.length]) }
    }
  }
}
