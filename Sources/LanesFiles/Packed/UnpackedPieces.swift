import LanesCore
import LanesOS

/// Unpacks one unit piece by piece and has the workload proper take what comes, while it is in the cache.
///
/// A part of a file begins and ends in the middle of lines. Its first line, up to its end, and its last one, without an end,
/// are given as they are: `UnpackedFold` puts them together. Memory holds the decoder's window, and as much of what was
/// unpacked as the workload leaves: less than a line, or a stretch where the workload takes no pieces.
final class UnpackedPieces<Inner: FileWorkload>: PieceTaker {
  private let workload: Unpacking<Inner>
  private let unit: Unit
  private let file: FileTask
  private let unpacker: Unpacker
  private let isPart: Bool

  /// What was unpacked and not taken: `start..<end` of the room.
  private let room = HeapStorage()
  private var start = 0
  private var end = 0
  /// Untaken bytes below which the taker is not asked again: it found no line end in them.
  private var enough = 0

  /// True for a small file of gzip, until all of it is there: in one call it is unpacked in half the time.
  private var isWaiting: Bool
  /// Bytes that a file may become in one call.
  private static var mostWhole: Int { 16 << 20 }
  /// Compressed bytes that are waited for; whoever reads pieces takes more that are left for a line without an end.
  private static var longestWait: Int { 768 << 10 }

  private var partial = UnpackedPartial()
  private var resultBytes = 0
  /// True while the first line is looked for.
  private var seeksHead: Bool
  /// What takes pieces; nil where the workload wants each stretch as a whole.
  private var taker: (any PieceTaker)?
  private let takesPieces: Bool
  private var takenBytes = 0
  /// Puts partial results together, where the workload has such a thing.
  private let compactor: (any Compactor)?

  /// Bytes that are unpacked at a time, which stay in a usual L2 cache.
  private let pieceBytes = 256 << 10

  init(_ workload: Unpacking<Inner>, _ unit: Unit, _ file: FileTask, _ unpacker: Unpacker) throws(UnitFailure) {
    self.workload = workload
    self.unit = unit
    self.file = file
    self.unpacker = unpacker
    isPart = file.packing?.isPart ?? false
    isWaiting = !isPart && workload.limits.memory >= Self.mostWhole * 2
    seeksHead = isPart && file.slice > 0 && workload.limits.ends != nil
    compactor =
      workload.inner.bytesPerPartial == nil ? nil : (workload.inner as? any CompactingWorkload)?.makeCompactor()
    taker = try workload.inner.pieces(of: Self.unit(unit, file, isFirst: file.slice == 0, isLast: file.isLast))
    takesPieces = taker != nil
  }

  /// `unit` for a stretch of its unpacked bytes.
  private static func unit(_ unit: Unit, _ file: FileTask, isFirst: Bool, isLast: Bool) -> Unit {
    var file = file
    file.packing = nil
    if !isFirst { file.slice = max(file.slice, 1) }
    file.isLast = isLast
    var unit = unit
    unit.task = Inner.task(unit.task, for: file)
    return unit
  }

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    guard !partial.isVoid else { return piece.byteCount }
    do throws(UnitFailure) {
      return try unpack(piece, isLast: isLast, deadline)
    } catch  where file.packing?.guessedEnd != nil && [.rejected, .resources].contains(error.kind) {
      // Whoever unpacks the file from its start finds out what is wrong, if anything is.
      partial = UnpackedPartial()
      partial.isVoid = true
      room.trim(to: 0)
      return piece.byteCount
    }
  }

  private func unpack(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    if isWaiting {
      let isGzip = piece.withUnsafeBytes { PackedFormat(head: Bytes($0.prefix(PackedFormat.headBytes))) == .gzip }
      guard isLast || !isGzip || piece.byteCount >= Self.longestWait else { return 0 }
      isWaiting = false
      let size = isGzip && isLast ? piece.withUnsafeBytes(Unpacker.gzipSize) : 0
      if size <= Self.mostWhole { try room.grow(atLeast: size + pieceBytes, keeping: 0) }
    }
    return try piece.withUnsafeBytes { (input) throws(UnitFailure) in
      var at = 0
      while true {
        try room.grow(atLeast: end + pieceBytes, keeping: end)
        let step = unpacker.run(
          UnsafeRawBufferPointer(rebasing: input[at...]), isLast: isLast,
          into: UnsafeMutableRawBufferPointer(start: room.base! + end, count: room.capacity - end))
        if let failure = step.failure { throw failure }
        at += step.used
        end += step.made
        try deadline.check()
        try consume(isOver: step.isOver, deadline)
        if step.isOver { return at }
        guard step.made + step.used > 0 else {
          // The last input makes progress or fails.
          precondition(!isLast, "a decoder that does not go on")
          return at
        }
      }
    }
  }

  func finish() throws(UnitFailure) -> Bytes {
    if partial.isVoid { return partial.wire }
    if let compactor, !partial.partials.isEmpty { partial.partials = [compactor.partial] }
    try UnitFailure.checkMemory(resultBytes + partial.tail.count)
    return partial.wire
  }

  /// Hands on what was unpacked.
  private func consume(isOver: Bool, _ deadline: Deadline) throws(UnitFailure) {
    if seeksHead {
      takeHead()
      if seeksHead {
        try checkLine(partial.head?.count ?? 0)
        partial.isOpen = isOver
        return
      }
    }
    let isFinal = isOver && file.isLast
    if takesPieces {
      try feed(isOver: isOver, isFinal: isFinal, deadline)
    } else {
      try performStretch(isOver: isOver, isFinal: isFinal, deadline)
    }
    if isOver, !isFinal {
      partial.tail = Bytes(UnsafeRawBufferPointer(start: room.base! + start, count: end - start))
    }
    try checkLine(end - start)
    guard start > 0 else { return }
    (room.base!).copyMemory(from: room.base! + start, byteCount: end - start)
    (start, end) = (0, end - start)
  }

  /// Looks for the end of the first line in what has come; all up to there goes into the head.
  private func takeHead() {
    let bytes = UnsafeRawBufferPointer(start: room.base! + start, count: end - start)
    let found = workload.limits.ends?.first(in: bytes.bytes)
    let count = found.map { $0 + 1 } ?? bytes.count
    partial.head = (partial.head ?? []) + bytes[..<count]
    if found == nil { (start, end) = (0, 0) } else { start += count }
    seeksHead = found == nil
  }

  private func checkLine(_ bytes: Int) throws(UnitFailure) {
    // Stretches and pieces are left beside a line.
    let most = workload.limits.longestLine
    guard bytes > most, bytes - most > (workload.inner.bytesPerPartial ?? 0) * 2 + pieceBytes else { return }
    throw .lineTooLong(most)
  }

  /// Has the taker take what it likes, and at the end all whole lines.
  private func feed(isOver: Bool, isFinal: Bool, _ deadline: Deadline) throws(UnitFailure) {
    guard isOver || end - start >= enough else { return }
    var bytes = UnsafeRawBufferPointer(start: room.base! + start, count: end - start)
    if isOver { bytes = UnsafeRawBufferPointer(rebasing: bytes[..<wholeLines(bytes, isFinal: isFinal)]) }
    let taken = try taker!.take(bytes.bytes, isLast: isOver, deadline)
    start += taken
    takenBytes += taken
    // A line whose end is not in sight is looked through again only when it has doubled.
    enough = end - start > 1 << 20 ? (end - start) * 2 : 0
    if isOver {
      try add(try taker!.finish())
    } else if let most = workload.inner.bytesPerPartial, takenBytes >= most {
      _ = try taker!.take(RawSpan(), isLast: true, deadline)
      try add(try taker!.finish())
      taker = try workload.inner.pieces(of: Self.unit(unit, file, isFirst: false, isLast: file.isLast))
      takenBytes = 0
    }
  }

  /// How many of `bytes` are whole lines, where units are made of them; all where nothing follows.
  private func wholeLines(_ bytes: UnsafeRawBufferPointer, isFinal: Bool) -> Int {
    guard !isFinal, let ends = workload.limits.ends else { return bytes.count }
    return ends.last(in: bytes.bytes).map { $0 + 1 } ?? 0
  }

  /// Performs on a stretch of whole lines, when there are enough.
  private func performStretch(isOver: Bool, isFinal: Bool, _ deadline: Deadline) throws(UnitFailure) {
    guard isOver || end - start >= max(workload.inner.bytesPerPartial ?? 0, enough) else { return }
    let bytes = UnsafeRawBufferPointer(start: room.base! + start, count: end - start)
    let count = wholeLines(bytes, isFinal: isFinal)
    enough = (bytes.count - count) * 2
    guard count > 0 || isOver else { return }
    let isFirst = file.slice == 0 && takenBytes == 0
    try add(
      try workload.inner.perform(
        Self.unit(unit, file, isFirst: isFirst, isLast: isFinal),
        input: UnsafeRawBufferPointer(rebasing: bytes[..<count]).bytes, output: OutputBuffer(), deadline: deadline))
    start += count
    takenBytes += count
  }

  /// Adds a partial result to those of the unit.
  private func add(_ bytes: Bytes) throws(UnitFailure) {
    if let compactor {
      let isFirst = partial.partials.isEmpty
      if isFirst ? try compactor.begin(inner, bytes) : try compactor.append(inner, bytes) {
        // What the compactor holds stands for all of them.
        if isFirst { partial.partials = [[]] }
        return
      }
      throw UnitFailure(.crashed, "its result cannot be read")
    }
    partial.partials.append(bytes)
    resultBytes += bytes.count
    guard resultBytes <= workload.limits.mostResults else {
      throw UnitFailure(
        .resources,
        "what is found in it takes more than \(ByteCount.text(workload.limits.mostResults)), which is held until its end: give it alone"
      )
    }
  }

  /// The unit as the workload proper knows it.
  private var inner: Unit { Self.unit(unit, file, isFirst: file.slice == 0, isLast: file.isLast) }
}
