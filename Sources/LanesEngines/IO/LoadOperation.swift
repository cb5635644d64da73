import LanesCore
import LanesOS
import SystemPackage

/// One load or store as a row of requests.
protocol FileOperation: AnyObject {
  /// Takes the result of the last request (nil at first; negative is an errno) and gives the next one, or nil at the end.
  func next(_ result: Int32?) -> RingRequest?
  /// Calls whoever waits for the operation.
  func finish()
  /// Asks the kernel to read ahead, where there is no ring.
  func prefetch()
  /// Does in blocking calls what the requests would, where there is no ring.
  func runBlocking()
}

/// Bytes from which on a copy to or from the page cache is left to a thread of the kernel: it takes 30 µs or more, and
/// handing it over some 10 µs.
let worthAWorker = 256 << 10

/// Whether the next file is likely to be in the page cache, from how it went with those before.
///
/// A read that may not wait starts the read-ahead all the same, in the thread that asks: making pages and sending requests
/// is most of the work that a small file makes, and worth leaving to threads of the kernel when it has to be done.
final class CacheGuess {
  private var coldReads: Int
  /// Files read without a look into the cache after one that was not there.
  private static let trust = 15

  /// - Parameter isCold: whether one that was not there is taken to have come before.
  init(isCold: Bool = false) { coldReads = isCold ? Self.trust : 0 }

  /// How to read a small file that nothing is known of.
  func issueMode() -> RingRequest.IssueMode {
    guard coldReads > 0 else { return .ifCached }
    coldReads -= 1
    guard coldReads == 0 else { return .byWorker }
    // One file is looked for; those after it do not wait for what it tells.
    coldReads = Self.trust
    return .ifCached
  }

  func wasCached(_ isThere: Bool) { coldReads = isThere ? 0 : Self.trust }
}

/// open → fstat → read until the end → close, into memory that grows as needed.
///
///     waiting ─▶ opening ─▶ open ─▶ reading ─▶ ended       with a ring, one request at a time
///     waiting ─▶ whole ─▶ ended                            with a ring, one request for all
///     waiting ─▶ open (read ahead) ─▶ reading ─▶ ended     in blocking calls
///
/// Every state may go to `ended`, where the file is closed. What is in the page cache is read at once, what is not by
/// threads of the kernel: with these two ways 20,000 cold files of 4 to 64 kB took 0.75 of the time that reads take which
/// the kernel finishes in the submitting thread. A file that is not expected in the cache and whose size is known is opened,
/// read and closed by one thread of the kernel, in 0.85 of the kernel's processor time.
final class LoadOperation: FileOperation {
  private enum State {
    /// Nothing was asked for.
    case waiting
    /// The kernel opens the file; the name must stay until it has.
    case opening(UnsafeMutablePointer<CChar>)
    /// The kernel opens the file, reads and closes it.
    case whole(UnsafeMutablePointer<CChar>)
    /// The file is open and was not looked at.
    case open(Int32)
    case reading(Reading)
    case ended(Result<Int, UnitFailure>)
  }

  /// A file that is being read.
  private struct Reading {
    let file: Int32
    var extent: Extent
    var filled = 0
    /// Bytes that the last read was asked for.
    var requested = 0
    var issueMode = RingRequest.IssueMode.ifCached

    /// Where the next byte is read; -1 for what has no offsets.
    var offset: Int {
      switch extent {
      case .slice(let start, _): start + filled
      case .file: filled
      case .stream: -1
      }
    }

    /// Bytes to read in all; nil until the end is met.
    var wanted: Int? {
      switch extent {
      case .slice(_, let length): length
      case .file(let limit): limit
      case .stream: nil
      }
    }
  }

  /// How far a file is read.
  private enum Extent {
    case slice(start: Int, length: Int)
    /// A regular file: one byte more than it should have, which tells its end; nil where it does not say, or has grown.
    case file(limit: Int?)
    /// Something without offsets, such as a pipe.
    case stream
  }

  private let source: Source
  private let storage: any OutputBuffer.Storage
  /// Bytes at the start of the storage that are others'.
  private let start: Int
  /// Bytes that a file should have which may be read by one request; 0 for all others.
  private var expected: Int
  private let budget: Int
  private let guess: CacheGuess
  /// What the guess was, once it was asked for.
  private var guessed: RingRequest.IssueMode?
  private let completion: AsyncFiles.LoadCompletion
  private var state = State.waiting

  /// Linux reads at most 2 GiB less a page at a time; a quarter keeps one request from hogging a worker of the ring.
  private static let largestRead = 512 << 20

  /// - Parameters:
  ///   - source: one file or a slice.
  ///   - start: bytes of `storage` that stay as they are, before those of the source.
  ///   - expected: bytes that a regular file held when it was planned, where a ring can load it by one request; 0 otherwise.
  init(
    source: Source, storage: any OutputBuffer.Storage, behind start: Int = 0, expecting expected: Int = 0, budget: Int,
    guess: CacheGuess, completion: @escaping AsyncFiles.LoadCompletion
  ) {
    self.source = source
    self.storage = storage
    self.start = start
    // Of a head the size is guessed, and another one would have all done twice.
    let isKnown = if case .file = source { true } else { false }
    self.expected = !isKnown || expected >= min(budget - start, Self.largestRead) ? 0 : expected
    self.budget = budget
    self.guess = guess
    self.completion = completion
  }

  deinit { letGo() }

  func next(_ result: Int32?) -> RingRequest? {
    do throws(UnitFailure) {
      return try step(result)
    } catch {
      end(.failure(error))
      return nil
    }
  }

  func finish() {
    guard case .ended(let outcome) = state else { preconditionFailure("a load that has not ended") }
    completion(outcome)
  }

  func prefetch() {
    guard let file = try? Descriptor.reading(path) else { return }
    if case .slice(let slice) = source { file.readAhead(from: slice.offset) } else { file.readAhead(from: 0) }
    state = .open(file.release())
  }

  func runBlocking() {
    do throws(UnitFailure) {
      if case .waiting = state { state = .open(try Self.open(path)) }
      guard case .open(let file) = state else { preconditionFailure("a load that the ring has begun") }
      var reading = try inspect(file)
      repeat { try makeRoom(&reading) } while try take(readOnce(reading), &reading)
      end(.success(reading.filled))
    } catch {
      end(.failure(error))
    }
  }

  // MARK: Transitions

  /// Takes the result of the last request, where there was one, and gives the next; nil when the load has ended.
  private func step(_ result: Int32?) throws(UnitFailure) -> RingRequest? {
    switch state {
    case .waiting: return try opening()
    case .opening:
      let file = try checked(result)
      letGo()
      state = .open(file)
      var reading = try inspect(file)
      return try request(&reading, by: guessed ?? guess.issueMode())
    case .whole:
      letGo()
      state = .waiting
      // Where the file is not what it was, or the kernel could not do it, all is done anew, step by step.
      if let result, result == -Errno.badFileDescriptor.rawValue || result >= 0 && result != expected {
        expected = 0
        return try opening()
      }
      end(.success(Int(try checked(result))))
      return nil
    case .reading(var reading):
      if reading.issueMode == .ifCached {
        guess.wasCached(result.map { $0 >= 0 } ?? false)
        if Self.mayWait(result) { return try request(&reading, by: .byWorker) }
      }
      if try take(Int(checked(result)), &reading) { return try request(&reading, by: .byWorker) }
      end(.success(reading.filled))
      return nil
    case .open, .ended: preconditionFailure("a load that has no request under way")
    }
  }

  private func opening() throws(UnitFailure) -> RingRequest {
    do { try StandardStreams.check(path) } catch { throw .unreadable(error) }
    let length = path.length + 1
    let name = UnsafeMutablePointer<CChar>.allocate(capacity: length)
    path.withPlatformString { name.initialize(from: $0, count: length) }
    if expected > 0, inOneRequest() {
      state = .whole(name)
      // One byte more tells whether the file has grown.
      let room = expected + 1
      try storage.grow(atLeast: start + room, keeping: start)
      return .load(name, into: UnsafeMutableRawBufferPointer(start: storage.base! + start, count: room))
    }
    state = .opening(name)
    return .open(name)
  }

  /// Whether the file is likely to be waited for.
  private func inOneRequest() -> Bool {
    guessed = guess.issueMode()
    return guessed == .byWorker
  }

  /// Asks for the next bytes.
  private func request(
    _ reading: inout Reading, by preferred: RingRequest.IssueMode
  ) throws(UnitFailure) -> RingRequest {
    try makeRoom(&reading)
    let room = UnsafeMutableRawBufferPointer(start: storage.base! + start + reading.filled, count: reading.requested)
    reading.issueMode =
      reading.offset < 0 ? .whenReady : reading.requested < worthAWorker ? preferred : .byWorker
    state = .reading(reading)
    return .read(reading.file, into: room, at: reading.offset, reading.issueMode)
  }

  private func end(_ outcome: Result<Int, UnitFailure>) {
    letGo()
    state = .ended(outcome)
  }

  /// Gives back what the state holds.
  private func letGo() {
    switch state {
    case .waiting, .ended: break
    case .opening(let name), .whole(let name): name.deallocate()
    case .open(let file): _ = Descriptor(owning: file)
    case .reading(let reading): _ = Descriptor(owning: reading.file)
    }
  }

  // MARK: What the states do

  /// The result of a request that was not refused.
  private func checked(_ result: Int32?) throws(UnitFailure) -> Int32 {
    guard let result else { preconditionFailure("a request without a result") }
    guard result >= 0 else { throw .unreadable(SystemError("read", errno: -result)) }
    return result
  }

  /// True when a read that may not wait was refused because it would have to, or the file system cannot tell.
  private static func mayWait(_ result: Int32?) -> Bool {
    result == -Errno.resourceTemporarilyUnavailable.rawValue || result == -Errno.notSupportedOnSocket.rawValue
  }

  private var path: FilePath {
    switch source {
    case .file(let path), .head(let path, _): path
    case .slice(let slice): slice.path
    case .none, .bytes, .files: preconditionFailure("one file is loaded at a time")
    }
  }

  /// Looks at the opened file and makes room for what it should hold.
  private func inspect(_ file: Int32) throws(UnitFailure) -> Reading {
    let status = try Self.status(of: file)
    if status.kind == .directory { throw .unreadable(SystemError("read", .isDirectory)) }
    if case .slice(let slice) = source {
      try slice.check(status.identity, size: status.size)
      try storage.grow(atLeast: start + slice.length, keeping: start)
      return Reading(file: file, extent: .slice(start: slice.offset, length: slice.length))
    }
    guard status.kind == .regular else {
      try storage.grow(atLeast: start + 65536, keeping: start)
      return Reading(file: file, extent: .stream)
    }
    if case .head(_, let limit) = source, status.size > limit {
      return Reading(file: file, extent: .file(limit: nil))
    }
    guard status.size <= budget - start else { throw .tooLarge(status.size, budget: budget) }
    let limit = status.size > 0 ? min(status.size, .max - 1 - start) + 1 : nil
    try storage.grow(atLeast: start + (limit ?? 65536), keeping: start)
    return Reading(file: file, extent: .file(limit: limit))
  }

  private func makeRoom(_ reading: inout Reading) throws(UnitFailure) {
    guard source.isSlice || reading.filled <= budget - start else { throw .tooLarge(reading.filled, budget: budget) }
    try storage.grow(atLeast: start + (reading.wanted ?? reading.filled + 65536), keeping: start + reading.filled)
    let capacity = storage.capacity - start
    let room = min(capacity, reading.wanted ?? capacity) - reading.filled
    reading.requested = min(room, Self.largestRead)
  }

  private func readOnce(_ reading: Reading) throws(UnitFailure) -> Int {
    let room = UnsafeMutableRawBufferPointer(start: storage.base! + start + reading.filled, count: reading.requested)
    do throws(SystemError) {
      if reading.offset >= 0 { return try DescriptorIO.readOnce(reading.file, at: reading.offset, into: room) }
      return try DescriptorIO.read(reading.file, into: room) ?? 0
    } catch {
      throw .unreadable(error)
    }
  }

  /// Counts bytes that arrived; false when the load is over.
  private func take(_ count: Int, _ reading: inout Reading) throws(UnitFailure) -> Bool {
    reading.filled += count
    if case .head(_, let limit) = source, reading.filled > limit { return false }
    switch reading.extent {
    case .slice(let start, let length):
      if reading.filled == length {
        let status = try Self.status(of: reading.file)
        if case .slice(let slice) = source { try slice.check(status.identity, size: status.size) }
        return false
      }
      guard count > 0 else { throw .cutShort(at: start + reading.filled) }
      return true
    case .stream, .file(limit: nil): return count > 0
    case .file(let limit?):
      // A regular file that gave all it was to hold, and not the byte after, is at its end; so it is where a read that may
      // wait gives less than was asked for. Everything else ends with a read of nothing.
      if count == 0 || reading.filled == limit - 1 { return false }
      if count < reading.requested, reading.issueMode != .ifCached { return false }
      if reading.filled >= limit { reading.extent = .file(limit: nil) }
      return true
    }
  }

  private static func open(_ path: FilePath) throws(UnitFailure) -> Int32 {
    do { return try Descriptor.reading(path).release() } catch { throw .unreadable(error) }
  }

  private static func status(of file: Int32) throws(UnitFailure) -> FileStatus {
    do { return try FileStatus(of: file) } catch { throw .unreadable(error) }
  }
}
