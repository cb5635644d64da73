import LanesCore
import LanesOS
import SystemPackage

/// A stream that is unpacked by a thread of its own, ahead of whoever reads.
///
/// ```
///   file or pipe ─▶ thread: read ▸ unpack ─▶ [ at most 4 MiB ] ─▶ plan: read ─▶ units ─▶ lanes
/// ```
///
/// A stream that is not compressed comes as it is. What was unpacked ahead of damage is read first, then the failure.
final class UnpackingReader {
  /// What is unpacked.
  enum Origin {
    case file(FileSlice)
    case stream(ReadyReader)
  }

  private let pump: UnpackingPump
  private let thread: WorkerThread
  /// The rest of a piece that was not read whole.
  private var piece: ArraySlice<UInt8> = []

  /// Starts the thread.
  init(_ origin: Origin, _ settings: UnpackingSettings) throws(SystemError) {
    let pump = try UnpackingPump(origin, settings)
    self.pump = pump
    thread = try WorkerThread { pump.run() }
  }

  /// The thread ends soon: it waits for nothing but disks and itself.
  deinit {
    pump.cancel()
    thread.join()
  }

  /// Nothing more is wanted.
  func cancel() { pump.cancel() }

  /// Becomes readable when there is something to read, or at the end.
  var descriptor: Int32 { pump.ready.number }

  /// Appends at most `limit` bytes to `buffer`, as many as are there.
  func read(into buffer: inout Bytes, atMost limit: Int) throws(UnitFailure) -> ReadyReader.Piece {
    if piece.isEmpty {
      switch pump.take() {
      case .bytes(let bytes): piece = bytes[...]
      case .notReady: return .notReady
      case .end(nil): return .end
      case .end(let failure?): throw failure
      }
    }
    let count = min(limit, piece.count)
    buffer += piece.prefix(count)
    piece = piece.dropFirst(count)
    return .bytes(count)
  }
}

/// What the unpacking thread and its reader share.
final class UnpackingPump: @unchecked Sendable {
  // Sendable: `origin` and `settings` belong to the thread that runs, all else is behind the monitor.
  enum Step {
    case bytes(Bytes)
    case notReady
    case end(UnitFailure?)
  }

  private struct State {
    var pieces: [Bytes] = []
    var bytes = 0
    var isOver = false
    var failure: UnitFailure?
    var isCancelled = false
  }

  private let origin: UnpackingReader.Origin
  private let settings: UnpackingSettings
  private let state = Monitor(State())
  let ready: Descriptor
  private let cancelled: Descriptor

  /// Bytes that wait for the reader at most.
  private static let mostAhead = 4 << 20
  /// Bytes that are read and unpacked at a time.
  private static let pieceBytes = 256 << 10
  /// Bytes that are unpacked in one call at most.
  private static let mostWhole = 256 << 20

  init(_ origin: UnpackingReader.Origin, _ settings: UnpackingSettings) throws(SystemError) {
    self.origin = origin
    self.settings = settings
    ready = try Descriptor.event()
    cancelled = try Descriptor.event()
  }

  /// The next piece, for the reader.
  func take() -> Step {
    let step: Step = state.withLock { state in
      // Under the lock: what comes later raises it again.
      if state.pieces.isEmpty, !state.isOver { ready.drainEvent() }
      guard !state.pieces.isEmpty else { return state.isOver ? .end(state.failure) : .notReady }
      let piece = state.pieces.removeFirst()
      state.bytes -= piece.count
      return .bytes(piece)
    }
    state.wakeAll()
    return step
  }

  /// Nothing more is wanted.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    state.wakeAll()
    cancelled.raiseEvent()
  }

  /// Unpacks to the end, on the calling thread.
  func run() {
    var failure: UnitFailure?
    do throws(UnitFailure) {
      try unpack()
    } catch {
      failure = error
    }
    state.withLock { state in
      state.isOver = true
      state.failure = failure
    }
    ready.raiseEvent()
  }

  private func unpack() throws(UnitFailure) {
    let input = try UnpackingInput(origin, cancelled: cancelled.number) { [state] in state.withLock { $0.isCancelled } }
    guard let head = try input.fill(PackedFormat.headBytes) else { return }
    guard let format = PackedFormat(head: head) else { return try pass(input) }
    guard format.isSupported else { throw format.refusal }
    if settings.isInUnits {
      throw UnitFailure(
        .rejected,
        "it is compressed and no regular file, and --isolation has files unpacked by workers: save it to a file first")
    }
    guard try !unpackWhole(input, format) else { return }
    let unpacker = try Unpacker(Packing(offset: input.offset), memory: settings.memory)
    while true {
      let (step, made) = run(unpacker, on: input, room: Self.pieceBytes)
      input.drop(step.used)
      let hasRoom = made.count < Self.pieceBytes
      guard made.isEmpty || put(made) else { return }
      if let failure = step.failure { throw failure }
      if step.isOver { return }
      // The decoder has stopped for want of input, or for want of room.
      if hasRoom, step.made + step.used == 0 || input.count < Unpacker.leastRoom, try !input.read() { return }
    }
  }

  /// Unpacks into `room` bytes at most.
  private func run(
    _ unpacker: Unpacker, on input: UnpackingInput, room: Int
  ) -> (step: Unpacker.Step, made: Bytes) {
    var step = Unpacker.Step(used: 0, made: 0, isOver: false)
    let made = Bytes(unsafeUninitializedCapacity: room) { room, count in
      step = input.withBytes { unpacker.run($0, isLast: input.isAtEnd, into: UnsafeMutableRawBufferPointer(room)) }
      count = step.made
    }
    return (step, made)
  }

  /// Unpacks a file of gzip in one call where it is of moderate size, all that it says to become fits beside it, and that is
  /// true; false where it is to be streamed, or nothing more is wanted. libdeflate takes half of zlib's time, but cannot stream.
  private func unpackWhole(_ input: UnpackingInput, _ format: PackedFormat) throws(UnitFailure) -> Bool {
    guard format == .gzip, case .file(let file) = origin, file.length <= Self.mostWhole / 2,
      file.length < settings.memory / 2
    else { return false }
    while !input.isAtEnd {
      guard try input.read() else { return true }
    }
    let size = input.withBytes(Unpacker.gzipSize)
    guard size > 0, size <= Self.mostWhole, size + file.length <= settings.memory, FreeMemory.hasRoom(for: size) else {
      return false
    }
    let unpacker = try Unpacker(Packing(offset: input.offset), memory: settings.memory)
    // What is damaged is streamed, up to the damage.
    let (step, made) = run(unpacker, on: input, room: size)
    guard step.isOver else { return false }
    input.drop(step.used)
    _ = put(made)
    return true
  }

  /// Passes on a stream that is not compressed.
  private func pass(_ input: UnpackingInput) throws(UnitFailure) {
    while input.count > 0 || !input.isAtEnd {
      guard input.count == 0 || put(input.withBytes { Bytes($0) }) else { return }
      input.drop(input.count)
      guard try input.read() else { return }
    }
  }

  /// Hands a piece to the reader, once there is room; false where nothing more is wanted.
  private func put(_ piece: Bytes) -> Bool {
    let isWanted = state.wait { state -> Bool? in
      if state.isCancelled { return false }
      guard state.bytes < Self.mostAhead else { return nil }
      state.pieces.append(piece)
      state.bytes += piece.count
      return true
    }
    ready.raiseEvent()
    return isWanted
  }
}
