import ArgumentParser
import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// `lanes --shard I/N COMMAND`: a shard without a folder, which plans for itself and writes its part to standard output.
enum StandaloneShard {
  static let option = "--shard"

  /// Which of how many shards is meant.
  struct Place: Equatable {
    let shard: Int
    let count: Int

    /// `I/N`, with I from 0; nil for anything else.
    init?(_ text: String) {
      let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt32($0) }
      guard numbers.count == 2, let shard = numbers[0], let count = numbers[1], shard < count, count <= ShardCount.most
      else { return nil }
      (self.shard, self.count) = (Int(shard), Int(count))
    }
  }

  /// True where these words, behind the program's name, ask for a shard.
  static func isMeant(_ words: [String]) -> Bool {
    words.first.map { $0 == option || $0.hasPrefix(option + "=") } ?? false
  }

  /// Does what the words of this process ask for.
  static func run() throws {
    var words = Array(RawArguments.typed.dropFirst())
    let place = try takePlace(&words)
    guard !Terminal.isTerminal(1) else {
      throw ExitStatus.usage.failing(
        "the part of a shard is no text for a terminal: send it to a file, as in lanes --shard 0/8 primes 1e12 > part0")
    }
    // What is printed must not be read: the file that takes the part is no input.
    let batch = try StandaloneBatch(words, shards: place.count, refusing: try? FileStatus(of: 1).identity)
    let run = ShardRun(plan: batch.plan, shard: place.shard, units: batch.units, engine: batch.command.engine)
    let record: RunRecord
    do {
      let scratch: ScratchFolder
      do { scratch = try ScratchFolder("lanes-shard-") } catch {
        throw ExitStatus.unwritableOwn(ScratchFolder.parent, error)
      }
      let attempt = scratch.path.appending("attempt")
      record = try run.perform(attempt, batch.standalone)
      if record.ending == .complete { try write(run, attempt) }
      withExtendedLifetime(scratch) {}
    }
    guard record.ending == .complete else { throw ExitStatus.of(record) ?? ExitCode(ExitStatus.stoppedEarly.rawValue) }
    // What could not be delivered is told when this process ends.
    if StandardOutput.failure == nil { run.tell(of: record) }
  }

  /// Takes the option off the words.
  private static func takePlace(_ words: inout [Bytes]) throws -> Place {
    let first = String(decoding: words.removeFirst(), as: UTF8.self)
    var value: String?
    if first != option {
      value = String(first.dropFirst(option.count + 1))
    } else if !words.isEmpty {
      value = String(decoding: words.removeFirst(), as: UTF8.self)
    }
    guard let value, let place = Place(value) else {
      throw ExitStatus.usage.failing(
        "--shard takes I/N, the number of a shard from 0 and how many there are, such as 0/8"
          + (value.map { ", not '\($0)'" } ?? ""))
    }
    if words.first == Bytes(DividedWords.separator.utf8) { words.removeFirst() }
    guard !words.isEmpty else {
      throw ExitStatus.usage.failing(
        "which COMMAND? It stands behind --shard, as in lanes --shard \(value) primes 1e12")
    }
    return place
  }

  /// Makes the part of what the attempt has written down.
  private static func write(_ run: ShardRun, _ attempt: FilePath) throws {
    do {
      guard let earlier = try RunFile.examine(attempt).earlier else { throw RunFile.Problem.missing }
      try PartSealer(run.plan, shard: run.shard).write(earlier, run.compactor, units: run.units) {
        (bytes) throws(SystemError) in
        do throws(StandardOutput.Failure) { try StandardOutput.write(bytes) } catch {
          throw SystemError("write", .brokenPipe)
        }
      }
    } catch let error as ClusterError {
      if StandardOutput.failure == nil, StopSignals.received == nil { throw ExitStatus.of(error) }
    } catch {
      throw ExitStatus.stoppedEarly.failing("what the shard has done cannot be read back")
    }
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
  }
}

/// The batch of a command as any machine plans it by itself: what hangs on the machine, the time, or on results that other
/// shards have made meanwhile is left out.
struct StandaloneBatch {
  let plan: FrozenPlan
  let units: any RunFileSource
  let command: any DividedCommand
  let standalone: StandaloneCommand

  /// Plans the command of these words.
  ///
  /// - Parameter refused: a file that must not be an input.
  init(_ words: [Bytes], shards: Int, refusing refused: FileIdentity? = nil) throws {
    command = try DividedWords.command(words, isStandalone: true)
    standalone = StandaloneCommand(words: words, shards: shards)
    let writer: PlanWriter
    do { writer = try PlanWriter(withoutFolder: ScratchFolder.parent, refusing: refused) } catch {
      throw ExitStatus.of(error)
    }
    let meaning = try Self.meaning(of: words).map { Bytes($0.utf8) }
    plan = try Planning(writer, .exactly(shards), words: meaning, isStandalone: true).freeze(command)
    units = writer.units
  }

  /// What the words ask for, whatever their order and whoever does it: options of engines are left out but for those that decide
  /// on what is printed.
  static func meaning(of words: [Bytes]) throws -> [String] {
    let words = CommandLineMode.expanded(words.map { String(decoding: $0, as: UTF8.self) })
    // With --quiet a search stops at the first line; other commands only say less.
    let kept = words.starts(with: ["files", "search"]) ? ["--json", "--quiet"] : ["--json"]
    guard let meaning = CommandLineMode.meaning(of: words, leavingOut: EngineArguments.section, but: kept)
    else { throw ExitStatus.stoppedEarly.failing("the options of this program cannot be told") }
    return meaning
  }
}

/// Results that are there already come from other shards or attempts, as far as one can know: they are taken where they are
/// the same.
final class SharedResults: EarlierResults {
  func origin(of output: FilePath) -> ResultOrigin { .unrecorded }
}
