import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// What a shard is given of its machine; passed on as it was typed.
struct ShardResources: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("slurm, k8s: CPUs of a shard, all of which it uses.", valueName: "N"))
  var cpus: Int?

  @Option(help: ArgumentHelp("slurm, k8s: memory of a shard, as these take it, such as 4G.", valueName: "SIZE"))
  var mem: String?

  func validate() throws {
    if let cpus, !(1...4096).contains(cpus) {
      throw ValidationError("--cpus takes a number from 1 to 4096, not \(cpus)")
    }
  }

  /// Names of options that were given.
  var given: [(name: String, isGiven: Bool)] { [("cpus", cpus != nil), ("mem", mem != nil)] }
}

/// What a Slurm job of shards is asked for; passed on as it was typed.
struct SlurmArguments: ParsableArguments {
  @Option(help: ArgumentHelp("slurm: the partition.", valueName: "NAME"))
  var partition: String?

  @Option(help: ArgumentHelp("slurm: the account.", valueName: "NAME"))
  var account: String?

  @Option(help: ArgumentHelp("slurm: longest time of a shard, as sbatch takes it.", valueName: "TIME"))
  var time: String?

  @Flag(help: "slurm: do not wait; the same words without COMMAND wait, and merge.")
  var detach = false

  /// Names of options that were given.
  var given: [(name: String, isGiven: Bool)] {
    [
      ("partition", partition != nil), ("account", account != nil), ("time", time != nil), ("detach", detach),
    ]
  }

  /// Options of sbatch.
  func words(_ resources: ShardResources) -> [String] {
    let named = [("partition", partition), ("account", account), ("time", time), ("mem", resources.mem)]
    let given = named.compactMap { name, value in value.map { "--\(name)=\($0)" } }
    // A minute before a limit the shard ends in order, so that the next round goes on where it was.
    return given + ["--cpus-per-task=\(resources.cpus ?? 1)"] + (time == nil ? [] : ["--signal=B:TERM@60"])
  }
}

/// Runs shards as tasks of Slurm array jobs.
///
/// The parts are believed and not the queue: a job that the controller has forgotten, a task that was requeued, or a node
/// that is gone show only in that parts are missing, which the next round is for.
final class SlurmCluster {
  /// How waiting for a job ended.
  enum End {
    /// All parts are there, or the queue has no task of the job any more.
    case over
    case stopped(Int32)
  }

  private let plan: FrozenPlan
  private let folder: ClusterFolder
  private let atOnce: Int?
  private let requests: [String]
  private let words: [String]

  /// Nanoseconds between two looks at the queue: the first pause, and the longest.
  private static let firstPause: Int64 = 1_000_000_000
  private static let longestPause: Int64 = 15_000_000_000
  /// Nanoseconds for which a controller may not answer before that is told.
  private static let patience: Int64 = 600_000_000_000

  /// - Parameters:
  ///   - atOnce: tasks that run at a time; nil leaves it to Slurm.
  ///   - requests: what a shard is given, as options of sbatch.
  ///   - words: engine options of every shard.
  init(_ plan: FrozenPlan, _ folder: ClusterFolder, atOnce: Int?, requests: [String], words: [String]) {
    self.plan = plan
    self.folder = folder
    self.atOnce = atOnce
    self.requests = requests
    self.words = words
  }

  // MARK: Files beside the plan

  /// The number of the job that was submitted last.
  private static func jobFile(_ folder: ClusterFolder) -> FilePath { folder.path.appending("slurm.job") }

  /// The job that was submitted last for a plan; nil where there was none.
  static func job(of folder: ClusterFolder) -> String? {
    guard let file = try? StoredFile(jobFile(folder)), let bytes = try? file.read(64, at: 0) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    return text.isEmpty || !text.allSatisfy(\.isNumber) ? nil : text
  }

  /// Says that a job has a task that would end in the same way again, and which one.
  private static func refusalFile(_ folder: ClusterFolder, _ job: String) -> FilePath {
    folder.path.appending("log").appending("slurm-\(job).refused")
  }

  /// Leaves word that this process, a task of a Slurm array, was refused; of several tasks one is enough.
  static func noteRefusal(_ folder: ClusterFolder, _ status: Int32) {
    guard let job = Terminal.variable("SLURM_ARRAY_JOB_ID"), let task = Terminal.variable(ShardSource.slurm.variable),
      !job.isEmpty, (job + task).allSatisfy(\.isNumber)
    else { return }
    // The folder of logs may not be there, or not be writable, which is then told by the log alone.
    guard let file = try? Descriptor.creating(refusalFile(folder, job)) else { return }
    try? Bytes("\(task) \(status)\n".utf8).span.bytes.withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
  }

  /// How a task of the job was refused, as a sentence; nil where none was.
  func refusal(of job: String) -> String? {
    guard let file = try? StoredFile(Self.refusalFile(folder, job)), let bytes = try? file.read(64, at: 0) else {
      return nil
    }
    let numbers = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard numbers.count == 2 else { return nil }
    let log = folder.path.appending("log").appending("slurm-\(job)-\(numbers[0]).log")
    let told = ShardLog.lastLine(log).map { ": \($0)" } ?? ""
    return "task \(numbers[0]) of job \(job) ended with status \(numbers[1])\(told)"
  }

  // MARK: The job

  /// Submits an array of these shards; indices of its tasks are lines of a list, so that they stay small and without gaps.
  func submit(_ shards: [Int]) throws -> String {
    let list = folder.path.appending("slurm.list")
    let script = folder.path.appending("slurm.sh")
    do { try Folders.make(folder.path.appending("log")) } catch {
      throw ExitStatus.unwritableOwn(folder.path.appending("log"), error)
    }
    // The list of a job that still waits must stay as it is: each round has one of its own.
    let own = list.string + "." + String(UInt64.random(in: 0 ... .max), radix: 36)
    try folder.write(shards.map { "\($0)\n" }.joined(), FilePath(own))
    let command =
      [try Tool.ownProgram(), "shard", "--from", "slurm-array", "--map", own, "--quiet"] + words + [folder.path.string]
    try folder.write("#!/bin/sh\nexec \(Tool.quoted(command))\n", script)
    let limit = atOnce.map { "%\($0)" } ?? ""
    // In the name of a log %% is one of them.
    let logs = folder.path.appending("log").string.split(separator: "%", omittingEmptySubsequences: false)
      .joined(separator: "%%")
    let result = try Self.run(
      [
        "sbatch", "--parsable", "--job-name=lanes", "--requeue", "--open-mode=append", "--nodes=1", "--ntasks=1",
        "--array=0-\(shards.count - 1)\(limit)", "--output=\(logs)/slurm-%A-%a.log",
        "--chdir=\(plan.directory.string)",
      ] + requests + [script.string])
    // The number, and behind a semicolon the cluster where there are several.
    let job = result.output.prefix { $0.isNumber }
    guard result.exit == .status(0), !job.isEmpty else {
      throw ExitStatus.stoppedEarly.failing("sbatch refused the job: \(result.message)")
    }
    try folder.write("\(job)\n", Self.jobFile(folder))
    return String(job)
  }

  private static func run(_ words: [String]) throws -> Tool.Result {
    let result: Tool.Result
    do { result = try Tool.run(words) } catch {
      throw ExitStatus.stoppedEarly.failing("\(words[0]) cannot be started: \(error.reason)")
    }
    guard result.exit != .status(Tool.missing) else {
      throw ExitStatus.missing.failing("\(words[0]) is not there: run this where Slurm's commands are")
    }
    return result
  }

  /// Waits until all parts are there or the queue holds nothing of the job.
  func wait(_ job: String, _ console: ProgressReporter) throws -> End {
    let sleeper: Reactor
    do throws(SystemError) {
      sleeper = try Reactor()
      // Wakes it; what was received is asked for below.
      _ = try sleeper.watch(StopSignals.wakeDescriptor) { _ in }
    } catch {
      throw ExitStatus.stoppedEarly.failing("\(error.call): \(error.reason)")
    }
    var pause = Self.firstPause
    var lastAnswer = monotonicNow()
    var told = 0
    console.batchStarted(totalUnits: plan.stretches.count)
    while true {
      let done = plan.stretches.indices.count {
        ((try? FileStatus.ifPresent(Part.path(folder.path, shard: $0))) ?? nil) != nil
      }
      while told < done {
        told += 1
        console.unitEnded(ProcessCluster.mark, UnitRecord(lane: 0))
      }
      if done == plan.stretches.count { return .over }
      switch try queue(job) {
      case .empty: return .over
      case .holds: lastAnswer = monotonicNow()
      case .unknown(let reason):
        guard monotonicNow() - lastAnswer < Self.patience else {
          throw ExitStatus.stoppedEarly.failing(
            "Slurm does not answer (\(reason)); the job \(job) may go on: the same words without COMMAND wait for it")
        }
      }
      // Woken by a signal, which stays readable once it came.
      let deadline = monotonicNow() + pause
      while StopSignals.received == nil, monotonicNow() < deadline {
        try? sleeper.turn(waiting: true, atMost: Int32(clamping: (deadline - monotonicNow()) / 1_000_000 + 1))
      }
      if let signal = StopSignals.received { return .stopped(signal) }
      pause = min(pause * 3 / 2, Self.longestPause)
    }
  }

  private enum Queue {
    case holds, empty
    case unknown(String)
  }

  private func queue(_ job: String) throws -> Queue {
    let result = try Self.run(["squeue", "--noheader", "--jobs=\(job)", "--format=%i"])
    if result.exit == .status(0) { return result.output.contains { !$0.isWhitespace } ? .holds : .empty }
    // A job that is long over, or that the controller has lost.
    return result.message.contains("Invalid job id") ? .empty : .unknown(result.message)
  }
}

extension SlurmCluster {
  /// Tells Slurm to end what is left of the job that was submitted last.
  static func cancel(_ folder: ClusterFolder) throws {
    guard let job = job(of: folder) else {
      throw ExitStatus.usage.failing("no job was submitted for \(folder.name): there is nothing to cancel")
    }
    let result = try run(["scancel", job])
    guard result.exit == .status(0) || result.message.contains("Invalid job id") else {
      throw ExitStatus.stoppedEarly.failing("scancel refused: \(result.message)")
    }
    StandardError.line("lanes: job \(job) is cancelled; parts that are there stay, and lanes submit goes on with them")
  }
}
