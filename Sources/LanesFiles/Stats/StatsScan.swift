import CKernels
import LanesCore
import LanesOS

/// Goes through the lines of one slice: the kernel takes plain ones, this type the rest.
///
/// Lines come in one piece or several. Belongs to one thread.
final class StatsScan {
  /// What is wrong in a slice, and in which of its lines, from 0.
  struct BadLine: Equatable {
    var line: UInt64
    var reason: String
  }

  let table: StatsTable
  var badLine: BadLine?
  /// What the slice ends with inside of quotation marks, where fields may hold newlines.
  private(set) var tail: Bytes?
  /// Newlines in the lines gone through.
  var lines: UInt64 { state.lines }

  private var state = ckernels_stats()
  /// What `state` points to. Each must stay alive and in place, or `state` be told, before the kernel is called again.
  private var groups: ZeroedTable<ckernels_group>
  private var wide: ZeroedTable<ckernels_moments>
  private var index: ZeroedTable<UInt32>
  /// The piece in hand.
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Long keys of groups that were met in earlier pieces, and how many groups that are.
  private var longKeys: [HeapStorage] = []
  private var settledGroups = 0
  private var hasBegun = false
  private let task: StatsTask
  private let format: TableFormat
  /// Where single values go, if they are kept.
  let recorder: ValueRecorder?

  /// Groups at first, with 112 bytes each: 64 for narrow numbers and 48 for wide ones.
  private static let firstGroups = 2048
  /// Places of the index at first: so many that a few hundred groups hardly ever want the same one, which costs a
  /// twentieth of the time with a quarter as many. They take 4 bytes each, and no more lines of a cache than there are
  /// groups.
  private static let firstSlots = 65_536
  /// Decimal places up to which the kernel keeps numbers; those with more are rare and taken one by one.
  private static let mostPlaces = 12

  convenience init(
    _ task: StatsTask, _ format: TableFormat, keeping: ValueKeeping = .none, seed: UInt64
  ) throws(UnitFailure) {
    try self.init(task, format, StatsTable(seed: seed, keeping: keeping), seed: seed)
  }

  /// A scan that adds to a table.
  init(_ task: StatsTask, _ format: TableFormat, _ table: StatsTable, seed: UInt64) throws(UnitFailure) {
    self.table = table
    recorder = table.values.keeping == .none ? nil : try ValueRecorder(table.values)
    groups = try ZeroedTable(count: Self.firstGroups)
    wide = try ZeroedTable(count: Self.firstGroups)
    index = try ZeroedTable(count: Self.firstSlots)
    self.task = task
    self.format = format
    state.column = task.column
    state.by = task.by ?? -1
    state.delimiter = format.delimiter ?? 0x2C
    state.seed = ckernels_seed_of(seed)
    state.window = 8192
    state.capacity = Self.firstGroups
    state.groups = groups.base
    state.wide = wide.base
    state.slots = Self.firstSlots
    state.index = index.base
    if let recorder {
      state.values = recorder.kernel.base
      state.values_room = recorder.kernel.count
    }
  }

  /// Bytes of the byte order mark of UTF-8 that `text` begins with: 3 or none. Programs put one ahead of tables, and it
  /// is part of no field.
  static func markBytes(_ text: RawSpan) -> Int {
    text.byteCount >= 3 && text.withUnsafeBytes { $0.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) } ? 3 : 0
  }

  /// Goes through the lines of one piece, or up to one that is bad, behind which nothing is gone through. `piece` must
  /// stay until then, and after the last one until `finish`.
  func run(_ piece: UnsafeRawBufferPointer, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) {
    begin(piece)
    if !hasBegun {
      hasBegun = true
      if task.file.slice == 0 { state.at = Self.markBytes(bytes.bytes) }
      if task.skipsHeader { skipLine() }
    }
    if case .jsonLines(let column, let by) = format {
      try runJSON(bytes, from: state.at, JSONPaths(column, by), deadline)
    } else {
      try runLines(deadline)
    }
    guard isLast else { return try keepLongKeys() }
    try finish()
  }

  /// Goes through all of a slice whose fields may hold newlines, which begins outside of quotation marks at `start`.
  func runRecords(
    _ slice: UnsafeRawBufferPointer, from start: Int, _ reader: RecordReader, _ deadline: Deadline
  ) throws(UnitFailure) {
    begin(slice)
    state.at = start
    if start == 0, task.file.slice == 0 {
      state.at = Self.markBytes(bytes.bytes)
      // Ends in this slice: the plan has read it.
      if task.skipsHeader, let header = record(reader, bytes) { pass(header) }
    }
    try runLines(deadline)
    try finish()
  }

  private func begin(_ piece: UnsafeRawBufferPointer) {
    bytes = piece
    state.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.at = 0
  }

  /// Counts lines that were gone through elsewhere.
  func addLines(_ count: UInt64) { state.lines += count }

  private func runLines(_ deadline: Deadline) throws(UnitFailure) {
    while state.at < bytes.count && badLine == nil {
      state.count = endOfStretch()
      try runStretch()
      try deadline.check()
    }
  }

  /// Moves all that is known to the table.
  private func finish() throws(UnitFailure) {
    try drain()
    try recorder?.takeLots()
  }

  /// Copies the long keys of groups that were met in this piece, which is going away.
  private func keepLongKeys() throws(UnitFailure) {
    guard settledGroups < state.used else { return }
    var size = 0
    for place in settledGroups + 1...state.used { size += longKey(place)?.count ?? 0 }
    if size > 0 {
      let copies = HeapStorage()
      try copies.grow(to: size, keeping: 0)
      longKeys.append(copies)
      var at = copies.base!
      for place in settledGroups + 1...state.used {
        guard let key = longKey(place) else { continue }
        at.copyMemory(from: key.baseAddress!, byteCount: key.count)
        state.groups[place].key.1 = UInt64(UInt(bitPattern: at))
        at += key.count
      }
    }
    settledGroups = state.used
  }

  /// The end of a line about a mebibyte on: half a millisecond between two looks at the clock.
  private func endOfStretch() -> Int {
    let target = state.at + 1 << 20
    guard target < bytes.count else { return bytes.count }
    return bytes[target...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
  }

  /// Skips the header, which like any line ends at the first newline.
  private func skipLine() {
    guard let newline = bytes.firstIndex(of: 0x0A) else {
      state.at = bytes.count
      return
    }
    state.at = newline + 1
    state.lines += 1
  }

  /// Calls the kernel until it has gone through `state.count` bytes, and answers what it comes back with.
  private func runStretch() throws(UnitFailure) {
    // A record that was taken here may reach beyond the stretch, from where the kernel would come back to its end.
    while badLine == nil, state.at < state.count {
      switch ckernels_stats_run(&state) {
      case ckernels_stats_line: try takeLine()
      case ckernels_stats_grow: try grow()
      case ckernels_stats_scale where Int(state.places) > Self.mostPlaces:
        // The kernel tells where the line ends only for the event `ckernels_stats_line`.
        state.line_end = bytes[state.at..<state.count].firstIndex(of: 0x0A) ?? state.count
        try takeLine()
      case ckernels_stats_scale:
        // What was added up is in units of the old scale, so it is taken out before the scale changes.
        try drain()
        state.scale = state.places
      case ckernels_stats_spill: try spill(state.place)
      case ckernels_stats_keep: try makeRoomForValues()
      default: return
      }
    }
  }

  /// Doubles the room for groups. Where that is refused the scan is over, and its tables may be of different sizes.
  private func grow() throws(UnitFailure) {
    let capacity = 2 * state.capacity
    try groups.grow(to: capacity)
    try wide.grow(to: capacity)
    state.groups = groups.base
    state.wide = wide.base
    state.capacity = capacity
    // The kernel needs an index of twice the capacity; four times keeps probes short.
    guard state.slots < 4 * capacity else { return }
    index = try ZeroedTable(count: 2 * state.slots)
    state.slots *= 2
    state.index = index.base
    ckernels_stats_reindex(&state)
  }

  /// Gives the kernel more room for values, or takes those there are.
  private func makeRoomForValues() throws(UnitFailure) {
    guard let recorder else { return }
    if try recorder.grow() {
      state.values = recorder.kernel.base
      state.values_room = recorder.kernel.count
    } else {
      try takeValues()
    }
  }

  /// Makes runs of the values that the kernel has written down.
  private func takeValues() throws(UnitFailure) {
    try recorder?.takeKernel(state.values_count, places: Int(state.scale)) { (place) throws(UnitFailure) in
      var group = 0
      try withKey(place) { (key) throws(UnitFailure) in group = try table.group(key) }
      return group
    }
    state.values_count = 0
  }

  /// Moves all numbers that the kernel knows to the table; its groups stay.
  private func drain() throws(UnitFailure) {
    try takeValues()
    guard state.used > 0 else { return }
    for place in 1...state.used { try spill(place) }
  }

  /// Moves what the kernel knows of one group to the table.
  private func spill(_ place: Int) throws(UnitFailure) {
    let places = Int(state.scale)
    let known = ckernels_stats_moments(&state, place)
    var part = Moments()
    part.count = known.count
    if part.count > 0 {
      var sum = DecimalSum(places: places)
      sum.total = Int128(known.sum)
      sum.squares = UInt128(known.squares_high) << 64 | UInt128(known.squares_low)
      part.add(sum)
      part.include(
        least: DecimalNumber(known.least, places: places), greatest: DecimalNumber(known.greatest, places: places))
    }
    try withKey(place) { (key) throws(UnitFailure) in try table.add(key, part) }
    ckernels_stats_clear(&state, place)
  }

  /// Lends the key of a group; how a group holds it is said in `ckernels_group`.
  private func withKey(
    _ place: Int, _ body: (UnsafeRawBufferPointer) throws(UnitFailure) -> Void
  ) throws(UnitFailure) {
    if let key = longKey(place) { return try body(key) }
    try withUnsafeBytes(of: &state.groups[place].key) { (key) throws(UnitFailure) in
      try body(UnsafeRawBufferPointer(rebasing: key[..<Int(key[23])]))
    }
  }

  /// The key of a group that does not hold it itself; nil where it does.
  private func longKey(_ place: Int) -> UnsafeRawBufferPointer? {
    let (_, address, length) = state.groups[place].key
    guard length >> 56 == 0xFF else { return nil }
    return UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: UInt(address)), count: Int(UInt32(truncatingIfNeeded: length)))
  }

  /// Takes what the kernel left, and continues after it: a line, or records of any number of lines.
  private func takeLine() throws(UnitFailure) {
    let reader = Self.reader(task, delimiter: state.delimiter)
    guard format.crossesLines else {
      // Without the newline: no field can go on behind it.
      return try take(reader, UnsafeRawBufferPointer(rebasing: bytes[..<state.line_end]))
    }
    // Where one record has quotation marks the next is likely to have some, and the kernel need not look at it first.
    for _ in 0..<64 where state.at < bytes.count && badLine == nil { try take(reader, bytes) }
  }

  /// Takes the record at `state.at`, which ends within `text` or goes on in a later slice.
  private func take(_ reader: RecordReader, _ text: UnsafeRawBufferPointer) throws(UnitFailure) {
    guard let record = record(reader, text) else { return }
    if !record.isEmpty { try take(record, reader, text) }
    if badLine == nil { pass(record) }
  }

  /// Moves on behind a record and, where the text ends ahead of it, the newline.
  private func pass(_ record: RecordReader.Record) {
    state.lines += record.newlines
    state.at = record.end
    guard !format.crossesLines, state.at < bytes.count else { return }
    state.at += 1
    state.lines += 1
  }

  /// The record at `state.at`; nil where it is bad or not closed, which is then noted.
  private func record(_ reader: RecordReader, _ text: UnsafeRawBufferPointer) -> RecordReader.Record? {
    do throws(RecordReader.Malformed) {
      if let record = try reader.record(text, from: state.at) { return record }
      guard format.crossesLines else { throw RecordReader.unclosedOnLine }
      guard text.count - state.at <= RecordReader.longest else { throw RecordReader.tooLong }
      tail = Bytes(text[state.at...])
      state.at = text.count
    } catch {
      badLine = BadLine(line: state.lines, reason: error.reason)
    }
    return nil
  }
}
