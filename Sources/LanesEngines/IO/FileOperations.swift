import Glibc
import LanesCore
import SystemPackage

/// One load or store as a chain of requests.
protocol FileOperation: AnyObject {
  /// Takes the result of the last request (nil at first; negative is an errno) and gives the next one, or nil at the end.
  func next(_ result: Int32?) -> RingRequest?
  /// Calls whoever waits for the operation.
  func finish()
  /// Asks the kernel to read ahead, where there is no ring.
  func prefetch()
  /// Does the whole operation in blocking calls and finishes it, where there is no ring.
  func runBlocking()
}

/// Bytes from which on a copy to or from the page cache is left to a thread of the kernel: it takes 30 µs or more, and
/// handing it over some 10 µs.
private let worthAWorker = 256 << 10

/// Whether the next file is likely to be in the page cache, from how it went with those before.
///
/// A read that may not wait starts the read-ahead all the same, in the thread that asks: making pages and sending requests
/// is most of the work that a small file makes, and worth leaving to threads of the kernel when it has to be done.
final class CacheGuess {
  private var coldReads = 0
  /// Files read without a look into the cache after one that was not there.
  private static let trust = 15

  /// How to read a small file that nothing is known of.
  func issueMode() -> RingRequest.IssueMode {
    guard coldReads > 0 else { return .ifCached }
    coldReads -= 1
    return .byWorker
  }

  func wasCached(_ isThere: Bool) { coldReads = isThere ? 0 : Self.trust }
}

/// open → fstat → read until the end → close, into memory that grows as needed.
///
/// What is in the page cache is read at once, what is not by threads of the kernel: with these two ways 20,000 cold files
/// of 4 to 64 kB took 0.75 of the time that reads take which the kernel finishes in the submitting thread.
final class LoadOperation: FileOperation {
  private let source: Source
  private let storage: any OutputBuffer.Storage
  private let budget: Int
  private let guess: CacheGuess
  private let completion: AsyncFiles.LoadCompletion
  private var file: Int32?
  /// The name for the kernel, until the file is open.
  private var name: UnsafeMutablePointer<CChar>?
  private var issueMode = RingRequest.IssueMode.ifCached
  private var filled = 0
  /// Bytes to read; nil until the end of the file is met.
  private var wanted: Int?
  private var start = 0
  private var isSeekable = true
  private var requested = 0
  private var outcome: Result<Int, UnitFailure>?

  /// Linux reads at most 2 GiB less a page at a time; a quarter keeps one request from hogging a worker of the ring.
  private static let largestRead = 512 << 20

  init(
    source: Source, storage: any OutputBuffer.Storage, budget: Int, guess: CacheGuess,
    completion: @escaping AsyncFiles.LoadCompletion
  ) {
    self.source = source
    self.storage = storage
    self.budget = budget
    self.guess = guess
    self.completion = completion
  }

  deinit {
    free(name)
    closeFile()
  }

  func next(_ result: Int32?) -> RingRequest? {
    do throws(UnitFailure) {
      guard let result else { return try opening() }
      if file != nil, issueMode == .ifCached {
        guess.wasCached(result >= 0)
        if result == -EAGAIN || result == -EOPNOTSUPP { return try reading(by: .byWorker) }
      }
      guard result >= 0 else { throw .unreadable(SystemError("read", errno: -result)) }
      if file == nil {
        file = result
        try inspect()
      } else if !take(Int(result)) {
        return nil
      }
      return try reading(by: filled == 0 ? guess.issueMode() : .byWorker)
    } catch {
      outcome = .failure(error)
      return nil
    }
  }

  func finish() {
    closeFile()
    completion(outcome ?? .success(filled))
  }

  private func closeFile() {
    if let file { close(file) }
    file = nil
  }

  func prefetch() {
    guard let path, let file = try? Descriptor.reading(path) else { return }
    if case .slice(let slice) = source { start = slice.offset }
    posix_fadvise(file.number, off_t(start), 0, POSIX_FADV_WILLNEED)
    self.file = file.release()
  }

  func runBlocking() {
    do throws(UnitFailure) {
      if file == nil, let path { file = try Self.open(path) }
      try inspect()
      var more = true
      while more {
        try makeRoom()
        more = take(try readOnce())
      }
    } catch {
      outcome = .failure(error)
    }
    finish()
  }

  private var path: FilePath? {
    switch source {
    case .file(let path): path
    case .slice(let slice): slice.path
    case .none, .bytes: nil
    }
  }

  private func opening() throws(UnitFailure) -> RingRequest {
    guard let path else { preconditionFailure("only files are loaded") }
    do { try StandardStreams.check(path) } catch { throw .unreadable(error) }
    name = path.withPlatformString { strdup($0) }
    return .open(name!)
  }

  /// Looks at the opened file and makes room for what it should hold.
  private func inspect() throws(UnitFailure) {
    let size: Int
    do throws(SystemError) {
      let status = try FileStatus(of: file!)
      guard status.kind != .directory else { throw SystemError("read", errno: EISDIR) }
      isSeekable = status.kind == .regular
      if case .slice(let slice) = source { return adopt(slice, status) }
      size = isSeekable ? status.size : 0
    } catch {
      throw .unreadable(error)
    }
    guard size <= budget else { throw .tooLarge(size, budget: budget) }
    wanted = size > 0 ? min(size, .max - 1) + 1 : nil
    try storage.grow(atLeast: wanted ?? 65536, keeping: 0)
  }

  private var sliceFailure: UnitFailure?

  private func adopt(_ slice: FileSlice, _ status: FileStatus) {
    do throws(UnitFailure) {
      try slice.check(status)
      start = slice.offset
      wanted = slice.length
      try storage.grow(atLeast: slice.length, keeping: 0)
    } catch {
      sliceFailure = error
    }
  }

  private func makeRoom() throws(UnitFailure) {
    if let sliceFailure { throw sliceFailure }
    guard source.isSlice || filled <= budget else { throw .tooLarge(filled, budget: budget) }
    try storage.grow(atLeast: wanted ?? filled + 65536, keeping: filled)
    requested = min(storage.capacity, wanted ?? storage.capacity) - filled
    requested = min(requested, Self.largestRead)
  }

  private func reading(by preferred: RingRequest.IssueMode) throws(UnitFailure) -> RingRequest {
    try makeRoom()
    let room = UnsafeMutableRawBufferPointer(start: storage.base! + filled, count: requested)
    issueMode = isSeekable ? (requested < worthAWorker ? preferred : .byWorker) : .whenReady
    return .read(file!, into: room, at: isSeekable ? start + filled : -1, issueMode)
  }

  private func readOnce() throws(UnitFailure) -> Int {
    do throws(SystemError) {
      return try retrying("read") {
        isSeekable
          ? pread(file!, storage.base! + filled, requested, off_t(start + filled))
          : read(file!, storage.base! + filled, requested)
      }
    } catch {
      throw .unreadable(error)
    }
  }

  /// Counts bytes that arrived; false when the load is over.
  private func take(_ count: Int) -> Bool {
    filled += count
    if case .slice(let slice) = source {
      if filled == slice.length {
        do { try slice.check(file!) } catch { outcome = .failure(error) }
        return false
      }
      if count > 0 { return true }
      outcome = .failure(.cutShort(at: start + filled))
      return false
    }
    if count == 0 { return false }
    guard let wanted, isSeekable else { return true }
    // A regular file that gave all it was to hold, and not the byte behind, is at its end; so it is where a read that may
    // wait gives less than was asked for. Everything else ends with a read of nothing.
    if filled == wanted - 1 || (count < requested && issueMode != .ifCached) { return false }
    if filled >= wanted { self.wanted = nil }
    return true
  }

  private static func open(_ path: FilePath) throws(UnitFailure) -> Int32 {
    do {
      return try Descriptor.reading(path).release()
    } catch {
      throw .unreadable(error)
    }
  }
}

/// Makes an unnamed file, writes it and gives it its name.
final class StoreOperation: FileOperation {
  private let bytes: UnsafeRawBufferPointer
  private let target: Destination
  private let completion: AsyncFiles.StoreCompletion
  private var file: OutputFile?
  private var number: Int32 = -1
  private var written = 0
  private var outcome: Result<Void, UnitFailure> = .success(())

  init(bytes: UnsafeRawBufferPointer, target: Destination, completion: @escaping AsyncFiles.StoreCompletion) {
    self.bytes = bytes
    self.target = target
    self.completion = completion
  }

  func next(_ result: Int32?) -> RingRequest? {
    do throws(SystemError) {
      if let result {
        guard result >= 0 else { throw SystemError("write", errno: -result) }
        written += Int(result)
      } else {
        let made = try OutputFile(target)
        number = made.number
        file = consume made
      }
      guard written == bytes.count else { return writing() }
      try file!.commit()
    } catch {
      outcome = .failure(.unwritable(target.path, error))
    }
    return nil
  }

  func finish() {
    file = nil
    completion(outcome)
  }

  func prefetch() {}

  func runBlocking() {
    do throws(UnitFailure) { try BlockingStore.store(bytes, to: target) } catch { outcome = .failure(error) }
    finish()
  }

  private func writing() -> RingRequest {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
    return .write(number, from: rest, at: written, rest.count < worthAWorker ? .whenReady : .byWorker)
  }
}
