import LanesCore
import LanesOS

/// Cuts a file of gzip or bzip2 into parts that begin where members seem to.
///
/// Nothing is certain: a member that was compressed once more and did not become smaller looks the same within another.
/// `MemberChain` tells what to do then.
final class MemberCursor {
  /// The part that `next` gives.
  private(set) var task: FileTask
  /// The file from where its compressed data begins.
  let whole: FileSlice
  /// Where the next part begins, and where the file ends.
  private(set) var start: Int
  let end: Int

  private let file: Descriptor
  private let format: PackedFormat
  private let needle: Needle
  private let partBytes: Int
  /// Nil where heads are believed by their looks.
  private var trial: HeadTrial?
  /// The end of the first part, which was looked for to see whether there are two.
  private var firstEnd = 0

  /// Bytes between two heads beyond which nobody looks for the second: a part is one unit, and one core's work.
  private static let longestPart = 32 << 20
  /// Heads within reach of a part that may turn out to be none, before nobody looks for more: a file may be full of them.
  private static let mostTrials = 64
  /// Bytes that are looked through at a time.
  private static let windowBytes = 256 << 10

  /// Nil where there is one part only.
  ///
  /// - Parameters:
  ///   - whole: the file from where its compressed data begins.
  ///   - file: the same, open.
  ///   - partBytes: compressed bytes of a part at least, unless it is the last.
  ///   - isTried: unpacks a little from each head, in this process, to see whether it is one.
  init?(
    _ task: FileTask, _ whole: FileSlice, _ format: PackedFormat, _ file: consuming Descriptor, partBytes: Int,
    isTried: Bool
  ) {
    switch format {
    case .gzip: needle = Needle([0x1F, 0x8B, 0x08], ignoresCase: false)
    case .bzip2: needle = Needle([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], ignoresCase: false)
    default: return nil
    }
    self.task = task
    self.whole = whole
    self.format = format
    self.file = file
    self.partBytes = partBytes
    start = whole.offset
    end = whole.offset + whole.length
    // What a head of bzip2 has in common with others are ten bytes, which nobody meets by chance.
    if isTried, format == .gzip { trial = HeadTrial() }
    guard let found = head(from: start + partBytes) else { return nil }
    firstEnd = found
  }

  /// The next part; nil where none is left, or the next is too long to be one and starts at `start`.
  func next() -> (task: FileTask, file: FileSlice)? {
    guard start < end else { return nil }
    let found = start == whole.offset ? firstEnd : head(from: start + partBytes)
    guard let stop = found ?? (end - start <= Self.longestPart ? end : nil) else { return nil }
    var task = task
    task.isLast = stop == end
    task.packing = Packing(offset: start, isPart: true, guessedEnd: stop)
    var part = whole
    (part.offset, part.length) = (start, stop - start)
    start = stop
    self.task.slice += 1
    return (task, part)
  }

  /// The first place from `offset` on where a member seems to begin, within reach of a part; nil where there is none.
  private func head(from offset: Int) -> Int? {
    let last = min(end, start + Self.longestPart)
    var at = offset
    trial?.count = 0
    while at < last, trial.map({ $0.count < Self.mostTrials }) ?? true {
      // Heads that begin in the window are in it wholly.
      let count = min(Self.windowBytes + PackedFormat.headBytes, end - at)
      guard let bytes = try? DescriptorIO.bytes(file.number, at: at, count: count) else { return nil }
      if let found = head(in: bytes, at) { return found }
      at += Self.windowBytes
    }
    return nil
  }

  private func head(in bytes: Bytes, _ offset: Int) -> Int? {
    // Blocks of bzip2 begin behind "BZh9".
    let lead = format == .bzip2 ? 4 : 0
    var from = lead
    while let mark = bytes.withUnsafeBufferPointer({ needle.first(in: $0, from: from) }) {
      let found = mark - lead
      guard found < Self.windowBytes else { return nil }
      let head = Bytes(bytes[found...].prefix(PackedFormat.headBytes))
      if PackedFormat(head: head) == format, isPlausible(head) {
        guard let trial else { return offset + found }
        if trial.succeeds(in: file.number, at: offset + found, end) { return offset + found }
        guard trial.count < Self.mostTrials else { return nil }
      }
      from = mark + 1
    }
    return nil
  }

  /// False for a head of gzip that no program writes (RFC 1952, 2.3.1): with flags that mean nothing, and for a level or a
  /// system that there is not.
  private func isPlausible(_ head: Bytes) -> Bool {
    guard format == .gzip else { return true }
    return head.count > 9 && head[3] & 0xE0 == 0 && [0, 2, 4].contains(head[8]) && (head[9] <= 13 || head[9] == 255)
  }
}

/// Unpacks a little from where a member seems to begin: what is none fails, or ends before something that is no member.
private final class HeadTrial {
  /// Compressed bytes that are tried: a thirtieth of a part, and more than usual members of web archives.
  private static let triedBytes = 32 << 10
  /// What they may become: zeros become a thousand times as many.
  private static let mostRounds = 16

  /// Trials since somebody set it to 0.
  var count = 0
  private var room = Bytes(repeating: 0, count: 128 << 10)

  func succeeds(in file: Int32, at offset: Int, _ end: Int) -> Bool {
    count += 1
    let size = min(Self.triedBytes, end - offset)
    guard let bytes = try? DescriptorIO.bytes(file, at: offset, count: size),
      let unpacker = try? Unpacker(Packing(offset: offset), memory: 1 << 20)
    else { return false }
    var at = 0
    for _ in 0..<Self.mostRounds {
      let step = bytes.withUnsafeBytes { bytes in
        room.withUnsafeMutableBytes { room in
          unpacker.run(UnsafeRawBufferPointer(rebasing: bytes[at...]), isLast: offset + size == end, into: room)
        }
      }
      guard step.failure == nil else { return false }
      at += step.used
      if step.isOver || step.used + step.made == 0 { return true }
    }
    return true
  }
}
