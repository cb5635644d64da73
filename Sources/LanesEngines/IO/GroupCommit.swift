import DequeModule
import LanesCore
import LanesOS

/// A file that is written and has neither reached the disk nor got its name.
final class WrittenFile: @unchecked Sendable {
  // Sendable: handed from thread to thread, and touched by the one that has it.
  private var file: OutputFile
  private let target: Destination

  /// Makes the file and writes all of `bytes`.
  convenience init(_ bytes: UnsafeRawBufferPointer, to target: Destination) throws(UnitFailure) {
    do {
      let file = try OutputFile(target)
      try file.write(bytes)
      self.init(file, target)
    } catch {
      throw .unwritable(target, error)
    }
  }

  init(_ file: consuming OutputFile, _ target: Destination) {
    self.file = file
    self.target = target
  }

  /// The open file, for asynchronous writes.
  var number: Int32 { file.number }

  func startWriteBack() { file.startWriteBack() }

  func commit() throws(UnitFailure) {
    do { try file.commit() } catch { throw .unwritable(target, error) }
  }
}

/// Brings finished files to the disk together and then gives them their names: group commit, as databases do it.
///
///     add ─▶ [ waiting ] ──the group is due──▶ write-back of all ─▶ [ released ] ─▶ fdatasync ▸ name ─▶ deliver
///
/// fdatasync(2) waits until the file system has committed its journal and the device has emptied its cache: 0.2 to several
/// milliseconds for a file alone. Files whose blocks were assigned before share one commit, and calls at the same time share the
/// emptying of the cache, so the write-back of all files in a group begins before the first call, and a few threads make the
/// calls. Each file still has its own: syncfs(2) would be one call for all of them and would also wait for whatever
/// other programs have written. An error is the file's own, too.
///
/// A group is due with its `mostFiles`-th file, at `mostBytes`, when somebody calls `hurry`, or 5 ms after the one before it:
/// a file that comes after a pause waits for nothing. Any thread may add; where more wait than two groups, the one that adds
/// does the work itself.
final class GroupCommit<Tag: Sendable>: Sendable {
  /// What became of the files that were added under `tag`.
  struct Committed: Sendable {
    let tag: Tag
    let outcome: Result<Void, UnitFailure>
    /// Nanoseconds that the one who added it did the work for itself.
    var waited: Int64 = 0

    /// True when the files of others would fail in the same way.
    var haltsBatch: Bool { if case .failure(let failure) = outcome { failure.haltsBatch } else { false } }

    /// How a unit ends that ended with `outcome` but for its files.
    func finalOutcome(_ unitOutcome: Outcome) -> Outcome {
      if case .failure(let failure) = outcome { .failed(failure) } else { unitOutcome }
    }
  }

  private struct Item: Sendable {
    let tag: Tag
    let files: [WrittenFile]

    func commit() -> Committed {
      do throws(UnitFailure) {
        for file in files { try file.commit() }
        return Committed(tag: tag, outcome: .success(()))
      } catch {
        return Committed(tag: tag, outcome: .failure(error))
      }
    }
  }

  /// Files of the next group.
  private struct Waiting {
    var items: [Item] = []
    var files = 0
    var bytes = 0
    /// Added and not delivered.
    var underWay = 0
    var isHurried = false
    var isClosed = false
    var hasThread = false
    /// When the group before was released, on the monotonic clock.
    var lastRelease: Int64 = .min / 2
  }

  /// Files whose write-back has begun.
  private struct Released {
    var items: Deque<Item> = []
    var isClosed = false
  }

  private let waiting = Monitor(Waiting())
  private let released = Monitor(Released())
  private let threads = Monitor<[WorkerThread]>([])
  private let mostFiles: Int
  private let stopLane: Int?
  private let deliver: @Sendable ([Committed]) -> Void

  /// Nanoseconds between two groups unless one is full: long beside a commit of the journal, short beside what a person notices.
  private static var window: Int64 { 5_000_000 }
  /// Bytes of a full group: the disk is busy for some milliseconds.
  private static var mostBytes: Int { 8 << 20 }
  /// Calls of fdatasync at the same time.
  private static var mostThreads: Int { 4 }

  /// - Parameters:
  ///   - mostFiles: files of a full group, each of which holds its own and its folder's descriptor.
  ///   - stopLane: under this number a stop signal is answered with what waits here; nil where somebody else counts it.
  ///   - deliver: hears of what was added, each once, on any thread.
  init(mostFiles: Int, stopLane: Int? = nil, deliver: @escaping @Sendable ([Committed]) -> Void) {
    self.mostFiles = max(1, mostFiles)
    self.stopLane = stopLane
    self.deliver = deliver
  }

  /// Files of a group that the limit of descriptors allows: an eighth of what is left, since two groups may wait, one is under
  /// way, and each file has two.
  static var affordableFiles: Int { max(1, min(32, (descriptorsLeft() - 12) / 8)) }

  /// Brings `files` to the disk and gives them their names, in their order and up to the first that fails.
  ///
  /// - Returns: the nanoseconds that were spent on it here: 0 but where the disk is more than two groups behind.
  @discardableResult
  func add(_ files: [WrittenFile], bytes: Int, _ tag: Tag) -> Int64 {
    let item = Item(tag: tag, files: files)
    let isTaken = waiting.withLock { waiting in
      count(1, &waiting)
      guard hasThread(&waiting), waiting.files < 2 * mostFiles else { return false }
      waiting.items.append(item)
      waiting.files += files.count
      waiting.bytes += bytes
      // The thread sleeps until the first file of a group comes, and then until the group is due.
      if waiting.items.count == 1 || isFull(waiting) { self.waiting.wakeOne() }
      return true
    }
    if isTaken { return 0 }
    let began = monotonicNow()
    var committed = item.commit()
    committed.waited = monotonicNow() - began
    tell([committed])
    return committed.waited
  }

  /// Says that nothing else goes on before the files that wait have their names.
  func hurry() {
    waiting.withLock { waiting in
      guard !waiting.items.isEmpty, !waiting.isHurried else { return }
      waiting.isHurried = true
      self.waiting.wakeOne()
    }
  }

  /// Returns when everything that was added has been delivered; nothing may be added afterwards. May be called again.
  func finish() {
    waiting.withLock { $0.isClosed = true }
    waiting.wakeAll()
    while let running = threads.withLock({ $0.popLast() }) { running.join() }
  }

  // MARK: On the group's threads

  /// False where no thread can be started: whoever adds then does the work.
  private func hasThread(_ waiting: inout Waiting) -> Bool {
    if !waiting.hasThread, !waiting.isClosed { waiting.hasThread = start { $0.lead() } }
    return waiting.hasThread && !waiting.isClosed
  }

  private func start(_ body: @escaping @Sendable (GroupCommit) -> Void) -> Bool {
    guard let thread = try? WorkerThread({ body(self) }) else { return false }
    threads.withLock { $0.append(thread) }
    return true
  }

  /// Releases groups when they are due, and works on them as the others do.
  private func lead() {
    var helpers = 1
    while let group = nextGroup() {
      for item in group { for file in item.files { file.startWriteBack() } }
      released.withLock { $0.items += group }
      while helpers < min(Self.mostThreads, group.count), start({ $0.help() }) { helpers += 1 }
      if group.count > 1 { released.wakeAll() }
      commitReleased()
    }
    released.withLock { $0.isClosed = true }
    released.wakeAll()
  }

  private func help() {
    while released.wait(until: { $0.items.isEmpty ? ($0.isClosed ? false : nil) : true }) { commitReleased() }
  }

  /// Tells of all together that this thread has done.
  private func commitReleased() {
    var done: [Committed] = []
    while let item = released.withLock({ $0.items.popFirst() }) { done.append(item.commit()) }
    if !done.isEmpty { tell(done) }
  }

  private func tell(_ done: [Committed]) {
    deliver(done)
    waiting.withLock { count(-done.count, &$0) }
  }

  private func count(_ more: Int, _ waiting: inout Waiting) {
    waiting.underWay += more
    if let stopLane { StopSignals.lane(stopLane, isBusyWith: waiting.underWay, parts: 0) }
  }

  /// Waits until a group is due; nil when there is nothing left and nothing more will come.
  private func nextGroup() -> [Item]? {
    // Without a file there is no time to wait for.
    let due = waiting.wait { waiting in
      waiting.items.isEmpty && !waiting.isClosed ? nil : waiting.lastRelease + Self.window
    }
    let group = waiting.wait(atMost: max(0, due - monotonicNow())) { waiting in
      self.isFull(waiting) || waiting.isHurried || waiting.isClosed ? self.take(&waiting) : nil
    }
    let items = group ?? waiting.withLock(take)
    return items.isEmpty ? nil : items
  }

  private func isFull(_ waiting: Waiting) -> Bool {
    waiting.files >= mostFiles || waiting.bytes >= Self.mostBytes
  }

  /// The group as it is; without a file only when nothing more will come.
  private func take(_ waiting: inout Waiting) -> [Item] {
    defer {
      waiting.items = []
      (waiting.files, waiting.bytes, waiting.isHurried) = (0, 0, false)
      waiting.lastRelease = monotonicNow()
    }
    return waiting.items
  }
}
