import LanesCore

/// A sequence of numbers that is the same in every run.
struct Dice {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func roll(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(count, 1)
  }

  mutating func byte() -> UInt8 { UInt8(roll(256)) }
}

/// A JPEG that was changed as careless programs, broken disks and clever testers change them.
struct JPEGMutant {
  /// What was done, for messages.
  private(set) var changes: [Change] = []
  private(set) var bytes: Bytes
  private var dice: Dice

  enum Change: CaseIterable {
    case anyByte, anyBit, byteOfData, bitOfData, byteOfSegment, bytesIntoData, startOfScan
    case end, missingBytes, missingSegment, missingEOI
    case fillBytes, zerosBeforeEnd, escapeBeforeEnd, restartBeforeEnd, zerosBeforeRestart, wrongRestart
    case linesBeforeEnd, tableBeforeEnd, conditioningBeforeEnd, temporaryMarker, applicationSegment
    case doubledSegment, swappedSegments, strayBytes, precision
  }

  init(of original: Bytes, seed: Int) {
    bytes = original
    dice = Dice(seed: seed)
    for _ in 0..<(1 + (dice.roll(4) == 0 ? 1 : 0) + (dice.roll(8) == 0 ? 1 : 0)) {
      let change = Change.allCases[dice.roll(Change.allCases.count)]
      changes.append(change)
      apply(change)
    }
  }

  /// A marker with its segment; scans' data belongs to none.
  private struct Segment {
    var start: Int
    var end: Int
    var marker: UInt8
  }

  private func segments() -> [Segment] {
    var found: [Segment] = []
    var at = 2
    while at + 1 < bytes.count {
      guard bytes[at] == 0xFF, ![0, 0xFF].contains(bytes[at + 1]) else {
        at += 1
        continue
      }
      let isLong = !(0xD0...0xD9).contains(bytes[at + 1]) && bytes[at + 1] != 1 && at + 3 < bytes.count
      let length = isLong ? 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3]) : 2
      found.append(Segment(start: at, end: min(at + length, bytes.count), marker: bytes[at + 1]))
      at += length
    }
    return found
  }

  private mutating func insert(_ new: Bytes, at place: Int) {
    bytes.insert(contentsOf: new, at: max(0, min(place, bytes.count)))
  }

  private mutating func someBytes() -> Bytes {
    let count = 1 + dice.roll(3)
    return (0..<count).map { _ in dice.byte() }
  }

  private mutating func change(in range: Range<Int>, _ new: (inout Dice, UInt8) -> UInt8) {
    guard !range.isEmpty else { return }
    let place = range.lowerBound + dice.roll(range.count)
    bytes[place] = new(&dice, bytes[place])
  }

  private mutating func apply(_ kind: Change) {
    let segments = segments()
    guard bytes.count > 4, let scan = segments.first(where: { $0.marker == 0xDA }) else { return }
    let some = segments[dice.roll(segments.count)], other = segments[dice.roll(segments.count)]
    let data = scan.end..<bytes.count, beforeEnd = bytes.count - 2
    let restarts = segments.filter { (0xD0...0xD7).contains($0.marker) }
    let restart = restarts.isEmpty ? nil : restarts[dice.roll(restarts.count)]
    switch kind {
    case .anyByte: change(in: 0..<bytes.count) { dice, _ in dice.byte() }
    case .anyBit: change(in: 0..<bytes.count) { dice, old in old ^ 1 << UInt8(dice.roll(8)) }
    case .byteOfData: change(in: data) { dice, _ in dice.byte() }
    case .bitOfData: change(in: data) { dice, old in old ^ 1 << UInt8(dice.roll(8)) }
    case .byteOfSegment: change(in: min(some.start + 4, some.end)..<some.end) { dice, _ in dice.byte() }
    case .bytesIntoData: insert(someBytes(), at: scan.end + dice.roll(data.count))
    case .startOfScan: change(in: data.prefix(9)) { dice, _ in dice.byte() }
    case .end: bytes.removeLast(dice.roll(bytes.count))
    case .missingBytes:
      let start = dice.roll(bytes.count)
      bytes.removeSubrange(start..<min(start + 1 + dice.roll(4), bytes.count))
    case .missingSegment: bytes.removeSubrange(some.start..<some.end)
    case .missingEOI: bytes.removeLast(2)
    case .fillBytes: insert(Bytes(repeating: 0xFF, count: 1 + dice.roll(4)), at: (restart ?? some).start)
    case .zerosBeforeEnd: insert(Bytes(repeating: 0, count: 1 + dice.roll(2)), at: beforeEnd)
    case .escapeBeforeEnd: insert([0xFF, 0], at: beforeEnd)
    case .restartBeforeEnd: insert([0xFF, 0xD0 + UInt8(dice.roll(8))], at: beforeEnd)
    case .zerosBeforeRestart: if let restart { insert(Bytes(repeating: 0, count: 1 + dice.roll(2)), at: restart.start) }
    case .wrongRestart: if let restart { bytes[restart.start + 1] = 0xD0 + UInt8(dice.roll(8)) }
    case .linesBeforeEnd: insert([0xFF, 0xDC, 0, 4, 0, 35], at: beforeEnd)
    case .tableBeforeEnd:
      let tables = segments.filter { [0xDB, 0xC4, 0xDD].contains($0.marker) }
      if !tables.isEmpty {
        let table = tables[dice.roll(tables.count)]
        insert(Bytes(bytes[table.start..<table.end]), at: beforeEnd)
      }
    case .conditioningBeforeEnd: insert([0xFF, 0xCC, 0, 4, 0, 0x10], at: beforeEnd)
    case .temporaryMarker: insert([0xFF, 1], at: dice.roll(2) == 0 ? some.start : beforeEnd)
    case .applicationSegment:
      let marker = 0xE0 + UInt8(dice.roll(2) == 0 ? 0 : dice.roll(16)), version = UInt8(dice.roll(3))
      let body: Bytes = [0x4A, 0x46, 0x49, 0x46, 0, version, 1, 0, 0, 1, 0, 1, 0, 0]
      insert([0xFF, marker, 0, 16] + body, at: dice.roll(2) == 0 ? some.start : beforeEnd)
    case .doubledSegment: insert(Bytes(bytes[some.start..<some.end]), at: other.start)
    case .swappedSegments:
      let (first, second) = some.start < other.start ? (some, other) : (other, some)
      guard first.end <= second.start else { return }
      let (one, two) = (bytes[first.start..<first.end], bytes[second.start..<second.end])
      bytes.replaceSubrange(first.start..<second.end, with: two + bytes[first.end..<second.start] + one)
    case .strayBytes: insert(someBytes(), at: some.start)
    case .precision:
      if let frame = segments.first(where: { (0xC0...0xC2).contains($0.marker) }), frame.start + 4 < bytes.count {
        bytes[frame.start + 4] = [7, 12, 16][dice.roll(3)]
      }
    }
  }
}
