import Glibc
import LanesCore
import SystemPackage

/// open → fstat → read until the end → close, into memory that grows as needed.
final class LoadOperation: FileOperation {
  private let source: Source
  private let storage: any OutputBuffer.Storage
  private let completion: AsyncFiles.LoadCompletion
  private var file: FileDescriptor?
  private var filled = 0
  /// Bytes to read; nil until the end of the file is met.
  private var wanted: Int?
  private var start = 0
  private var isSeekable = true
  private var requested = 0
  private var outcome: Result<Int, UnitFailure>?

  /// Linux reads at most 2 GiB less a page at a time; a quarter keeps one request from hogging a worker of the ring.
  private static let largestRead = 512 << 20

  init(source: Source, storage: any OutputBuffer.Storage, completion: @escaping AsyncFiles.LoadCompletion) {
    self.source = source
    self.storage = storage
    self.completion = completion
  }

  func next(_ result: Int32?, context: UInt64) -> IORing.Request? {
    do throws(UnitFailure) {
      guard let result else { return try opening(context) }
      guard result >= 0 else { throw .unreadable(SystemError("read", errno: -result)) }
      if file == nil {
        file = FileDescriptor(rawValue: result)
        try inspect()
      } else if !take(Int(result)) {
        return nil
      }
      return try reading(context)
    } catch {
      outcome = .failure(error)
      return nil
    }
  }

  func finish() {
    if let file { try? file.close() }
    completion(outcome ?? .success(filled))
  }

  func prefetch() {
    guard let path, let file = try? Descriptor.reading(path) else { return }
    if case .slice(let slice) = source { start = slice.offset }
    posix_fadvise(file.number, off_t(start), 0, POSIX_FADV_WILLNEED)
    self.file = FileDescriptor(rawValue: file.release())
  }

  func runBlocking() {
    do throws(UnitFailure) {
      if file == nil, let path { file = FileDescriptor(rawValue: try Self.open(path)) }
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

  private func opening(_ context: UInt64) throws(UnitFailure) -> IORing.Request {
    guard let path else { preconditionFailure("only files are loaded") }
    return .open(
      path, in: FileDescriptor(rawValue: AT_FDCWD), mode: .readOnly, options: [.closeOnExec],
      context: context)
  }

  /// Looks at the opened file and makes room for what it should hold.
  private func inspect() throws(UnitFailure) {
    do throws(SystemError) {
      let status = try FileStatus(of: file!.rawValue)
      guard status.kind != .directory else { throw SystemError("read", errno: EISDIR) }
      isSeekable = status.kind == .regular
      if isSeekable { wanted = status.size > 0 ? status.size + 1 : nil }
      if case .slice(let slice) = source { return adopt(slice, status) }
    } catch {
      throw .unreadable(error)
    }
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
    try storage.grow(atLeast: wanted ?? filled + 65536, keeping: filled)
    requested = min(storage.capacity, wanted ?? storage.capacity) - filled
    requested = min(requested, Self.largestRead)
  }

  private func reading(_ context: UInt64) throws(UnitFailure) -> IORing.Request {
    try makeRoom()
    let room = UnsafeMutableRawBufferPointer(start: storage.base! + filled, count: requested)
    // An offset of -1 reads at the current position, which is all that a pipe has.
    return .read(file!, into: room, at: isSeekable ? UInt64(start + filled) : .max, context: context)
  }

  private func readOnce() throws(UnitFailure) -> Int {
    do throws(SystemError) {
      return try retrying("read") {
        isSeekable
          ? pread(file!.rawValue, storage.base! + filled, requested, off_t(start + filled))
          : read(file!.rawValue, storage.base! + filled, requested)
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
        do { try slice.check(file!.rawValue) } catch { outcome = .failure(error) }
        return false
      }
      if count > 0 { return true }
      outcome = .failure(.cutShort(at: start + filled))
      return false
    }
    // A short read of a regular file of known size has met its end; everything else ends with a read of nothing.
    if count == 0 || (wanted != nil && isSeekable && count < requested) { return false }
    if let wanted, filled >= wanted { self.wanted = nil }
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

  func next(_ result: Int32?, context: UInt64) -> IORing.Request? {
    do throws(SystemError) {
      if let result {
        guard result >= 0 else { throw SystemError("write", errno: -result) }
        written += Int(result)
      } else {
        let made = try OutputFile(target)
        number = made.number
        file = consume made
      }
      guard written == bytes.count else { return writing(context) }
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

  private func writing(_ context: UInt64) -> IORing.Request {
    let rest = UnsafeMutableRawBufferPointer(mutating: UnsafeRawBufferPointer(rebasing: bytes[written...]))
    return .write(rest, into: FileDescriptor(rawValue: number), at: UInt64(written), context: context)
  }
}

extension OutputBuffer.Storage {
  /// Makes room for `needed` bytes, at least doubling so that growing step by step stays cheap.
  package func grow(atLeast needed: Int, keeping used: Int) throws(UnitFailure) {
    guard needed > capacity else { return }
    try grow(to: max(needed, used == 0 ? 0 : capacity * 2, 65536), keeping: used)
  }
}
