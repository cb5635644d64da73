import CPacked
import LanesCore
import LanesOS
import SystemPackage

/// Cuts one compressed file into parts that are unpacked each by itself: runs of BGZF blocks, of zstd frames or of xz blocks.
///
/// Only headers are read, one of each block, and nothing is unpacked. Where the chain of them ends before the file does,
/// the rest is one part, and whoever unpacks it will tell what is wrong.
final class PackedCursor {
  /// What the file is made of, and how its parts are found.
  private enum Chain {
    case bgzf, zstd
    /// From the index at the end of the file.
    case xz([XZBlock])
  }

  /// The part that `next` gives.
  private(set) var task: FileTask
  private let whole: FileSlice
  private let file: Descriptor
  private let end: Int
  private var chain: Chain
  private var start: Int
  /// The end of the first part, which was looked for to see whether there are two.
  private var firstEnd = 0

  /// Bytes of a zstd frame beyond which the file counts as one: looking for its end would mean going through all of it.
  private static let longestFrame = 64 << 20

  /// Nil where the file has one part only.
  ///
  /// - Parameters:
  ///   - whole: the file from where its compressed data begins.
  ///   - file: the same, open.
  init?(
    _ task: FileTask, _ whole: FileSlice, _ format: PackedFormat, _ file: consuming Descriptor, memory: Int,
    partBytes: Int
  ) {
    self.task = task
    self.whole = whole
    self.file = file
    start = whole.offset
    end = whole.offset + whole.length
    switch format {
    case .gzip: chain = .bgzf
    case .zstd: chain = .zstd
    case .xz where whole.offset == 0: chain = .xz([])
    default: return nil
    }
    if case .xz = chain {
      guard let blocks = XZBlock.all(of: self.file.number, size: end, memory: memory), blocks.count > 1 else {
        return nil
      }
      chain = .xz(blocks)
    } else {
      firstEnd = partEnd(atLeast: partBytes, isFirst: true) ?? end
      guard firstEnd < end else { return nil }
    }
    self.task.packing?.isPart = true
  }

  /// The next part, of at least `partBytes` unless it is the last; not to be called behind that.
  func next(partBytes: Int) throws(UnitFailure) -> (task: FileTask, file: FileSlice) {
    var task = task
    var part = whole
    if case .xz(let blocks) = chain {
      let run = XZBlock.run(blocks, partBytes)
      let left = Array(blocks.dropFirst(run))
      (part.offset, part.length) = (blocks[0].offset, blocks[run - 1].end - blocks[0].offset)
      task.packing?.xzCheck = blocks[0].check
      task.isLast = left.isEmpty
      chain = .xz(left)
    } else {
      let stop = start == whole.offset ? firstEnd : partEnd(atLeast: partBytes, isFirst: false) ?? end
      (part.offset, part.length) = (start, stop - start)
      task.isLast = stop == end
      start = stop
    }
    task.packing?.offset = part.offset
    self.task.slice += 1
    return (task, part)
  }

  /// Where a member ends that lies at least `bytes` behind the start; nil where the chain breaks.
  private func partEnd(atLeast bytes: Int, isFirst: Bool) -> Int? {
    var at = start
    while at < end, at - start < bytes {
      let size: Int?
      if case .bgzf = chain {
        size = head(at, PackedFormat.headBytes).map { cpacked_bgzf_size($0, $0.count) }
      } else {
        size = frameSize(at, atMost: isFirst ? Self.longestFrame : .max)
      }
      guard let size, size > 0, size <= end - at else { return nil }
      at += size
    }
    return at
  }

  /// The bytes from `offset` on; nil where they cannot be read.
  private func head(_ offset: Int, _ count: Int) -> Bytes? {
    try? DescriptorIO.bytes(file.number, at: offset, count: min(count, end - offset))
  }

  /// Bytes of the zstd frame that begins at `start` (RFC 8878, 3.1): its header, its blocks, which have three bytes ahead
  /// that say how long they are, and its checksum. Nil where there is no frame, or a longer one.
  private func frameSize(_ start: Int, atMost longest: Int) -> Int? {
    guard let head = head(start, 8), head.count == 8 else { return nil }
    if head[0] & 0xF0 == 0x50, head[1...3].elementsEqual([0x2A, 0x4D, 0x18]) {
      return 8 + (4...7).reduce(0) { $0 | Int(head[$1]) << (($1 - 4) * 8) }
    }
    guard head[0...3].elementsEqual([0x28, 0xB5, 0x2F, 0xFD]) else { return nil }
    let descriptor = head[4]
    let isSingleSegment = descriptor & 0x20 != 0
    let dictionaryBytes = [0, 1, 2, 4][Int(descriptor & 3)]
    let contentBytes = descriptor >> 6 == 0 ? (isSingleSegment ? 1 : 0) : 1 << (descriptor >> 6)
    var at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentBytes
    while at - start <= longest {
      guard at + 3 <= end, let block = self.head(at, 3), block.count == 3 else { return nil }
      let header = Int(block[0]) | Int(block[1]) << 8 | Int(block[2]) << 16
      // The second of four kinds is one byte that is repeated.
      at += 3 + (header >> 1 & 3 == 1 ? 1 : header >> 3)
      if header & 1 == 1 { return at + (descriptor & 4 != 0 ? 4 : 0) - start }
    }
    return nil
  }
}

/// Where a block of an xz file lies.
struct XZBlock {
  var offset: Int
  var end: Int
  var check: Int32

  /// All blocks of a file, from the indexes at the ends of its streams; nil where they cannot be read.
  static func all(of file: Int32, size: Int, memory: Int) -> [XZBlock]? {
    guard let index = cpacked_index_start(UInt64(size), UInt64(memory)) else { return nil }
    defer { cpacked_index_end(index) }
    var offset: UInt64 = 0
    while true {
      guard offset <= size, let bytes = try? DescriptorIO.bytes(file, at: Int(offset), count: 64 << 10) else {
        return nil
      }
      guard !bytes.isEmpty || offset == size else { return nil }
      let state = cpacked_index_read(index, bytes, bytes.count, &offset)
      if state == 0 { break }
      guard state > 0, !bytes.isEmpty else { return nil }
    }
    var blocks: [XZBlock] = []
    var block = cpacked_block()
    while cpacked_index_next(index, &block) {
      blocks.append(
        XZBlock(
          offset: Int(block.offset), end: Int(clamping: block.offset &+ block.size), check: block.check))
      guard blocks.last!.end <= size, blocks.last!.end > blocks.last!.offset else { return nil }
    }
    return blocks
  }

  /// How many blocks from the first make a part: they follow each other, have the same check, and are `bytes` at least.
  static func run(_ blocks: [XZBlock], _ bytes: Int) -> Int {
    var count = 1
    while count < blocks.count, blocks[count - 1].end - blocks[0].offset < bytes,
      blocks[count].offset == blocks[count - 1].end, blocks[count].check == blocks[0].check
    {
      count += 1
    }
    return count
  }
}
