import LanesCore

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
  private var ring: CompletionRing?
  /// Why there is no ring; nil when there is one.
  package let refusal: String?
  private var active: [UInt64: FileOperation] = [:]
  private var readAhead: [FileOperation] = []
  private var waiting: [FileOperation] = []
  private var waitingHead = 0
  private var nextToken: UInt64 = 0
  private let guess = CacheGuess()

  /// - Parameters:
  ///   - depth: operations in flight, at least 1; each holds one descriptor.
  ///   - usesRing: false goes without io_uring, for comparison and tests.
  package init(reactor: Reactor, depth: Int, usesRing: Bool = true) throws(SystemError) {
    self.reactor = reactor
    self.depth = max(1, depth)
    guard usesRing else {
      refusal = "io_uring was not asked for"
      return
    }
    do {
      let ring = try CompletionRing(depth: self.depth)
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

  /// Operations not completed yet.
  package var pending: Int { active.count + readAhead.count + (waiting.count - waitingHead) }
  /// True when another operation would start at once.
  package var hasRoom: Bool { active.count + readAhead.count < depth }

  /// Loads `source`, a file or a slice, to the start of `storage`, which must not be touched until `completion` is called
  /// with the number of bytes.
  package func load(_ source: Source, into storage: any OutputBuffer.Storage, _ completion: @escaping LoadCompletion) {
    begin(LoadOperation(source: source, storage: storage, guess: guess, completion: completion))
  }

  /// Stores `bytes`, which must stay as they are until `completion` is called, as a whole file.
  package func store(_ bytes: UnsafeRawBufferPointer, to target: Destination, _ completion: @escaping StoreCompletion) {
    begin(StoreOperation(bytes: bytes, target: target, completion: completion))
  }

  /// Stores `parts`, at least one, at the same time; `completion` hears of the first failure once all have ended.
  package func store(_ parts: [OutputPart], _ completion: @escaping StoreCompletion) {
    var unfinished = parts.count
    var outcome: Result<Void, UnitFailure> = .success(())
    for part in parts {
      store(part.bytes, to: part.destination) { result in
        if case .success = outcome { outcome = result }
        unfinished -= 1
        if unfinished == 0 { completion(outcome) }
      }
    }
  }

  /// Hands over what was asked since the last turn, and does one piece of waiting work where there is no ring.
  ///
  /// Returns true when something was completed, so that the caller looks again before it waits; call it before every turn
  /// of the reactor.
  package func advance() -> Bool {
    if ring != nil { return collect() }
    guard !readAhead.isEmpty else { return false }
    let operation = readAhead.removeFirst()
    operation.runBlocking()
    startWaiting()
    return true
  }

  private func begin(_ operation: FileOperation) {
    waiting.append(operation)
    startWaiting()
  }

  private func startWaiting() {
    while waitingHead < waiting.count, hasRoom {
      let operation = waiting[waitingHead]
      waitingHead += 1
      start(operation)
    }
    if waitingHead > 256, waitingHead * 2 > waiting.count {
      waiting.removeFirst(waitingHead)
      waitingHead = 0
    }
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
    var isNews = false
    ring?.submit()
    while let (token, result) = ring?.nextCompletion() {
      isNews = true
      guard let operation = active[token] else { continue }
      step(token, operation, result: result)
    }
    ring?.submit()
    return isNews
  }

  /// Runs the operation's next steps until one is in the kernel's hands or the operation is over.
  private func step(_ token: UInt64, _ operation: FileOperation, result: Int32?) {
    if let request = operation.next(result) {
      ring!.prepare(request, token: token)
      return
    }
    active[token] = nil
    operation.finish()
    startWaiting()
  }
}
