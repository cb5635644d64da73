import LanesCluster
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// Runs shards in processes that this one starts, here or over ssh, several at a time.
///
/// The parts are what counts: a process that ended well is one that left its part.
final class ProcessCluster {
  /// Where one shard runs at a time.
  enum Place: Hashable {
    case here
    case host(String)
  }

  /// A shard whose process ended without a part.
  struct Failed {
    let number: Int
    let reason: String
    /// True where another try would end in the same way.
    let isFinal: Bool
  }

  private final class Running {
    let shard: Int
    let place: Place
    var child: Child
    var watch: Reactor.Watch?

    init(_ shard: Int, _ place: Place, _ child: consuming Child) {
      self.shard = shard
      self.place = place
      self.child = child
    }
  }

  private let plan: FrozenPlan
  private let fingerprint: Bytes
  private let folder: ClusterFolder
  /// Nothing is written to it: hosts see its end, however this process ends, and stop their shards in order.
  private let life: Pipe
  private let places: [Place]
  private let words: [String]
  private var running: [Running] = []
  private var failed: [Failed] = []
  /// Shards to come, the next one last.
  private var waiting: [Int] = []
  /// Places that nothing runs in.
  private var free: [Place] = []
  /// Hosts that could not be reached, or were lost, in this round.
  private var lost: Set<Place> = []
  /// Hosts that would refuse every shard.
  private var refusing: Set<Place> = []

  /// - Parameters:
  ///   - places: one for each shard that runs at a time.
  ///   - words: engine options of every shard.
  init(_ plan: FrozenPlan, _ folder: ClusterFolder, places: [Place], words: [String]) throws(SystemError) {
    life = try Pipe()
    self.plan = plan
    fingerprint = plan.fingerprint
    self.folder = folder
    self.places = places
    self.words = words
  }

  /// True where no host would take a shard in another round either.
  var isOver: Bool { places.allSatisfy(refusing.contains) }

  private func log(_ shard: Int) -> FilePath { folder.path.appending("log").appending("\(shard).log") }

  /// Runs these shards to their end, or until a stop is asked for, which they are told.
  func run(_ shards: [Int], _ console: ProgressReporter) throws -> [Failed] {
    failed = []
    lost = []
    free = places.reversed().filter { !refusing.contains($0) }
    waiting = shards.reversed()
    let logs = folder.path.appending("log")
    do { try Folders.make(logs) } catch { throw ExitStatus.unwritableOwn(logs, error) }
    do throws(SystemError) {
      let reactor = try Reactor()
      // Wakes it; what was received is asked for below, since a signal may also end a turn before any handler is called.
      let stop = try reactor.watch(StopSignals.wakeDescriptor) { _ in }
      var isStopping = false
      console.batchStarted(totalUnits: plan.stretches.count)
      for _ in shards.count..<plan.stretches.count { console.unitEnded(Self.mark, UnitRecord(lane: 0)) }
      while !waiting.isEmpty || !running.isEmpty {
        while StopSignals.received == nil, !waiting.isEmpty, let place = free.popLast() {
          try start(waiting.removeLast(), place, reactor, console)
        }
        if running.isEmpty { break }
        try reactor.turn(waiting: true)
        if let signal = StopSignals.received, !isStopping {
          isStopping = true
          // The descriptor stays readable once a stop was asked for.
          reactor.forget(stop)
          for process in running { process.child.kill(signal) }
        }
      }
    } catch {
      throw ExitStatus.stoppedEarly.failing("the shards cannot be run: \(error.call): \(error.reason)")
    }
    return failed
  }

  /// Stands for a shard where units are counted.
  static let mark = Unit(number: 0, label: "shard")

  private func start(
    _ shard: Int, _ place: Place, _ reactor: Reactor, _ console: ProgressReporter
  ) throws(SystemError) {
    var command = try makeCommand(shard, place)
    command.ownGroup = true
    let log = try Descriptor.creating(log(shard))
    let nothing = try Descriptor.reading("/dev/null")
    command.descriptors = [
      (0, place == .here ? nothing.number : life.readEnd.number), (1, log.number), (2, log.number),
    ]
    let process = Running(shard, place, try Child(command))
    running.append(process)
    process.watch = try reactor.watch(process.child.pidfd.number) { [unowned self, unowned process] _ in
      self.end(process, reactor, console)
    }
  }

  private func makeCommand(_ shard: Int, _ place: Place) throws(SystemError) -> Child.Command {
    let shardWords = ["shard", "--quiet"] + words + [String(shard)]
    switch place {
    case .here:
      // This very program, whatever PATH says.
      var command = Child.Command(program: "/proc/self/exe", arguments: ["lanes"] + shardWords + ["."])
      command.directory = folder.path
      return command
    case .host(let name):
      let program = try Folders.target(ofLink: FilePath("/proc/self/exe")).string
      // A shell of its own, since that of the login may be any: it stops the shard when its input ends, and tells of a signal by
      // its status, as ssh does not.
      let script = """
        exec 3<&0; \(Tool.quoted([program] + shardWords + [folder.path.string])) </dev/null 3<&- & shard=$!; \
        { cat <&3; kill $shard; } >/dev/null 2>&1 & exec 3<&-; wait $shard; status=$?; kill $!; exit $status
        """
      let options = ["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=4"]
      return Child.Command(
        program: "/bin/sh",
        arguments: Tool.shell + ["ssh"] + options.flatMap { ["-o", $0] } + [
          name, "exec sh -c " + Tool.quoted([script]),
        ])
    }
  }

  /// Statuses that tell of a host, not of its shard: nothing there can be run, or it is not what the plan needs.
  private static let refusals = [ExitStatus.usage.rawValue, ExitStatus.missing.rawValue, 126, Tool.missing]
  /// What ssh itself ends with.
  private static let sshFailed: Int32 = 255

  private func end(_ process: Running, _ reactor: Reactor, _ console: ProgressReporter) {
    if let watch = process.watch { reactor.forget(watch) }
    running.removeAll { $0 === process }
    var record = UnitRecord(lane: 0)
    let exit = try? process.child.wait().exit
    if isLost(process, exit, console) {
      waiting.append(process.shard)
      return
    }
    if !lost.contains(process.place) { free.append(process.place) }
    if exit != .status(0), StopSignals.received == nil {
      record.failed = true
      failed.append(failure(process.shard, exit))
    }
    console.unitEnded(Self.mark, record)
  }

  /// True where another host is to do the shard; tells that this one takes no more of them, once.
  private func isLost(_ process: Running, _ exit: Child.Exit?, _ console: ProgressReporter) -> Bool {
    guard case .host(let name) = process.place, case .status(let status)? = exit, StopSignals.received == nil else {
      return false
    }
    let refuses = Self.refusals.contains(status)
    // A stranger's file in the part's place is the shard's trouble on every host, and no host's.
    if refuses, Part.isTaken(folder.path, shard: process.shard, plan, fingerprint) { return false }
    guard refuses || status == Self.sshFailed else { return false }
    if refuses { refusing.insert(process.place) }
    if lost.insert(process.place).inserted {
      free.removeAll { $0 == process.place }
      let more = refuses ? "is given no more shards" : "is given no more shards in this round"
      console.say("lanes: \(name) \(more): \(failure(process.shard, exit).reason)")
    }
    return true
  }

  /// How a shard ended, with the last line of its log.
  private func failure(_ shard: Int, _ exit: Child.Exit?) -> Failed {
    let told = ShardLog.lastLine(log(shard)).map { ": \($0)" } ?? ""
    switch exit {
    case .status(let status):
      return Failed(
        number: shard, reason: "ended with status \(status)\(told)", isFinal: ExitStatus.isFinal(ofShard: status))
    case .signal(let signal):
      return Failed(number: shard, reason: "ended by \(Signal.name(signal))\(told)", isFinal: false)
    case nil: return Failed(number: shard, reason: "could not be waited for", isFinal: false)
    }
  }
}

/// What shards say while nobody watches.
enum ShardLog {
  /// The last line, without this program's name in front; nil where nothing was said.
  static func lastLine(_ path: FilePath) -> String? {
    let end = (try? StoredFile(path)).flatMap { try? $0.read(1 << 16, at: max(0, $0.size() - 1 << 16)) }
    let line = end.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").last.map(String.init) }
    return line.map { $0.hasPrefix("lanes: ") ? String($0.dropFirst(7)) : $0 }
  }
}

extension ExitStatus {
  /// True for statuses with which a shard would end again: it was refused, or something that it needs is missing.
  static func isFinal(ofShard status: Int32) -> Bool { [usage.rawValue, missing.rawValue].contains(status) }
}
