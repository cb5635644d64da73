import LanesCore
import LanesOS
import SystemPackage

/// Loads one unit's source at a time, waiting for the disk: whole, mapped, or piece by piece.
///
/// Belongs to one thread; its memory is used again for the next unit.
package final class BlockingLoader {
  private enum Holding { case nothing, bytes(Bytes), heap, foreign(HeapStorage), mapping(HeldMapping) }
  /// A mapping and its file are noncopyable; a class can hold them in an enumeration.
  private final class HeldMapping {
    let mapping: Mapping
    let file: Descriptor
    init(_ mapping: consuming Mapping, of file: consuming Descriptor) {
      self.mapping = mapping
      self.file = file
    }
  }

  private let heap = HeapStorage()
  private let budget: Int
  private let folder = RecentFolder()
  private var holding = Holding.nothing
  private var choice = AccessChoice()
  /// How the slice in hand was loaded, where that was to be chosen, and the thread's processor time before.
  private var trial: (way: AccessChoice.Way, start: Int64)?
  /// Bytes loaded.
  package private(set) var count = 0

  /// - Parameter budget: bytes that a file may have which is taken whole.
  package init(budget: Int = .max) { self.budget = budget }

  /// Loads `source`; on failure nothing is held.
  ///
  /// - Parameter expected: bytes that a regular file held when it was planned; 0 where that is not known.
  package func load(_ source: Source, expecting expected: Int = 0) throws(UnitFailure) {
    release()
    switch source {
    case .none: return
    case .bytes(let bytes):
      holding = .bytes(bytes)
      count = bytes.count
    case .file(let path): try loadFile(path, expected)
    case .head(let path, let limit): try loadHead(path, limit)
    case .files(let paths): try loadFiles(paths)
    case .slice(let slice): try loadSlice(slice)
    }
  }

  /// The loaded bytes, for the length of the call.
  package func withInput<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch holding {
    case .nothing: return try body(RawSpan())
    case .bytes(let bytes): return try body(bytes.span.bytes)
    case .heap: return try body(UnsafeRawBufferPointer(start: heap.base, count: count).bytes)
    case .foreign(let storage):
      return try body(UnsafeRawBufferPointer(start: storage.base, count: count).bytes)
    case .mapping(let held):
      return try held.mapping.withBytes { (bytes) throws(Failure) in try body(bytes.bytes) }
    }
  }

  /// Takes over the first `count` bytes of what somebody else has loaded.
  func hold(_ storage: HeapStorage, count: Int) {
    release()
    holding = .foreign(storage)
    self.count = count
  }

  /// Throws when the mapped file was cut short while it was read, so that what was computed counts for nothing; the loaded
  /// bytes are not to be asked for again.
  package func verify(_ source: Source) throws(UnitFailure) {
    guard case .slice(let slice) = source else { return }
    if case .mapping(let held) = holding {
      // The page that a file now ends in stays, with zeros behind the end: only the file's size tells of those.
      try slice.check(held.file.number)
      // The file may have grown again.
      if let lost = held.mapping.firstLostByte { throw .cutShort(at: slice.offset + lost) }
    }
    if let trial {
      // Taking the pages out again is a good part of what a mapping costs.
      holding = .nothing
      choice.note(trial.way, bytes: slice.length, nanoseconds: threadTime() - trial.start)
      self.trial = nil
    }
  }

  /// Lets go of what is held, mappings at once, heap memory for the next unit.
  package func release() {
    holding = .nothing
    trial = nil
    count = 0
    heap.trim(to: OutputBuffer.mostKept)
  }

  private func loadFile(_ path: FilePath, _ expected: Int) throws(UnitFailure) {
    // A directory is refused by read(2).
    let file: Descriptor
    do { file = try folder.reading(path) } catch { throw .unreadable(error) }
    try readToEnd(file.number, expecting: expected > 0 ? expected : try Self.status(of: file.number).size)
    holding = .heap
  }

  /// Reads until read(2) gives nothing, or more than `limit` bytes are there. Two reads of an open file take 0.2 µs less than asking
  /// for its size and one read.
  private func loadHead(_ path: FilePath, _ limit: Int) throws(UnitFailure) {
    let file: Descriptor
    do { file = try folder.reading(path) } catch { throw .unreadable(error) }
    count = 0
    try heap.grow(atLeast: limit + 1, keeping: 0)
    while count <= limit {
      let room = UnsafeMutableRawBufferPointer(start: heap.base! + count, count: limit + 1 - count)
      guard let got = try Self.read(file.number, into: room), got > 0 else { break }
      count += got
    }
    holding = .heap
  }

  private func loadFiles(_ paths: [FilePath]) throws(UnitFailure) {
    count = 0
    var lengths: [Int] = []
    for path in paths {
      let start = count
      do throws(UnitFailure) {
        let file = try Self.open(path)
        try readToEnd(file.number, expecting: try Self.status(of: file.number).size, behind: start)
      } catch {
        release()
        throw lengths.isEmpty ? error : error.naming(path)
      }
      lengths.append(count - start)
    }
    let trailer = JoinedFiles.trailer(lengths)
    try heap.grow(atLeast: count + trailer.count, keeping: count)
    trailer.withUnsafeBytes { (heap.base! + count).copyMemory(from: $0.baseAddress!, byteCount: trailer.count) }
    count += trailer.count
    holding = .heap
  }

  private static func open(_ path: FilePath) throws(UnitFailure) -> Descriptor {
    do { return try Descriptor.reading(path) } catch { throw .unreadable(error) }
  }

  private static func status(of fd: Int32) throws(UnitFailure) -> FileStatus {
    do { return try FileStatus(of: fd) } catch { throw .unreadable(error) }
  }

  /// Reads until read(2) gives nothing.
  ///
  /// Where a regular file was expected to have `expected` bytes, a read that gives just as many with room left has met its
  /// end, since only there read(2) gives fewer bytes of a regular file than it was asked for. Files that claim to be
  /// empty, as those of /proc do, and all that have another size by now go on to the read of nothing. Looking again
  /// whether the file is still a regular one would cost as much as a tenth of reading it.
  ///
  /// - Parameter start: bytes of other files that lie before this one.
  private func readToEnd(_ fd: Int32, expecting expected: Int, behind start: Int = 0) throws(UnitFailure) {
    count = start
    guard expected <= budget - start else { throw .tooLarge(expected, budget: budget) }
    try heap.grow(atLeast: start + min(expected, .max - 1 - start) + 1, keeping: start)
    while true {
      guard count <= budget else { throw .tooLarge(count, budget: budget) }
      try heap.grow(atLeast: count + 1, keeping: count)
      let room = UnsafeMutableRawBufferPointer(start: heap.base! + count, count: heap.capacity - count)
      guard let got = try Self.read(fd, into: room), got > 0 else { return }
      count += got
      if got == expected, count == start + got, got < room.count { return }
    }
  }

  private static func read(_ fd: Int32, into room: UnsafeMutableRawBufferPointer) throws(UnitFailure) -> Int? {
    do { return try DescriptorIO.read(fd, into: room) } catch { throw .unreadable(error) }
  }

  private func loadSlice(_ slice: FileSlice) throws(UnitFailure) {
    try load(slice, of: try Self.open(slice.path))
  }

  /// Loads a slice of a file that somebody else has opened.
  package func load(_ slice: FileSlice, of file: consuming Descriptor) throws(UnitFailure) {
    release()
    try slice.check(file.number)
    count = slice.length
    if chooseMapping(of: slice), let mapping = try map(slice, file.number) {
      holding = .mapping(HeldMapping(mapping, of: file))
      return
    }
    try readSlice(slice, file.number)
  }

  /// Whether to map a slice that is about to be loaded; where that is for this loader to choose, what it costs is noted once
  /// the slice is verified.
  private func chooseMapping(of slice: FileSlice) -> Bool {
    switch slice.access {
    case .mapped: return true
    case .read: return false
    case .measured:
      guard AccessChoice.lengths.contains(slice.length) else { return false }
      let way = choice.next()
      trial = (way, threadTime())
      return way == .mapping
    }
  }

  // MARK: Pieces

  /// Bytes read at a time, which with a workload's own tables fit a usual L2 cache. On two EPYC cores counting the lines of
  /// 2 GB in the page cache took, in processor time, 0.10 s by pieces of 64 to 512 KiB, 0.12 s by reading 8 MiB at a time
  /// and 0.14 s by mapping them where the cache holds large folios, as after reading from a disk; where it holds pages of
  /// 4 KiB, as after small writes, 0.20, 0.26 and 0.36 to 0.45 s. Mapping has the price of a fault for each page, and of
  /// taking all of them out again.
  private static let pieceBytes = 256 << 10
  /// Files are read from multiples of this, into memory at such: the page cache is copied faster so.
  private static let alignment = 4096
  /// Bytes left by a taker from which on the rest of the slice is read in one go: a line has no end in sight, and
  /// looking for it in more and more pieces would take quadratic time.
  private static let mostLeft = 1 << 20

  /// Has `taker` take a slice: mapped as a whole, or read piece by piece while each is in the cache.
  ///
  /// - Parameter readsAhead: asks the kernel for all of the slice where its first bytes are not in the page cache. A
  ///   sandboxed process may not ask.
  package func take(
    _ slice: FileSlice, readsAhead: Bool, by taker: any PieceTaker, _ deadline: Deadline
  ) throws(UnitFailure) {
    try take(slice, of: try Self.open(slice.path), readsAhead: readsAhead, by: taker, deadline)
  }

  /// The same for a file that somebody else has opened.
  package func take(
    _ slice: FileSlice, of file: consuming Descriptor, readsAhead: Bool = false, by taker: any PieceTaker,
    _ deadline: Deadline
  ) throws(UnitFailure) {
    release()
    try slice.check(file.number)
    let mustWait = readsAhead && !file.isCached(at: slice.offset)
    if mustWait { file.readAhead(from: slice.offset, length: slice.length) }
    count = slice.length
    // What is still on its way from the disk comes while the first pieces are taken; all of a mapping is waited for.
    if !mustWait || slice.access == .mapped, chooseMapping(of: slice), let mapping = try map(slice, file.number) {
      holding = .mapping(HeldMapping(mapping, of: file))
      _ = try withInput { (input) throws(UnitFailure) in try taker.take(input, isLast: true, deadline) }
    } else {
      try takePieces(slice, file.number, by: taker, deadline)
      // A file that became shorter and grew again meanwhile read as zeros in between.
      try slice.check(file.number)
    }
    try verify(.slice(slice))
  }

  private func takePieces(
    _ slice: FileSlice, _ file: Int32, by taker: any PieceTaker, _ deadline: Deadline
  ) throws(UnitFailure) {
    // What the taker has left lies right before `lead`, where the next piece goes.
    var lead = Self.alignment
    var left = 0
    var at = 0
    while at < slice.length {
      let offset = slice.offset + at
      let usual = Self.pieceBytes - offset % Self.alignment
      let wanted = left > Self.mostLeft ? slice.length - at : min(usual, slice.length - at)
      try heap.grow(atLeast: lead + wanted, keeping: lead)
      let got = try Self.readOnce(file, at: offset, into: heap.base! + lead, count: wanted)
      guard got > 0 else { throw .cutShort(at: offset) }
      at += got
      let end = lead + got
      let piece = UnsafeRawBufferPointer(start: heap.base! + lead - left, count: left + got)
      left = piece.count - (try taker.take(piece.bytes, isLast: at == slice.length, deadline))
      lead = max(lead, (left + Self.alignment - 1) / Self.alignment * Self.alignment)
      try heap.grow(atLeast: lead, keeping: end)
      (heap.base! + lead - left).copyMemory(from: heap.base! + end - left, byteCount: left)
    }
  }

  private static func readOnce(
    _ fd: Int32, at offset: Int, into room: UnsafeMutableRawPointer, count: Int
  ) throws(UnitFailure) -> Int {
    do {
      return try DescriptorIO.readOnce(fd, at: offset, into: UnsafeMutableRawBufferPointer(start: room, count: count))
    } catch {
      throw .unreadable(error)
    }
  }

  /// Nil where the file system does not map files (FUSE, some of /proc) or the address space is full.
  private func map(_ slice: FileSlice, _ fd: Int32) throws(UnitFailure) -> Mapping? {
    do throws(SystemError) {
      let mapping = try Mapping(fd, offset: slice.offset, length: slice.length)
      mapping.populate()
      return mapping
    } catch  where error.code == .operationNotSupportedByDevice || error.code == .noMemory {
      return nil
    } catch {
      throw .unreadable(error)
    }
  }

  private func readSlice(_ slice: FileSlice, _ fd: Int32) throws(UnitFailure) {
    try heap.grow(atLeast: slice.length, keeping: 0)
    let room = UnsafeMutableRawBufferPointer(start: heap.base, count: slice.length)
    let filled: Int
    do { filled = try DescriptorIO.read(fd, at: slice.offset, into: room) } catch { throw .unreadable(error) }
    guard filled == slice.length else { throw .cutShort(at: slice.offset + filled) }
    try slice.check(fd)
    holding = .heap
  }
}

extension FileSlice {
  /// Throws unless the file behind `descriptor` is the one that was planned and still holds the slice. After reading this
  /// tells that no byte came from behind the end of a file that was cut short meanwhile, where pages hold zeros.
  func check(_ descriptor: Int32) throws(UnitFailure) {
    let status: FileStatus
    do {
      status = try FileStatus(of: descriptor)
    } catch {
      throw .unreadable(error)
    }
    try check(status)
  }

  /// Throws unless `status` is of the file that was planned and still holds the slice.
  package func check(_ status: FileStatus) throws(UnitFailure) {
    try check(status.identity, size: status.size)
  }
}

extension UnitFailure {
  /// An output that the kernel would not take.
  package static func unwritable(_ target: Destination, _ error: SystemError) -> UnitFailure {
    let name = target.path.forDisplay
    let reason =
      if error.code == .fileExists {
        "\(name) exists already"
      } else if error.code == .tooManySymbolicLinkLevels, let link = target.linkOnTheWay {
        "\(name) is not written, since \(link.forDisplay) is a symbolic link: remove it, or name what it leads to with -o"
      } else {
        "\(name) cannot be written: \(error.reason)"
      }
    return UnitFailure(
      error.isOutOfDescriptors ? .resources : .output, reason,
      haltsBatch: error.isFullOrBroken || error.isOutOfDescriptors)
  }
}

extension Destination {
  /// The first symbolic link among the folders that must not be one.
  fileprivate var linkOnTheWay: FilePath? {
    var folder = path
    var found: FilePath?
    for _ in 0..<depth {
      folder.removeLastComponent()
      if (try? FileStatus(of: folder, followingLinks: false))?.kind == .symbolicLink { found = folder }
    }
    return found
  }
}
