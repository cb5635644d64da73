import ArgumentParser
import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// How a plan is cut, by the options of `lanes plan` and `lanes submit`.
struct CutArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Cut the batch into N shards, or one for each unit where there are fewer.", valueName: "N"))
  var shards: Int?

  @Option(
    name: .customLong("shard-time"), parsing: .unconditional,
    help: ArgumentHelp("Cut it into shards of about this time of one core. (default: 1m)", valueName: "DURATION"),
    transform: parseDuration)
  var time: Duration?

  func validate() throws {
    if shards != nil, time != nil { throw ValidationError("--shards and --shard-time exclude each other") }
    if let shards, !(1...10_000).contains(shards) {
      throw ValidationError("--shards takes a number from 1 to 10000, not \(shards)")
    }
    if let time, time <= .zero { throw ValidationError("--shard-time takes a duration above zero, such as 1m") }
  }

  var isGiven: Bool { shards != nil || time != nil }

  var count: ShardCount {
    if let shards { return .number(shards) }
    let (seconds, rest) = (time ?? .seconds(60)).components
    return .time(Int(clamping: Int128(seconds) * 1_000_000_000 + Int128(rest / 1_000_000_000)))
  }
}

/// The folder of a plan, and what commands do with it.
struct ClusterFolder {
  /// As it was typed, for messages.
  let name: String
  /// Absolute, since commands go to the directory of the plan.
  let path: FilePath

  init(_ word: String) {
    let typed = RawArguments.path(word)
    name = typed.forDisplay
    path = ((try? Folders.current()) ?? FilePath(".")).pushing(typed).lexicallyNormalized()
  }

  /// Refuses a name that cannot be told to another machine.
  func checkName() throws {
    guard FilePath(path.string) != path else { return }
    throw ExitStatus.usage.failing(
      "\(name) has a name that is no UTF-8, which other machines cannot be told: rename it")
  }

  /// Plans the command behind `--` and writes the plan down.
  func plan(_ typed: [Bytes], _ cut: CutArguments) throws -> FrozenPlan {
    let command = try DividedWords.command(typed)
    let writer: PlanWriter
    do { writer = try PlanWriter(path) } catch { throw ExitStatus.of(error) }
    return try Planning(writer, cut.count, words: typed).freeze(command)
  }

  /// Reads the plan; refuses one of another program, whose results need not be the same.
  func read(checkingProgram: Bool = true) throws -> FrozenPlan {
    let plan: FrozenPlan
    do { plan = try FrozenPlan.read(path) } catch { throw ExitStatus.of(error) }
    guard checkingProgram else { return plan }
    let now = RunSurroundings.current()
    if plan.program != now.program {
      throw ExitStatus.usage.failing(
        "\(name) was planned by lanes \(plan.program), and this is lanes \(now.program): every machine needs the same")
    }
    if plan.libraries != now.libraries {
      throw ExitStatus.usage.failing(
        "\(name) was planned with \(plan.libraries), and this program has \(now.libraries): every machine needs the same"
      )
    }
    return plan
  }

  /// The parts that are there; throws where nobody can tell.
  func parts(of plan: FrozenPlan) throws -> PartSet {
    let folder = FrozenPlan.partsFolder(path)
    do throws(SystemError) {
      // One that is no folder holds nothing either.
      _ = try Descriptor.reading(folder)
    } catch  where !error.isMissing {
      throw ExitStatus.stoppedEarly.failing("\(folder.forDisplay) cannot be read: \(error.reason)")
    } catch {
      // Nothing was done yet.
    }
    return PartSet(plan, path)
  }

  /// Goes to where the names of the plan begin.
  func enter(_ plan: FrozenPlan) throws {
    do {
      try Folders.enter(plan.directory)
    } catch {
      throw ExitStatus.missing.failing(
        "\(plan.directory.forDisplay), where the names of the plan begin, cannot be entered here: \(error.reason)")
    }
  }

  /// Writes a small file beside the plan.
  func write(_ text: String, _ path: FilePath) throws {
    do throws(SystemError) {
      let file = try Descriptor.creating(path)
      try Bytes(text.utf8).span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in
        try DescriptorIO.writeAll(file.number, bytes)
      }
    } catch {
      throw ExitStatus.unwritableOwn(path, error)
    }
  }

  /// Puts all parts together through the command's own fold; throws its status, or tells what is missing.
  func merge(_ options: MergeOptions) throws {
    let plan = try read()
    let parts = try parts(of: plan)
    if let problem = PartsReport(name: name, words: plan.words, parts: parts).problem(options) { throw problem }
    let units: StoredFile
    do {
      units = try FrozenPlan.openUnits(path)
      for shard in plan.stretches.indices { try plan.check(shard, in: units, path) }
    } catch {
      throw ExitStatus.of(error)
    }
    try enter(plan)
    RawArguments.adopt(plan.words)
    let command = try DividedWords.command(plan.words)
    defer { removeEmptyFolder(plan) }
    try Merging(parts, command, units: units, isPartial: options.isPartial).run()
  }

  /// A folder for results that shards have made and nothing came of.
  private func removeEmptyFolder(_ plan: FrozenPlan) {
    if let folder = plan.outputFolder?.path, plan.note(Self.madeFolder) == [1] { Folders.removeIfEmpty(folder) }
  }

  /// The note that says whether the folder for results was missing when the batch was planned.
  static let madeFolder = "folder was missing"
}
