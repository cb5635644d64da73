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
  private(set) var badLine: BadLine?
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
  private let delimiter: UInt8

  /// Groups at first, with 112 bytes each: 64 for narrow numbers and 48 for wide ones.
  private static let firstGroups = 2048
  /// Places of the index at first: so many that a few hundred groups hardly ever want the same one, which costs a
  /// twentieth of the time with a quarter as many. They take 4 bytes each, and no more lines of a cache than there are
  /// groups.
  private static let firstSlots = 65_536
  /// Decimal places up to which the kernel keeps numbers; those with more are rare and taken one by one.
  private static let mostPlaces = 12

  init(_ task: StatsTask, delimiter: UInt8, seed: UInt64) throws(UnitFailure) {
    table = StatsTable(seed: seed)
    groups = try ZeroedTable(count: Self.firstGroups)
    wide = try ZeroedTable(count: Self.firstGroups)
    index = try ZeroedTable(count: Self.firstSlots)
    self.task = task
    self.delimiter = delimiter
    state.column = task.column
    state.by = task.by ?? -1
    state.delimiter = delimiter
    state.seed = ckernels_seed_of(seed)
    state.window = 8192
    state.capacity = Self.firstGroups
    state.groups = groups.base
    state.wide = wide.base
    state.slots = Self.firstSlots
    state.index = index.base
  }

  /// Bytes of the byte order mark of UTF-8 that `text` begins with: 3 or none. Programs put one ahead of tables, and it
  /// is part of no field.
  static func markBytes(_ text: RawSpan) -> Int {
    text.byteCount >= 3 && text.withUnsafeBytes { $0.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) } ? 3 : 0
  }

  /// Goes through the lines of one piece, or up to one that is bad, behind which nothing is gone through. `piece` must
  /// stay until then, and after the last one until `finish`.
  func run(_ piece: UnsafeRawBufferPointer, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) {
    bytes = piece
    state.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.at = 0
    if !hasBegun {
      hasBegun = true
      if task.file.slice == 0 { state.at = Self.markBytes(bytes.bytes) }
      if task.skipsHeader { skipLine() }
    }
    while state.at < bytes.count && badLine == nil {
      state.count = endOfStretch()
      try runStretch()
      try deadline.check()
    }
    if isLast { try drain() } else { try keepLongKeys() }
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
    while badLine == nil {
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

  /// Moves all numbers that the kernel knows to the table; its groups stay.
  private func drain() throws(UnitFailure) {
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

  /// Takes the line that the kernel left, and continues after it. The key goes to `table`, not to a group of the
  /// kernel: the table merges both by key.
  private func takeLine() throws(UnitFailure) {
    let line = UnsafeRawBufferPointer(rebasing: bytes[state.at..<state.line_end])
    let fields: (key: Bytes, number: DecimalNumber?)?
    do throws(FieldReader.Malformed) {
      fields = try parse(line)
    } catch {
      badLine = BadLine(line: state.lines, reason: error.reason)
      return
    }
    if let fields {
      try fields.key.span.bytes.withUnsafeBytes { (key) throws(UnitFailure) in try table.add(key, fields.number) }
    }
    let hasNewline = state.line_end < bytes.count
    state.at = state.line_end + (hasNewline ? 1 : 0)
    state.lines += hasNewline ? 1 : 0
  }

  /// Key and number of a line; nil for an empty one, and no number where the field is empty.
  private func parse(
    _ line: UnsafeRawBufferPointer
  ) throws(FieldReader.Malformed) -> (key: Bytes, number: DecimalNumber?)? {
    guard !line.isEmpty && !(line.count == 1 && line[0] == 0x0D) else { return nil }
    let fields = try FieldReader.fields(line, delimiter: delimiter)
    let needed = Int(max(task.column, task.by ?? 0)) + 1
    guard fields.count >= needed else {
      throw .init(
        reason: "it has \(fields.count) column\(fields.count == 1 ? "" : "s"), and column \(needed) is asked for")
    }
    let field = fields[Int(task.column)]
    let number = field.withUnsafeBytes { DecimalNumber($0) }
    if number == nil && !field.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
      throw .init(reason: "\(Self.shown(field)) is not a number")
    }
    return (task.by.map { fields[Int($0)] } ?? [], number)
  }

  /// A field for a message, in quotation marks and not too long.
  private static func shown(_ field: Bytes) -> String {
    let text = String(decoding: field.prefix(60), as: UTF8.self)
    let clean = String(
      text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
    return "\"\(clean)\(field.count > 60 ? Glyphs.ellipsis : "")\""
  }
}
