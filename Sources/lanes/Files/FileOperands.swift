import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS

/// What every operation of `lanes files` reads, and how.
struct FileOperands: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files, and directories with -r; standard input without any or where FILE is -.", valueName: "FILE"),
    completion: .file())
  var files: [String] = []

  @Flag(name: [.short, .long], help: "Walk directories; links inside them are not followed.")
  var recursive = false

  @Flag(
    inversion: .prefixedNo,
    help: "Map large regular files, or read them; without either each lane does what costs it less time.")
  var mmap: Bool?

  @Flag(
    name: [.customShort("z"), .long],
    help:
      "Unpack files that are compressed by gzip, zstd, xz or bzip2, as their contents tell; others stay as they are.")
  var decompress = false

  /// A comparison asks: standard input can be read by one of several runs only.
  var readsStandardInput: Bool { files.isEmpty || files.contains("-") }

  /// The inputs, with names as the bytes that were typed: the parser decodes words as UTF-8 and replaces what is not.
  ///
  /// Ask once for each run: names that look alike after the replacement are told apart by the order of asking.
  var inputs: [FileInput] { FileInput.inputs(from: files, path: RawArguments.path) }

  /// How inputs are cut into units. The memory budget for all that is in flight also limits the length of a line.
  func settings(cut: FileCut, _ engine: EngineArguments) -> FilePlan.Settings {
    let access: SliceAccess = mmap.map { $0 ? .mapped : .read } ?? .measured
    var settings = FilePlan.Settings(cut: cut, recursive: recursive, access: access, memory: engine.options.memory)
    if decompress { settings.unpacking = unpacking(engine) }
    settings.omitsSizes = recursive && !decompress && mayOmitSizes(engine)
    return settings
  }

  /// Run files and divided batches note in which state each file was; engines that load ahead of their lanes make room by sizes, and
  /// so do small budgets.
  private func mayOmitSizes(_ engine: EngineArguments) -> Bool {
    let isNoted = engine.journal != nil || engine.resume != nil || Division.isDivided
    return !isNoted && !engine.isIsolated && engine.mode.mayLoadInLanes && engine.options.memory >= 64 << 20
  }

  private func unpacking(_ engine: EngineArguments) -> UnpackingSettings {
    // Machines that share a batch must all fail the same files, whatever memory each has.
    guard !Division.isDivided else {
      var settings = UnpackingSettings(memory: 1 << 30)
      settings.isInUnits = true
      return settings
    }
    var settings = UnpackingSettings(memory: engine.options.memory / 4)
    settings.longestLine = min(settings.longestLine, max(engine.options.memory / 4, 16 << 20))
    settings.isInUnits = engine.isIsolated
    settings.guesses = true
    return settings
  }
}

/// A command of `lanes files` whose operands are nothing but inputs.
protocol FilesOperation: ParsableCommand {
  var operands: FileOperands { get }
}

extension FileOperands {
  /// Runs `workload` over all files and makes one result of them.
  ///
  /// - Parameters:
  ///   - add: takes what a file that could be read to its end gave; where it throws, there is no result.
  ///   - show: prints the result; not called when the run was cut short or no file could be read.
  func makeOneResult<Partial: MergeablePartial>(
    _ workload: some FileWorkload, _ settings: FilePlan.Settings, _ engine: EngineArguments,
    add: @escaping (Partial) throws(UnitFailure) -> Void,
    show: (ResultPrinter) -> Void
  ) throws {
    // Outside `makePlan`, which may run twice; see `inputs`.
    let inputs = inputs
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: false)
    var isSpoilt = false
    let rows = FileRows<Partial> { row in
      var failure = row.failure
      if failure == nil {
        do throws(UnitFailure) {
          try add(row.partial)
        } catch {
          failure = error
          // The total may hold part of a file now, and is not to be used again.
          isSpoilt = true
        }
      }
      console.tell(failure, of: row.name)
    }
    let job = BatchRun(files: workload, settings) { (FilePlan(inputs, settings: settings), rows) }
    let record = try job.run(engine, console)
    // `max`: a run without any file has a result, and one whose files all failed has none.
    if record.ending == .complete && !isSpoilt && rows.failedRows < max(rows.rowCount, 1) { show(printer) }
    record.printStatistics(engine, to: printer)
    printer.flush()
    if let status = ExitStatus.of(record) { throw status }
    // A row can fail although all its units were done: partial results that cannot be read or put together.
    if isSpoilt || rows.failedRows > 0 { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }
}

extension BatchRun {
  /// A run over files, which are unpacked where that was asked for.
  init(files workload: some FileWorkload, _ settings: FilePlan.Settings, makeParts: @escaping () throws -> Parts) {
    guard let limits = settings.unpackingLimits else {
      self.init(workload: workload) {
        let (plan, fold) = try makeParts()
        guard settings.omitsSizes, let files = plan as? FilePlan else { return (plan, fold) }
        return (plan, try UnsizedFold(fold, of: files))
      }
      return
    }
    let unpacking = Unpacking(workload, limits)
    self.init(workload: unpacking) {
      let (plan, inner) = try makeParts()
      let fold = UnpackedFold(unpacking, inner)
      if settings.unpacking?.guesses == true, let plan = plan as? any MemberPlan { try fold.follow(plan) }
      return (plan, fold)
    }
  }
}

extension EngineArguments {
  /// True where performing is to happen in processes of its own.
  var isIsolated: Bool { (isolation ?? .none) != .none }
}
