import LanesCore
import LanesOS
import SystemPackage

/// Appends what has happened to a run file, on a thread of its own, and never tells of an output that a power cut could
/// still take away.
///
/// ```
/// coordinating thread   settle ─▶ pending ┐
/// writer's thread                         └▶ hash outputs ▸ fsync their folders ▸ append one group ▸ fdatasync
/// ```
///
/// Outputs are on stable storage before they have their names (`OutputFile`), so the names are all that must be waited
/// for. Groups come 50 ms after the run's start, then at intervals as long as the run has lasted, and never more than a
/// second apart: a run that is killed loses half of its work at most, and a second of it at most.
package final class JournalWriter: Sendable {
  /// What is written down of a unit by the writer's thread, once it is asked for.
  private struct Settled: Sendable {
    let unit: Unit
    let record: UnitRecord
    let outcome: Outcome
    /// Copied, since the engine uses the output's memory again.
    let printed: Bytes
    /// The record that this one takes the place of.
    let supersedes: Int?
    let places: UnitPlaces
  }

  private enum Event: Sendable {
    case settled(Settled)
    case entry(RunEntry)
  }

  private struct State {
    var pending: [Event] = []
    var pendingBytes = 0
    /// How often a flush was asked for, and how many of these are served.
    var asked = 0
    var served = 0
    var isClosed = false
    /// Set by the first event, for good.
    var hasNews = false
    var failure: SystemError?
  }

  /// Bytes that may wait to be written before whoever brings more must wait.
  private static let mostPending = 128 << 20
  /// Bytes that are written without waiting for the time.
  private static let manyPending = 16 << 20
  /// Bounds of the time between two groups, in nanoseconds.
  private static let shortest: Int64 = 50_000_000
  private static let longest: Int64 = 1_000_000_000

  private let state = Monitor(State())
  private let thread: Monitor<WorkerThread?> = Monitor(nil)

  /// Starts the thread.
  ///
  /// - Parameter file: to append to from `end` on, which is where it ends.
  package init(_ file: LockedFile, end: Int) throws(SystemError) {
    let body = Appender(file, end: end)
    let started = try WorkerThread { [self] in run(body) }
    thread.withLock { $0 = started }
  }

  /// Takes note of a unit that ended; called on the coordinating thread, which waits only when the disk is far behind.
  package func settle(
    _ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, printed: UnsafeRawBufferPointer, supersedes: Int?,
    places: UnitPlaces
  ) {
    let settled = Settled(
      unit: unit, record: record, outcome: outcome, printed: Bytes(printed), supersedes: supersedes, places: places)
    // 512 bytes stand for a record's small members; what can be large is counted.
    var weight = 512 + printed.count
    if case .done(let partial) = outcome { weight += partial.count }
    if case .bytes(let bytes) = unit.source { weight += bytes.count }
    add(.settled(settled), weight)
  }

  /// Takes note of a record that is no unit's.
  package func append(_ entry: RunEntry) { add(.entry(entry), 512) }

  private func add(_ event: Event, _ weight: Int) {
    let pending = state.withLock { state -> Int in
      state.hasNews = true
      state.pending.append(event)
      state.pendingBytes += weight
      return state.pendingBytes
    }
    guard pending > Self.manyPending else { return }
    state.wakeAll()
    if pending > Self.mostPending {
      state.wait { $0.pendingBytes < Self.mostPending || $0.failure != nil ? () : nil }
    }
  }

  /// True once there was anything to write down.
  package var hasNews: Bool { state.withLock { $0.hasNews } }

  /// Why nothing can be written any more; nil while all is well.
  package var failure: SystemError? { state.withLock { $0.failure } }

  /// Returns when everything so far is on stable storage.
  package func flush() throws(SystemError) {
    let ticket = state.withLock { state -> Int in
      state.asked += 1
      return state.asked
    }
    state.wakeAll()
    state.wait { $0.served >= ticket || $0.failure != nil ? () : nil }
    if let failure { throw failure }
  }

  /// Flushes, and ends the thread.
  package func close() throws(SystemError) {
    defer {
      state.withLock { $0.isClosed = true }
      state.wakeAll()
      thread.withLock { $0.take() }?.join()
    }
    try flush()
  }

  // MARK: The writer's thread

  private func run(_ appender: Appender) {
    let began = monotonicNow()
    while true {
      let now = monotonicNow()
      let interval = min(max(now - began, Self.shortest), Self.longest)
      _ = state.wait(atMost: interval) { state -> Void? in
        state.asked > state.served || state.isClosed || state.pendingBytes > Self.manyPending ? () : nil
      }
      let (events, asked, isOver) = state.withLock { state -> ([Event], Int, Bool) in
        defer {
          state.pending = []
          state.pendingBytes = 0
        }
        // Taken together with the events: a flush that is asked for from here on waits for the next round.
        return (state.pending, state.asked, state.isClosed || state.failure != nil)
      }
      if isOver { return }
      do throws(SystemError) {
        try appender.write(events)
        state.withLock { $0.served = asked }
      } catch {
        state.withLock { $0.failure = error }
      }
      state.wakeAll()
    }
  }

  /// The file's end, and what must be done before it may grow; belongs to the writer's thread.
  private final class Appender: @unchecked Sendable {
    // Sendable: made by one thread and handed to the other, which alone uses it.
    private let file: LockedFile
    private var end: Int
    private var folders = DurableFolders()

    /// Bytes of a record beyond which a unit is rather done again, and of a group.
    /// Both together stay far below 4 GiB, the most that a group's length of 32 bits can say.
    private static let longestRecord = 1 << 30
    private static let longestGroup = 64 << 20

    init(_ file: LockedFile, end: Int) {
      self.file = file
      self.end = end
    }

    func write(_ events: [Event]) throws(SystemError) {
      guard !events.isEmpty else { return }
      var groups: [(records: Bytes, count: Int)] = [(Bytes(), 0)]
      for event in events {
        // The end of a run is a group of its own: whatever comes before it is then whole beyond doubt.
        if case .entry(.complete) = event, groups.last!.count > 0 { groups.append((Bytes(), 0)) }
        RunFileFormat.append(entry(event).wire, to: &groups[groups.count - 1].records)
        groups[groups.count - 1].count += 1
        if groups.last!.records.count > Self.longestGroup { groups.append((Bytes(), 0)) }
      }
      // Names come first: a record must not tell of one that a power cut could still take away.
      try folders.sync()
      for group in groups where group.count > 0 { try append(group.records, group.count) }
    }

    private func append(_ records: Bytes, _ count: Int) throws(SystemError) {
      let group = RunFileFormat.groupHead(bytes: records.count, count: count) + records
      do throws(SystemError) {
        try group.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes, at: end) }
        try file.sync()
      } catch {
        // What was begun would be dropped as unfinished anyhow.
        try? file.truncate(to: end)
        throw error
      }
      end += group.count
    }

    private func entry(_ event: Event) -> RunEntry {
      switch event {
      case .entry(let entry): return entry
      case .settled(let settled): return .unit(entry(settled))
      }
    }

    private func entry(_ settled: Settled) -> UnitEntry {
      let unit = settled.unit
      var entry = UnitEntry(
        number: unit.number, place: settled.places.place(of: unit), state: SourceState(of: unit),
        label: unit.labelBytes,
        outcome: settled.outcome, printed: settled.printed, bytesIn: settled.record.bytesIn,
        bytesOut: settled.record.bytesOut, duration: settled.record.busy, supersedes: settled.supersedes)
      guard case .done(let partial) = settled.outcome else { return entry }
      if partial.count + settled.printed.count > Self.longestRecord {
        entry.outcome = .done([])
        entry.printed = []
        entry.isUsable = false
      }
      for (index, destination) in unit.sink.destinations.enumerated()
      where !settled.record.omitted.contains(index) {
        // `entry` runs before `write` syncs the folders that it notes here.
        folders.note(destination.path.removingLastComponent())
        if let output = StoredOutput(reading: destination.path) {
          entry.outputs.append(output)
        } else {
          entry.isUsable = false
          // The path is kept: it tells a resumed run that the file there is its own.
          entry.outputs.append(StoredOutput(path: destination.path, size: 0, digest: []))
        }
      }
      return entry
    }
  }
}

extension UnitRecord {
  /// Nanoseconds of all three stages.
  var busy: Int64 { load.nanoseconds + perform.nanoseconds + store.nanoseconds }
}

/// Folders with names that are not known to be on stable storage.
private struct DurableFolders {
  private var dirty: Set<FilePath> = []
  /// Folders whose own names have been made durable, up to the first one of the path.
  private var rooted: Set<FilePath> = []

  /// A path without a folder is one of the current directory.
  mutating func note(_ folder: FilePath) { dirty.insert(folder.isEmpty ? FilePath(".") : folder) }

  /// Makes all names durable, those of the folders on the way included, which may be new themselves.
  mutating func sync() throws(SystemError) {
    for folder in dirty {
      try sync(folder)
      var above = folder
      while rooted.insert(above).inserted, above != FilePath("."), above != FilePath("/") {
        above = above.removingLastComponent()
        if above.isEmpty { above = FilePath(".") }
        if !rooted.contains(above) { try sync(above) }
      }
    }
    dirty = []
  }

  /// A folder that may be written and not read is left to the system.
  func sync(_ folder: FilePath) throws(SystemError) {
    do {
      try Folders.sync(folder)
    } catch  where error.isForbidden {}
  }
}

extension StoredOutput {
  private static let pieceBytes = 256 << 10

  /// Reads a file back; nil unless it is a regular one that can be read.
  package init?(reading path: FilePath) {
    do {
      let file = try Descriptor.reading(path)
      guard try FileStatus(of: file.number).kind == .regular else { return nil }
      var size = 0
      let digest = try SHA256.digest { add throws(SystemError) in
        try withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 64) { (room) throws(SystemError) in
          while let count = try DescriptorIO.read(file.number, into: room), count > 0 {
            add(UnsafeRawBufferPointer(rebasing: room[..<count]))
            size += count
          }
        }
      }
      self.init(path: path, size: size, digest: digest)
    } catch {
      return nil
    }
  }
}
