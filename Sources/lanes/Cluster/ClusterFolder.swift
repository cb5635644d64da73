import ArgumentParser
import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import LanesReport
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
    var command = try DividedWords.command(typed)
    let writer: PlanWriter
    do { writer = try PlanWriter(path) } catch { throw ExitStatus.of(error) }
    Division.current = .planning(Planning(writer, cut.count, words: typed))
    defer { Division.current = .none }
    do {
      try command.run()
    } catch let frozen as PlanFrozen {
      return frozen.plan
    } catch {
      writer.abandon()
      throw error
    }
    writer.abandon()
    throw ExitStatus.usage.failing("the command has no units that could be divided: run it as it is")
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
      throw ExitStatus.unwritable(path.forDisplay, error)
    }
  }

  /// Puts all parts together through the command's own fold; throws its status, or tells what is missing.
  func merge(isJSON: Bool) throws {
    let plan = try read()
    let parts = PartSet(plan, path)
    if let problem = PartsReport(name: name, parts: parts).problem(isJSON: isJSON) { throw problem }
    let units: StoredFile
    do {
      units = try FrozenPlan.openUnits(path)
      for shard in plan.stretches.indices { try plan.check(shard, in: units, path) }
    } catch {
      throw ExitStatus.of(error)
    }
    try enter(plan)
    RawArguments.adopt(plan.words)
    var command = try DividedWords.command(plan.words)
    Division.current = .merging(Merging(parts, command, units: units))
    defer { removeEmptyFolder(plan) }
    try command.run()
  }

  /// A folder for results that shards have made and nothing came of.
  private func removeEmptyFolder(_ plan: FrozenPlan) {
    if let folder = plan.outputFolder?.path, plan.note(Self.madeFolder) == [1] { Folders.removeIfEmpty(folder) }
  }

  /// The note that says whether the folder for results was missing when the batch was planned.
  static let madeFolder = "folder was missing"
}

/// Tells how far the parts of a plan are.
struct PartsReport {
  let name: String
  let parts: PartSet

  /// Why parts cannot be put together; told here, on standard error, or as JSON on standard output.
  func problem(isJSON: Bool) -> ExitCode? {
    let missing = parts.missing
    guard !missing.isEmpty || !parts.contradictions.isEmpty else { return nil }
    if isJSON {
      try? StandardOutput.write(json + "\n")
    } else {
      for line in lines { StandardError.line("lanes: \(line)") }
    }
    return ExitCode((parts.contradictions.isEmpty ? ExitStatus.unfinished : .contradiction).rawValue)
  }

  /// Contradictions first, then what cannot be used, then what is missing.
  private var lines: [String] {
    var lines = parts.contradictions.map {
      "shard \($0.shard) gave two different results, in \($0.one.forDisplay) and \($0.other.forDisplay): "
        + "remove the one that is wrong, and see what is the matter with the machine"
    }
    lines += unusable
    let missing = parts.missing
    if !missing.isEmpty {
      let count = parts.plan.stretches.count
      lines.append(
        "\(name): missing: \(PartSet.list(missing)) (\(Readable.count(count - missing.count)) of "
          + "\(Readable.counted(count, "shard")) are there)")
    }
    return lines
  }

  /// A line for each file among the parts that cannot be used.
  var unusable: [String] {
    parts.unusable.map { part in
      switch part.state {
      case .damaged(let reason), .foreign(let reason): "\(part.path.forDisplay) \(reason)"
      case .complete, .unfinished: part.path.forDisplay
      }
    }
  }

  /// One object for all.
  var json: String {
    let totals = parts.totals
    let plan = parts.plan
    var json = JSONWriter()
    json.object {
      $0.member("type", "cluster")
      $0.member("command", plan.words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
      $0.member("program", plan.program)
      $0.member("shards", plan.stretches.count)
      $0.member("shards_done", plan.stretches.count - parts.missing.count)
      $0.member("units", plan.unitCount)
      $0.member("units_done", totals.done)
      $0.member("units_failed", totals.failed)
      $0.key("missing")
      $0.array { array in for shard in parts.missing { array.value(shard) } }
      $0.key("unusable")
      $0.array { array in for line in unusable { array.value(line) } }
      $0.key("contradictory")
      $0.array { array in for one in parts.contradictions { array.value(one.shard) } }
    }
    return json.text
  }

  /// For people: what the plan is, and how far it is.
  var text: [String] {
    let plan = parts.plan
    let count = plan.stretches.count
    let missing = parts.missing
    let totals = parts.totals
    let words = plan.words.map { FilePath(rawBytes: $0).forDisplay }.joined(separator: " ")
    var lines = [
      "command   lanes \(words)",
      "plan      \(Readable.counted(count, "shard")) of \(Readable.counted(plan.unitCount, "unit")), by lanes \(plan.program)",
      "done      \(Readable.counted(count - missing.count, "shard")), \(Readable.counted(totals.done, "unit"))"
        + (totals.failed > 0 ? " and \(Readable.count(totals.failed)) failed" : ""),
    ]
    if !missing.isEmpty { lines.append("missing   \(PartSet.list(missing))") }
    for shard in missing where parts.underWay[shard] > 0 {
      lines.append(
        "begun     shard \(shard): \(Readable.count(parts.underWay[shard])) of "
          + "\(Readable.counted(plan.stretches[shard].count, "unit"))")
    }
    lines += unusable.map { "unusable  \($0)" }
    lines += parts.contradictions.map {
      "differing shard \($0.shard): \($0.one.forDisplay) and \($0.other.forDisplay)"
    }
    return lines
  }
}
