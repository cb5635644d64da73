/// The engines, in the order in which they are shown; the raw value is what `--mode` calls them.
///
/// All that other parts of the program want to know of an engine stands here: an engine is a case, its traits, and a line of
/// `Engines.make`, which builds it.
package enum EngineKind: String, Sendable, CaseIterable {
  case serial, threads, processes, eventloop, hybrid

  package struct Traits: Sendable {
    /// False where there is one lane, however many are asked for.
    var takesLanes = false
    /// Ways for bytes to reach worker processes; none for engines inside one process.
    var channels: [ChannelKind] = []
    /// Lanes open and read files themselves.
    var loadsInLanes = false
    /// A lane loads or stores one unit while it performs another.
    var overlapsStages = false
    /// One thread computes while the kernel loads and stores many units: speed-up over lanes means nothing for it.
    var isAsynchronous = false
    /// What sentences call the engine, where that is not its title.
    var spokenName: String?
    /// What it is, for `lanes help engines`.
    let summary: String
  }

  private var traits: Traits {
    switch self {
    case .serial: Traits(loadsInLanes: true, summary: "One unit after the other on one thread: the baseline.")
    case .threads:
      Traits(
        takesLanes: true, loadsInLanes: true,
        summary:
          "A pool of threads, one for each CPU unless --cores says otherwise. Lanes share all memory, and handing "
          + "over a unit costs less than a microsecond; a crash ends the run.")
    case .processes:
      Traits(
        takesLanes: true, channels: ChannelKind.allCases, overlapsStages: true,
        summary: "A pool of worker processes, each this program started anew. They share nothing but what --ipc moves, "
          + "and a crash costs only the unit that caused it. Starting a worker takes a few milliseconds.")
    case .eventloop:
      Traits(
        overlapsStages: true, isAsynchronous: true, spokenName: "the event loop, on one thread,",
        summary: "One thread computes while the kernel reads and writes many files at once (io_uring, or a few helper "
          + "threads where that is not allowed). It suits many files that are not in the page cache; it never uses a "
          + "second CPU for computing.")
    case .hybrid:
      Traits(
        takesLanes: true, overlapsStages: true,
        summary:
          "One event loop reads and writes for a pool of threads that only compute, one for each CPU unless --cores "
          + "says otherwise: many reads at once, as with eventloop, and all CPUs, as with threads. It suits small files that "
          + "are not in the page cache. Where io_uring is not allowed the loop reads one file after the other.")
    }
  }

  /// What every speed-up is measured against.
  package var isBaseline: Bool { self == .serial }
  package var takesLanes: Bool { traits.takesLanes }
  package var channels: [ChannelKind] { traits.channels }
  package var loadsInLanes: Bool { traits.loadsInLanes }
  package var overlapsStages: Bool { traits.overlapsStages }
  package var isAsynchronous: Bool { traits.isAsynchronous }
  package var spokenName: String? { traits.spokenName }
  package var summary: String { traits.summary }

  /// True where units are performed in other processes.
  package var usesWorkers: Bool { !channels.isEmpty }
  /// True where several lanes work on the same memory.
  package var sharesMemory: Bool { takesLanes && !usesWorkers }

  /// The engine with each number of lanes, by each of `channels` where it has any; once where it has one lane.
  package func setups(lanes counts: [Int], channels: [ChannelKind] = ChannelKind.allCases) -> [EngineSetup] {
    guard takesLanes else { return [EngineSetup(kind: self, lanes: 1)] }
    guard usesWorkers else { return counts.map { EngineSetup(kind: self, lanes: $0) } }
    return channels.flatMap { channel in counts.map { EngineSetup(kind: self, lanes: $0, channel: channel) } }
  }

  /// Such as "serial, threads or eventloop".
  package static func list(where isMeant: (EngineKind) -> Bool = { _ in true }) -> String {
    let names = allCases.filter(isMeant).map(\.rawValue)
    return names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names.last!
  }
}

/// How bytes reach worker processes; the raw value is what `--ipc` calls it.
package enum ChannelKind: String, Sendable, CaseIterable {
  /// Copied by the kernel, through two pipes or one pair of sockets.
  case pipe, socket
  /// In memory that both sides map.
  case shm

  /// True where coordinator and worker look at the same memory, and the kernel copies nothing.
  package var isShared: Bool { self == .shm }
}

/// An engine's kind and size.
package struct EngineSetup: Sendable, Equatable {
  package var kind: EngineKind
  /// Threads or processes that perform units.
  package var lanes: Int
  /// How bytes reach worker processes; nil for engines inside one process.
  package var channel: ChannelKind?

  package init(kind: EngineKind, lanes: Int, channel: ChannelKind? = nil) {
    self.kind = kind
    self.lanes = lanes
    self.channel = channel
  }

  /// Such as "processes/shm ×2"; for people, in the characters of their locale.
  package var title: String {
    let name = channel.map { "\(kind.rawValue)/\($0.rawValue)" } ?? kind.rawValue
    return kind.takesLanes ? "\(name) \(Glyphs.times)\(lanes)" : name
  }

  /// The title for programs: the same in every locale.
  package var name: String { Glyphs.with(.unicode) { title } }
}
