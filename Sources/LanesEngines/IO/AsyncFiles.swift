import DequeModule
import LanesCore
import LanesOS
import SystemPackage

/// Loads and stores files without making the reactor's thread wait for the disk.
///
/// Uses io_uring where the kernel grants it; its completions wake the reactor through an eventfd. Where it is refused,
/// files are opened and read ahead at once (posix_fadvise WILLNEED) and read one per turn, oldest first, so that the disk
/// works while the thread computes. At most `depth` operations run at a time; the rest queue up in order.
package final class AsyncFiles {
  package typealias LoadCompletion = (Result<Int, UnitFailure>) -> Void
  package typealias StoreCompletion = (Result<Void, UnitFailure>) -> Void

  private let reactor: Reactor
  private let depth: Int
  private let budget: Int
  private var ring: CompletionRing?
  /// Why there is no ring; nil when there is one.
  package let refusal: String?
  private var active: [UInt64: FileOperation] = [:]
  private var readAhead: Deque<any FileOperation> = []
  private var waiting: Deque<any FileOperation> = []
  private var nextToken: UInt64 = 0
  /// Why the ring takes no more requests; thrown by the next `advance`.
  private var problem: SystemError?
  /// Made for the first file that is stored.
  private var commits: CommitQueue?
  /// Set while another attempt to hand over requests is due.
  private var retry: Reactor.Timer?
  /// When the kernel began to take nothing, on the monotonic clock.
  private var stuckSince: Int64?

  /// Nanoseconds between two attempts while the kernel takes no requests, and after which it is given up.
  private static let retryPause: Int64 = 1_000_000
  private static let longestRefusal: Int64 = 10_000_000_000
  private let guess: CacheGuess

  /// - Parameters:
  ///   - depth: operations in flight, at least 1; each holds one descriptor.
  ///   - usesRing: false goes without io_uring, for comparison and tests.
  ///   - budget: bytes that a file may have which is taken whole.
  ///   - isCold: whether the first files are expected not to be in the page cache.
  ///   - submit: carries out each handing over of requests, in place of which a test may fail with a negative errno.
  package init(
    reactor: Reactor, depth: Int, usesRing: Bool = true, budget: Int = .max, isCold: Bool = false,
    submit: @escaping (() -> Int32) -> Int32 = { $0() }
  ) throws(SystemError) {
    self.reactor = reactor
    self.depth = max(1, depth)
    self.budget = budget
    guess = CacheGuess(isCold: isCold)
    guard usesRing else {
      refusal = "io_uring was not asked for"
      return
    }
    do {
      let ring = try CompletionRing(depth: self.depth, submit: submit)
      self.ring = ring
      refusal = nil
    } catch {
      refusal = "io_uring is refused (\(error.reason))"
    }
    if let ring {
      _ = try reactor.watch(ring.wakeDescriptor) { [unowned self] _ in
        // Reset before the look at the queue, so that a completion in between wakes the reactor again.
        ring.resetWake()
        self.collect()
      }
    }
  }

  deinit { commits?.group.finish() }

  /// Operations not completed yet.
  package var pending: Int { active.count + readAhead.count + waiting.count }
  /// What went through io_uring so far.
  var traffic: RingTraffic { ring?.traffic ?? RingTraffic() }
  /// True when another operation would start at once.
  package var hasRoom: Bool { active.count + readAhead.count < depth }

  /// Loads `source`, a file or a slice, to the start of `storage`, which must not be touched until `completion` is called
  /// with the number of bytes.
  ///
  /// - Parameter expected: bytes that a regular file held when it was planned; 0 where that is not known.
  package func load(
    _ source: Source, into storage: any OutputBuffer.Storage, expecting expected: Int = 0,
    _ completion: @escaping LoadCompletion
  ) {
    if case .files(let paths) = source { return load(paths[...], [], into: storage, completion) }
    let expected = ring?.canLoad == true ? expected : 0
    begin(
      LoadOperation(
        source: source, storage: storage, expecting: expected, budget: budget, guess: guess, completion: completion))
  }

  /// Loads the rest of several files, one behind the other, and what tells their lengths.
  private func load(
    _ paths: ArraySlice<FilePath>, _ lengths: [Int], into storage: any OutputBuffer.Storage,
    _ completion: @escaping LoadCompletion
  ) {
    let start = lengths.reduce(0, +)
    guard let path = paths.first else {
      let trailer = JoinedFiles.trailer(lengths)
      do throws(UnitFailure) {
        try storage.grow(atLeast: start + trailer.count, keeping: start)
      } catch {
        return completion(.failure(error))
      }
      trailer.withUnsafeBytes { (storage.base! + start).copyMemory(from: $0.baseAddress!, byteCount: trailer.count) }
      return completion(.success(start + trailer.count))
    }
    begin(
      LoadOperation(source: .file(path), storage: storage, behind: start, budget: budget, guess: guess) {
        [unowned self] result in
        switch result {
        case .success(let count): self.load(paths.dropFirst(), lengths + [count], into: storage, completion)
        case .failure(let failure): completion(.failure(lengths.isEmpty ? failure : failure.naming(path)))
        }
      })
  }

  /// Stores `bytes`, which must stay as they are until `wasWritten` or `completion` is called, as a whole file.
  ///
  /// - Parameters:
  ///   - wasWritten: called where `bytes` are needed no more and the file has not reached the disk yet.
  ///   - completion: called when the file is on the disk and has its name, or not at all.
  package func store(
    _ bytes: UnsafeRawBufferPointer, to target: Destination, wasWritten: @escaping () -> Void = {},
    _ completion: @escaping StoreCompletion
  ) {
    begin(StoreOperation(bytes, to: target, wasWritten: wasWritten, completion))
  }

  /// Stores `parts`, at least one, at the same time; `completion` hears of the first failure once all have ended, and
  /// `released`, once and before that, that no bytes are needed any more.
  package func store(
    _ parts: [OutputPart], released: @escaping () -> Void = {}, _ completion: @escaping StoreCompletion
  ) {
    var unfinished = parts.count
    var unwritten = parts.count
    var outcome: Result<Void, UnitFailure> = .success(())
    for part in parts {
      var isWritten = false
      let written = {
        isWritten = true
        unwritten -= 1
        if unwritten == 0 { released() }
      }
      store(part.bytes, to: part.destination, wasWritten: written) { result in
        if !isWritten { written() }
        if case .success = outcome { outcome = result }
        unfinished -= 1
        if unfinished == 0 { completion(outcome) }
      }
    }
  }

  /// Says that nothing else goes on before files that were written are on the disk: they wait for no others.
  package func hurry() { commits?.group.hurry() }

  /// Hands over what was asked since the last turn, and does one piece of waiting work where there is no ring.
  ///
  /// Returns true when something was completed, so that the caller looks again before it waits; call it before every turn
  /// of the reactor. Throws when the kernel refuses requests for good.
  package func advance() throws(SystemError) -> Bool {
    let wasCommitted = collectCommitted()
    if ring != nil {
      let isNews = collect()
      if let problem { throw problem }
      return isNews || wasCommitted
    }
    guard let operation = readAhead.popFirst() else { return wasCommitted }
    operation.runBlocking()
    nextToken += 1
    active[nextToken] = operation
    requestsEnded(nextToken, operation)
    return true
  }

  private func begin(_ operation: FileOperation) {
    waiting.append(operation)
    startWaiting()
  }

  private func startWaiting() {
    while hasRoom, let operation = waiting.popFirst() { start(operation) }
    // What is on its way to the disk takes the room.
    if !waiting.isEmpty { hurry() }
  }

  private func start(_ operation: FileOperation) {
    guard ring != nil else {
      operation.prefetch()
      readAhead.append(operation)
      return
    }
    nextToken += 1
    active[nextToken] = operation
    step(nextToken, operation, result: nil)
  }

  /// Takes completions until none is left, which may start further steps; true when there was one.
  @discardableResult
  private func collect() -> Bool {
    var isNews = submit()
    while let (token, result) = ring?.nextCompletion() {
      isNews = true
      stuckSince = nil
      guard let operation = active[token] else { continue }
      step(token, operation, result: result)
    }
    return submit() || isNews
  }

  /// Hands over what is queued, now or, where the kernel takes nothing for now, once completions were taken or a millisecond
  /// has gone by; true when that is given up.
  private func submit() -> Bool {
    guard let ring, ring.isDirty, problem == nil else { return false }
    do throws(SystemError) {
      try ring.submit()
    } catch {
      problem = error
    }
    guard ring.isDirty, problem == nil else {
      stuckSince = nil
      return problem != nil
    }
    let now = monotonicNow()
    let since = stuckSince ?? now
    stuckSince = since
    if now - since > Self.longestRefusal { problem = SystemError("io_uring_enter", .resourceTemporarilyUnavailable) }
    if retry == nil {
      retry = reactor.schedule(at: now + Self.retryPause) { [unowned self] in
        self.retry = nil
        _ = self.collect()
      }
    }
    return problem != nil
  }

  /// Runs the operation's next steps until one is in the kernel's hands or the operation is over.
  private func step(_ token: UInt64, _ operation: FileOperation, result: Int32?) {
    if let request = operation.next(result) {
      ring!.prepare(request, token: token)
      return
    }
    requestsEnded(token, operation)
  }

  /// Ends the operation, or leaves the file that it has written to the group.
  private func requestsEnded(_ token: UInt64, _ operation: FileOperation) {
    if let store = operation as? StoreOperation, let written = store.takeWritten() {
      if let group = group() {
        group.add([written.file], bytes: written.bytes, token)
        return
      }
      do throws(UnitFailure) { try store.end(.success(written.file.commit())) } catch { store.end(.failure(error)) }
    }
    active[token] = nil
    operation.finish()
    startWaiting()
  }

  // MARK: Reaching the disk

  /// Nil where descriptors have run out.
  private func group() -> GroupCommit<UInt64>? {
    if let commits { return commits.group }
    // Half of the operations that may be under way: a full group leaves room for the next one.
    guard let commits = try? CommitQueue(mostFiles: (depth + 1) / 2),
      (try? reactor.watch(commits.wakeDescriptor, .readable, { [unowned self] _ in _ = self.collectCommitted() }))
        != nil
    else { return nil }
    self.commits = commits
    return commits.group
  }

  /// Ends the stores of files that have their names, or never get them; true when there was one.
  private func collectCommitted() -> Bool {
    guard let commits else { return false }
    let done = commits.take()
    for committed in done {
      guard let store = active.removeValue(forKey: committed.tag) as? StoreOperation else { continue }
      store.end(committed.outcome)
      store.finish()
    }
    if !done.isEmpty { startWaiting() }
    return !done.isEmpty
  }
}

/// A group, and what it has done for the reactor's thread to take.
private final class CommitQueue {
  /// Filled by the group's threads.
  private final class Mailbox: Sendable {
    /// Readable while `done` holds anything.
    let wake: Descriptor
    let done = Monitor<[GroupCommit<UInt64>.Committed]>([])

    init() throws(SystemError) { wake = try Descriptor.event() }

    func put(_ more: [GroupCommit<UInt64>.Committed]) {
      done.withLock { done in
        // While the lock is held, so that no reset comes in between.
        if done.isEmpty { wake.raiseEvent() }
        done += more
      }
    }

    func take() -> [GroupCommit<UInt64>.Committed] {
      done.withLock { done in
        guard !done.isEmpty else { return [] }
        wake.drainEvent()
        defer { done = [] }
        return done
      }
    }
  }

  let group: GroupCommit<UInt64>
  private let mailbox: Mailbox

  init(mostFiles: Int) throws(SystemError) {
    let mailbox = try Mailbox()
    group = GroupCommit(mostFiles: mostFiles) { mailbox.put($0) }
    self.mailbox = mailbox
  }

  var wakeDescriptor: Int32 { mailbox.wake.number }
  func take() -> [GroupCommit<UInt64>.Committed] { mailbox.take() }
}
