import LanesCluster
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// Runs shards in processes of this machine, several at a time.
///
/// The parts are what counts: a process that ended well is one that left its part.
final class LocalCluster {
  /// A shard whose process ended without a part.
  struct Failed {
    let number: Int
    let reason: String
    /// True where another try would end in the same way.
    let isFinal: Bool
  }

  private final class Running {
    let shard: Int
    var child: Child
    var watch: Reactor.Watch?

    init(_ shard: Int, _ child: consuming Child) {
      self.shard = shard
      self.child = child
    }
  }

  private let plan: FrozenPlan
  private let folder: ClusterFolder
  private let atOnce: Int
  private let words: [String]
  private var running: [Running] = []
  private var failed: [Failed] = []

  /// - Parameter words: engine options of every shard.
  init(_ plan: FrozenPlan, _ folder: ClusterFolder, atOnce: Int, words: [String]) {
    self.plan = plan
    self.folder = folder
    self.atOnce = atOnce
    self.words = words
  }

  private func log(_ shard: Int) -> FilePath { folder.path.appending("log").appending("\(shard).log") }

  /// Runs these shards to their end, or until a stop is asked for, which they are told.
  func run(_ shards: [Int], _ console: ProgressReporter) throws -> [Failed] {
    failed = []
    do throws(SystemError) {
      try Folders.make(folder.path.appending("log"))
      let reactor = try Reactor()
      let stop = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in
        guard let signal = StopSignals.received else { return }
        for process in running { process.child.kill(signal) }
      }
      console.batchStarted(totalUnits: plan.stretches.count)
      for _ in shards.count..<plan.stretches.count { console.unitEnded(Self.mark, UnitRecord(lane: 0)) }
      var waiting = shards[...]
      while !waiting.isEmpty || !running.isEmpty {
        while running.count < atOnce, StopSignals.received == nil, let shard = waiting.popFirst() {
          try start(shard, reactor, console)
        }
        if running.isEmpty { break }
        try reactor.turn(waiting: true)
        // The descriptor stays readable once a stop was asked for.
        if StopSignals.received != nil { reactor.forget(stop) }
      }
    } catch {
      throw ExitStatus.stoppedEarly.failing("the shards cannot be run: \(error.call): \(error.reason)")
    }
    return failed
  }

  /// Stands for a shard where units are counted.
  static let mark = Unit(number: 0, label: "shard")

  private func start(_ shard: Int, _ reactor: Reactor, _ console: ProgressReporter) throws(SystemError) {
    // This very program, whatever PATH says.
    var command = Child.Command(
      program: "/proc/self/exe", arguments: ["lanes", "shard", "--quiet"] + words + [String(shard), "."])
    command.directory = folder.path.string
    command.ownGroup = true
    let log = try Descriptor.creating(log(shard))
    let nothing = try Descriptor.reading("/dev/null")
    command.descriptors = [(0, nothing.number), (1, log.number), (2, log.number)]
    let process = Running(shard, try Child(command))
    running.append(process)
    process.watch = try reactor.watch(process.child.pidfd.number) { [unowned self, unowned process] _ in
      self.end(process, reactor, console)
    }
  }

  private func end(_ process: Running, _ reactor: Reactor, _ console: ProgressReporter) {
    if let watch = process.watch { reactor.forget(watch) }
    running.removeAll { $0 === process }
    var record = UnitRecord(lane: 0)
    let exit = try? process.child.wait().exit
    if exit != .status(0), StopSignals.received == nil {
      record.failed = true
      failed.append(failure(process.shard, exit))
    }
    console.unitEnded(Self.mark, record)
  }

  /// How a shard ended, with the last line of its log.
  private func failure(_ shard: Int, _ exit: Child.Exit?) -> Failed {
    let lines = (try? StoredFile(log(shard))).flatMap { try? $0.read(1 << 16, at: max(0, $0.size() - 1 << 16)) }
    let last = lines.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").last.map(String.init) }
    let told = last.map { ": \($0.hasPrefix("lanes: ") ? String($0.dropFirst(7)) : $0)" } ?? ""
    switch exit {
    case .status(let status):
      let isFinal = [ExitStatus.usage.rawValue, ExitStatus.missing.rawValue].contains(status)
      return Failed(number: shard, reason: "ended with status \(status)\(told)", isFinal: isFinal)
    case .signal(let signal):
      return Failed(number: shard, reason: "ended by \(Signal.name(signal))\(told)", isFinal: false)
    case nil: return Failed(number: shard, reason: "could not be waited for", isFinal: false)
    }
  }
}
