import ArgumentParser
import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// Where the number of a shard comes from, where it is not typed.
enum ShardSource: ExpressibleByArgument, Equatable {
  /// The index of a task of a Slurm array.
  case slurm
  /// The index of a pod of an indexed Kubernetes job.
  case kubernetes
  case variable(String)

  init?(argument: String) {
    switch argument {
    case "slurm-array": self = .slurm
    case "k8s": self = .kubernetes
    default:
      guard argument.hasPrefix("env:"), argument.count > 4 else { return nil }
      self = .variable(String(argument.dropFirst(4)))
    }
  }

  /// The environment variable that holds it.
  var variable: String {
    switch self {
    case .slurm: "SLURM_ARRAY_TASK_ID"
    case .kubernetes: "JOB_COMPLETION_INDEX"
    case .variable(let name): name
    }
  }
}

/// `lanes shard`: does one shard of a plan and writes its part.
struct ShardCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "shard",
    abstract: "Do one shard of a plan, under any engine.",
    usage: "lanes shard [OPTION]... I DIR\nlanes shard [OPTION]... --from SOURCE DIR",
    discussion: """
      Shards are numbered from 0. What a shard comes to is written to DIR; what its units print as \
      well. A shard that is done already is left alone; one that was stopped goes on where it was. It may run several \
      times at once, on any machines.

      EXAMPLES
        lanes shard 3 job
        lanes shard --from slurm-array job --mode threads --cores 8
        seq 0 7 | parallel lanes shard {} job
      """)

  static let statuses =
    ExitStatus.page("The shard is done; lanes merge tells of units that failed.", nil) + [
      ManualPage.Status("75", "A run that is no shard writes to the folder of results: the same words may do later.")
    ]

  @Option(
    help: ArgumentHelp(
      "Take the number from what runs this process: slurm-array, k8s, or env:NAME.", valueName: "SOURCE"))
  var from: ShardSource?

  @Option(
    help: ArgumentHelp("With --from: the shard is what line I of FILE says, from 0.", valueName: "FILE"),
    completion: .file())
  var map: String?

  @Argument(
    help: ArgumentHelp("The number of the shard, unless --from tells it, and the plan's folder.", valueName: "I DIR"))
  var operands: [String]

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func validate() throws {
    guard operands.count == (from == nil ? 2 : 1) else {
      throw ValidationError(
        from == nil
          ? "two operands are needed: the number of the shard, and DIR" : "with --from there is one operand: DIR")
    }
    if from == nil, UInt32(operands[0]) == nil {
      throw ValidationError("'\(operands[0])' is not the number of a shard, which is 0 or more")
    }
    if map != nil, from == nil { throw ValidationError("--map is meaningful only with --from") }
    try engine.refuse(
      [("journal", engine.journal != nil), ("resume", engine.resume != nil)],
      "is not needed: a shard has its part in DIR, and goes on by itself")
  }

  func run() throws {
    let folder = ClusterFolder(operands.last!)
    do {
      try run(folder)
    } catch let status as ExitCode {
      // Whoever submitted the job hears nothing else of how its tasks end.
      if from == .slurm, ExitStatus.isFinal(ofShard: status.rawValue) {
        SlurmCluster.noteRefusal(folder, status.rawValue)
      }
      throw status
    }
  }

  private func run(_ folder: ClusterFolder) throws {
    let shard = try number()
    let plan = try folder.read()
    guard plan.stretches.indices.contains(shard) else {
      let count = plan.stretches.count
      throw ExitStatus.usage.failing(
        "there is no shard \(shard): \(folder.name) has \(Readable.counted(count, "shard")), numbered from 0")
    }
    let attempt = try FolderShard(plan, shard, folder, engine)
    if try attempt.isDone() { return attempt.run.tell("is done already") }
    try folder.enter(plan)
    try attempt.perform()
  }

  /// The number that was typed, or that of the variable.
  private func number() throws -> Int {
    guard let from else { return Int(operands[0])! }
    guard let text = Terminal.variable(from.variable) else {
      throw ExitStatus.missing.failing("\(from.variable) is not set: this process was not started by what --from names")
    }
    guard let number = UInt32(text) else {
      throw ExitStatus.usage.failing("\(from.variable) is '\(text)', which is not the number of a shard")
    }
    guard let map else { return Int(number) }
    let path = RawArguments.path(map)
    let lines: [Substring]
    do throws(SystemError) {
      let file = try StoredFile(path)
      lines = String(decoding: try file.read(try file.size(), at: 0), as: UTF8.self).split(separator: "\n")
    } catch {
      throw ExitStatus.missing.failing("\(path.forDisplay) cannot be read: \(error.reason)")
    }
    guard lines.indices.contains(Int(number)), let shard = UInt32(lines[Int(number)]) else {
      throw ExitStatus.usage.failing("\(path.forDisplay) has no shard in line \(number), counted from 0")
    }
    return Int(shard)
  }
}

/// A shard whose part goes to the folder of its plan.
private struct FolderShard {
  let folder: ClusterFolder
  let run: ShardRun

  init(_ plan: FrozenPlan, _ shard: Int, _ folder: ClusterFolder, _ engine: EngineArguments) throws {
    self.folder = folder
    do { run = ShardRun(plan: plan, shard: shard, units: try FrozenPlan.openUnits(folder.path), engine: engine) } catch
    {
      throw ExitStatus.of(error)
    }
  }

  /// True where the part is there and whole. One that is damaged, or was never finished, is removed; one of another plan is not
  /// ours to remove.
  func isDone() throws -> Bool {
    let path = Part.path(folder.path, shard: run.shard)
    guard (try? FileStatus.ifPresent(path, followingLinks: false)) ?? nil != nil else { return false }
    let part = Part.examine(path, run.plan, run.plan.fingerprint)
    switch part.state {
    case .complete where part.shard == run.shard: return true
    case .complete: throw ExitStatus.usage.failing("\(path.forDisplay) is the part of shard \(part.shard!): rename it")
    case .foreign(let reason): throw ExitStatus.usage.failing("\(path.forDisplay) \(reason): remove it")
    case .damaged, .unfinished:
      if case .damaged(let reason) = part.state { StandardError.line("lanes: \(path.forDisplay) \(reason): done anew") }
      do { try Folders.removeFile(path) } catch { throw ExitStatus.unwritableOwn(path, error) }
      return false
    }
  }

  func perform() throws {
    let attempt: FilePath
    do {
      try run.plan.check(run.shard, in: run.units, folder.path)
      attempt = Part.attempt(folder.path, shard: run.shard)
      // Goes on with what an earlier attempt has left, if there was one.
      let begun = Part.attempts(folder.path, shard: run.shard)
      try Part.copyAttempt(of: begun, run.plan.binding(of: run.shard), to: attempt)
    } catch {
      throw ExitStatus.of(error)
    }
    let record = try run.perform(attempt)
    guard record.ending == .complete else { throw ExitStatus.of(record) ?? ExitCode(ExitStatus.stoppedEarly.rawValue) }
    try seal(attempt)
    report(record)
    if record.isTraceIncomplete { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// Makes the part of what the attempt has written down, and removes what attempts have left.
  private func seal(_ attempt: FilePath) throws {
    do {
      guard let earlier = try RunFile.examine(attempt).earlier else { return }
      try PartSealer(run.plan, shard: run.shard).seal(earlier, run.compactor, units: run.units, in: folder.path)
    } catch let error as ClusterError {
      throw ExitStatus.of(error)
    } catch RunFile.Problem.missing {
      // Another attempt at the shard was done first and has removed what was left.
    } catch {
      throw ExitStatus.stoppedEarly.failing("\(attempt.forDisplay) cannot be read back")
    }
    for path in Part.attempts(folder.path, shard: run.shard) {
      // Another process that is at the same shard keeps its file, and removes it in the end.
      guard let lock = try? LockedFile(path, makes: false) else { continue }
      try? Folders.removeFile(path)
      withExtendedLifetime(lock) {}
    }
  }

  private func report(_ record: RunRecord) {
    let printer = ResultPrinter()
    if run.engine.json {
      var json = JSONWriter()
      json.object {
        $0.member("type", "shard")
        $0.member("shard", run.shard)
        $0.member("units_done", record.unitsDone)
        $0.member("units_failed", record.unitsFailed)
      }
      printer.line(json.text)
    }
    record.printStatistics(run.engine, to: printer)
    printer.flush()
    run.tell(of: record)
  }
}
