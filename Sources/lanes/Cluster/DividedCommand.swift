import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import SystemPackage

/// A command whose units can be shared out among machines.
protocol DividedCommand: ParsableCommand {
  var engine: EngineArguments { get }
  /// Why the command as it was typed cannot be divided; nil where it can.
  var indivisible: String? { get }
  /// Why the shards of it cannot plan for themselves; nil where they can.
  var needsOnePlan: String? { get }
  /// Why a part of its units gives no result; nil where it gives one.
  var needsEveryUnit: String? { get }
}

extension DividedCommand {
  var needsOnePlan: String? { nil }
  var needsEveryUnit: String? { nil }
}

/// Reads the words of a command that is to be divided.
enum DividedWords {
  /// The word that stands before the command.
  static let separator = "--"

  /// The words behind the first `--` of this process, byte for byte; nil where there is none.
  static func typed() -> [Bytes]? {
    let words = RawArguments.typed
    return words.firstIndex(of: Bytes(separator.utf8)).map { Array(words[($0 + 1)...]) }
  }

  /// The command of these words; one that is refused ends the process as if it had been called by itself.
  ///
  /// - Parameter isStandalone: every shard plans for itself.
  static func command(_ typed: [Bytes], isStandalone: Bool = false) throws -> any DividedCommand {
    let words = CommandLineMode.expanded(typed.map { String(decoding: $0, as: UTF8.self) })
    if StandaloneShard.isMeant(words) {
      throw ExitStatus.usage.failing("--shard stands before a command alone: leave it out here")
    }
    let command: any ParsableCommand
    do { command = try LanesCommand.parseAsRoot(words) } catch { CommandLineMode.end(with: error, words) }
    guard let divided = command as? any DividedCommand else {
      throw ExitStatus.usage.failing(
        "only images convert, images info, images compare, primes and files can be divided among machines, and this is lanes "
          + words.prefix(1).joined())
    }
    let objection = isStandalone ? divided.needsOnePlan ?? divided.engine.ofOneRun : divided.engine.ofOneShard
    if let objection = divided.indivisible ?? objection { throw ExitStatus.usage.failing(objection) }
    return divided
  }
}

extension EngineArguments {
  /// Why a shard that plans for itself cannot have these options.
  fileprivate var ofOneRun: String? {
    if stats || trace != nil {
      return "--\(stats ? "stats" : "trace") tells of a whole run, which a shard is not: leave it out"
    }
    return noJournal
  }

  private var noJournal: String? {
    guard journal != nil || resume != nil else { return nil }
    return "--\(journal != nil ? "journal" : "resume") is not needed: every part is a run file"
  }

  /// Options of those who do the work, which the plan cannot hold.
  fileprivate var ofOneShard: String? {
    let given: [(String, Bool)] = [
      ("--mode", mode != .auto), ("--isolation", isolation != nil), ("--cores", cores != nil), ("--ipc", ipc != .shm),
      ("--queue-depth", queueDepth != nil), ("--timeout", timeout != nil), ("--retries", retries != 1),
      ("--stats", stats), ("--trace", trace != nil),
    ]
    if let name = given.first(where: \.1)?.0 {
      return "\(name) is for whoever runs a shard: give it to lanes shard, or to lanes submit before the --"
    }
    return noJournal.map { "\($0), and shards go on by themselves" }
  }

  /// Refuses, for commands around a divided one, options that have no effect there.
  func refuse(_ names: [(name: String, isGiven: Bool)], _ reason: String) throws {
    if let given = names.first(where: \.isGiven) { throw ValidationError("--\(given.name) \(reason)") }
  }

  /// The words by which another process of this program gets the same engine.
  var words: [String] {
    var words = ["--mode", mode.name, "--ipc", ipc.rawValue, "--retries", String(retries)]
    if let isolation { words += ["--isolation", isolation.rawValue] }
    if let cores { words += ["--cores", String(cores)] }
    if let queueDepth { words += ["--queue-depth", String(queueDepth)] }
    if let memory { words += ["--memory", String(memory)] }
    if let timeout {
      let (seconds, rest) = timeout.components
      words += ["--timeout", "\(seconds * 1_000_000_000 + rest / 1_000_000_000)ns"]
    }
    return words
  }
}

extension PrimesCommand: DividedCommand {
  var indivisible: String? { nil }
  var needsEveryUnit: String? {
    asked.nth != nil || isCombinatorial
      ? "primes \(isCombinatorial ? "--algorithm combinatorial" : "--nth") needs every shard, so that --partial gives nothing"
      : nil
  }
}

extension FilesOperation {
  /// Standard input is one process's own.
  fileprivate var readsStandardInput: String? {
    operands.readsStandardInput ? "standard input cannot be divided: save it to a file first" : nil
  }
}

extension FilesCountCommand: DividedCommand {
  var indivisible: String? { readsStandardInput }
}

extension FilesHashCommand: DividedCommand {
  var indivisible: String? {
    check ? "files hash --check cannot be divided: hash the files and compare the lists" : readsStandardInput
  }
}

extension FilesStatsCommand: DividedCommand {
  var indivisible: String? { readsStandardInput }
}

extension FilesTopCommand: DividedCommand {
  var indivisible: String? { readsStandardInput }
}

extension FilesHistogramCommand: DividedCommand {
  var indivisible: String? { readsStandardInput }
}

extension FilesSearchCommand: DividedCommand {
  var indivisible: String? {
    readsStandardInput ? "standard input cannot be divided: save it to a file first" : nil
  }
}

extension ImagesConvertCommand: DividedCommand {
  var indivisible: String? {
    if files.dryRun { return "--dry-run does nothing that could be divided: leave it out" }
    if inputs.contains("-") { return "standard input cannot be divided: save it to a file first" }
    guard let from = files.from else { return nil }
    let kind = from == "-" ? nil : try? FileStatus(of: RawArguments.path(from)).kind
    return kind == .regular || kind == .directory || from != "-" && kind == nil
      ? nil : "a list that comes through a pipe cannot be divided: save it to a file first"
  }
}

extension ImagesConvertCommand {
  var needsOnePlan: String? {
    switch files.existing {
    case .refuse, .replace: nil
    case .skip, .replaceOlder:
      "--skip-existing and --newer-only look at results, which other shards are making: lanes plan looks at them once"
    }
  }
}

extension ImagesCompareCommand: DividedCommand {
  var indivisible: String? { nil }
}

extension ImagesInfoCommand: DividedCommand {
  var indivisible: String? {
    inputs.contains("-") ? "standard input cannot be divided: save it to a file first" : nil
  }
}
