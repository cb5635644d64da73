import LanesCore

/// A PNG that was changed as careless programs, broken disks and clever testers change them.
struct PNGMutant {
  /// What was done, for messages.
  private(set) var changes: [Change] = []
  private var dice: Dice
  private var chunks: [Chunk] = []
  private var repairs = true
  private var cut = 0

  private struct Chunk {
    var name: Bytes
    var data: Bytes
    var checksum: Bytes
  }

  enum Change: CaseIterable {
    case anyByte, bitOfData, byteOfData, header, cutData, moreData, wrongSum, smallWindow, wrongChecksum
    case tinyPieces, emptyPieces, strayBetween, swapped, doubled, missing, renamed, endsEarly, moreBehindEnd, longEnd
  }

  init(of original: Bytes, seed: Int) {
    dice = Dice(seed: seed)
    var at = 8
    while at + 12 <= original.count {
      let length = original[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let data = at + 8..<at + 8 + length
      chunks.append(
        Chunk(
          name: Bytes(original[at + 4..<at + 8]), data: Bytes(original[data]),
          checksum: Bytes(original[data.endIndex..<data.endIndex + 4])))
      at = data.endIndex + 4
    }
    // Checksums that are right let changes through to where they matter.
    repairs = dice.roll(5) > 0
    for _ in 0..<(1 + (dice.roll(3) == 0 ? 1 : 0)) {
      let change = Change.allCases[dice.roll(Change.allCases.count)]
      changes.append(change)
      apply(change)
    }
  }

  var bytes: Bytes {
    var file: Bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    for part in chunks {
      file += bigEndian(UInt32(part.data.count)) + part.name + part.data
      file +=
        repairs && part.checksum != [1, 2, 3, 4] ? Bytes(chunk("", part.name + part.data).suffix(4)) : part.checksum
    }
    return Bytes(file.dropLast(min(cut, file.count - 8)))
  }

  /// A place among the chunks, most of the time that of a chunk of pixels.
  private mutating func somewhere(pixels: Bool = false) -> Int {
    let places = chunks.indices.filter { chunks[$0].name == Bytes("IDAT".utf8) }
    return pixels || dice.roll(3) > 0 ? places[dice.roll(places.count)] : dice.roll(chunks.count)
  }

  private mutating func change(_ place: Int, in range: Range<Int>, _ new: (UInt8) -> UInt8) {
    guard !range.isEmpty else { return }
    let byte = range.lowerBound + dice.roll(range.count)
    chunks[place].data[byte] = new(chunks[place].data[byte])
  }

  private mutating func apply(_ kind: Change) {
    guard chunks.contains(where: { $0.name == Bytes("IDAT".utf8) }) else { return }
    let first = chunks.firstIndex { $0.name == Bytes("IDAT".utf8) }!
    let last = chunks.lastIndex { $0.name == Bytes("IDAT".utf8) }!
    let some = somewhere(), other = somewhere(), byte = dice.byte(), bit = UInt8(1) << UInt8(dice.roll(8))
    switch kind {
    case .anyByte: change(some, in: chunks[some].data.indices) { _ in byte }
    case .bitOfData: change(first, in: chunks[first].data.indices.prefix(dice.roll(2) == 0 ? 90 : .max)) { $0 ^ bit }
    case .byteOfData: change(last, in: chunks[last].data.indices) { _ in byte }
    case .header: change(0, in: chunks[0].data.indices) { $0 ^ bit }
    case .cutData:
      chunks[last].data.removeLast(min(1 + dice.roll(dice.roll(2) == 0 ? 9 : .max), chunks[last].data.count))
    case .moreData: chunks[last].data += (0...dice.roll(6)).map { _ in byte }
    case .wrongSum: change(last, in: chunks[last].data.indices.suffix(4)) { $0 ^ bit }
    case .smallWindow:
      guard chunks[first].data.count > 2 else { return }
      let method = 0x08 | UInt8(dice.roll(8)) << 4
      chunks[first].data[0] = method
      chunks[first].data[1] = UInt8((31 - Int(method) * 256 % 31) % 31)
    case .wrongChecksum: chunks[some].checksum = [1, 2, 3, 4]
    case .tinyPieces:
      let data = chunks[some].data
      let size = 1 + dice.roll(40)
      let pieces = stride(from: 0, to: data.count, by: size).map { Bytes(data[$0..<min($0 + size, data.count)]) }
      chunks.replaceSubrange(
        some...some, with: pieces.map { Chunk(name: chunks[some].name, data: $0, checksum: [0, 0, 0, 0]) })
    case .emptyPieces:
      for _ in 0...dice.roll(3) {
        chunks.insert(Chunk(name: Bytes("IDAT".utf8), data: [], checksum: [0, 0, 0, 0]), at: some + dice.roll(2))
      }
    case .strayBetween:
      let data = chunks[first].data, half = dice.roll(data.count)
      let names = ["tEXt", "eXIf", "ABCD", "abcd", "PLTE", "IEND", "tRNS", "gAMA"]
      let stray = Chunk(name: Bytes(names[dice.roll(names.count)].utf8), data: [97, 0, byte], checksum: [0, 0, 0, 0])
      let rest = Chunk(name: Bytes("IDAT".utf8), data: Bytes(data[half...]), checksum: [0, 0, 0, 0])
      chunks[first].data = Bytes(data[..<half])
      chunks.insert(contentsOf: dice.roll(2) == 0 ? [stray, rest] : [rest, stray], at: first + 1)
    case .swapped: chunks.swapAt(some, other)
    case .doubled: chunks.insert(chunks[some], at: other)
    case .missing: chunks.remove(at: some)
    case .renamed: chunks[some].name[dice.roll(4)] ^= dice.roll(2) == 0 ? 0x20 : bit
    case .endsEarly: cut = dice.roll(dice.roll(2) == 0 ? 40 : 4000)
    case .moreBehindEnd: chunks.append(chunks[other])
    case .longEnd: chunks[chunks.count - 1].data += [byte]
    }
  }
}
