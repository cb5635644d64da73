import LanesCore
import LanesEngines
import LanesFiles
import SystemPackage

/// Searches as a command would, and lays out results as `grep` does for a single file without -H.
final class SearchRunner {
  private(set) var text = Bytes()
  private(set) var files: [SearchedFile] = []
  private let isNumbered: Bool

  /// - Parameter program: what `options` were compiled to, where that is there already.
  init(
    _ path: String, _ options: SearchOptions, _ program: SearchProgram? = nil, settings: FilePlan.Settings, lanes: Int
  ) throws {
    isNumbered = options.numbersLines
    let plan = FilePlan([.path(FilePath(path))], settings: settings)
    let results = SearchResults(
      options, plan: plan,
      onLines: { [unowned self] _, lines, before in self.tell(lines, before) },
      onFile: { [unowned self] file in
        self.files.append(file)
        if options.report == .counts { self.text += Bytes("\(file.selected)\n".utf8) }
      })
    try Lanes.run(SearchWorkload(try program ?? SearchProgram(options)), plan, results, lanes: lanes)
  }

  private func tell(_ lines: SelectedLines, _ before: UInt64) {
    guard !lines.numbers.isEmpty else {
      text += lines.text
      return
    }
    var start = 0
    for (index, end) in lines.ends.enumerated() {
      let line = lines.text[start..<Int(end)]
      start = Int(end)
      let kind = lines.kinds.isEmpty ? .selected : lines.kinds[index]
      if kind == .gap { text += Bytes("--\n".utf8) }
      guard !line.isEmpty else { continue }
      let number = "\(before + UInt64(lines.numbers[index]) + 1)\(kind == .context ? "-" : ":")"
      text += (isNumbered ? Bytes(number.utf8) : []) + line
    }
  }
}

/// The thread pool, with any number of lanes.
enum Lanes {
  @discardableResult static func run(
    _ workload: some Workload, _ plan: some UnitPlan, _ fold: some Fold, lanes: Int
  ) throws -> RunRecord {
    let engine = Engines.make(
      .threads, channel: .shm, options: EngineOptions(lanes: lanes), worker: WorkerCommand(arguments: []))
    return try engine.run(Batch(workload: workload, plan: plan, fold: fold), observer: SilentObserver())
  }
}
