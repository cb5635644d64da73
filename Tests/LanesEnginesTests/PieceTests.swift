import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@testable import LanesEngines

/// Slices that are read piece by piece.
@Suite struct PieceTests {
  private let folder = TemporaryFolder()
  private let loader = BlockingLoader()

  /// Notes what it takes: of each piece as many bytes as it is told, and all of the last one.
  private final class Taker: PieceTaker {
    private(set) var taken = Bytes()
    private(set) var pieces = 0
    private let share: (Int) -> Int
    private let onPiece: (Int) -> Void

    init(onPiece: @escaping (Int) -> Void = { _ in }, share: @escaping (Int) -> Int = { $0 }) {
      self.share = share
      self.onPiece = onPiece
    }

    func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) -> Int {
      pieces += 1
      onPiece(pieces)
      let count = isLast ? piece.byteCount : share(piece.byteCount)
      piece.withUnsafeBytes { taken += $0.prefix(count) }
      return count
    }

    func finish() -> Bytes { taken }
  }

  private func slice(
    _ path: FilePath, _ offset: Int, _ length: Int, _ access: SliceAccess = .read
  ) throws -> FileSlice {
    FileSlice(path: path, offset: offset, length: length, identity: try FileStatus(of: path).identity, access: access)
  }

  private static func bytes(_ count: Int) -> Bytes {
    Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 / 3 ^ $0 >> 9) })
  }

  @Test(arguments: [0, 1, 4095, 4096, 262_143, 262_144, 262_145, 524_288, 1_500_001], [0, 1, 4096, 5001])
  func `every byte arrives once and in its place, whatever is left of a piece`(_ length: Int, _ offset: Int) throws {
    let bytes = Self.bytes(offset + length + 7)
    let path = try folder.write("file", bytes)
    let wanted = Bytes(bytes[offset..<offset + length])
    let shares: [(Int) -> Int] = [
      { $0 }, { $0 - 1 }, { $0 / 2 }, { $0 > 700_000 ? $0 : 0 }, { _ in 0 }, { $0 - $0 % 10_007 },
    ]
    for (number, share) in shares.enumerated() {
      let taker = Taker(share: share)
      try loader.take(try slice(path, offset, length), readsAhead: number % 2 == 0, by: taker, .never)
      #expect(taker.finish() == wanted, "\(number)")
      #expect(loader.count == length)
    }
  }

  @Test func `a taker that wants more and more gets it in few pieces`() throws {
    let path = try folder.sparse("zeros", size: 64 << 20)
    let taker = Taker(share: { _ in 0 })
    try loader.take(try slice(path, 0, 64 << 20), readsAhead: false, by: taker, .never)
    #expect(taker.finish().count == 64 << 20 && taker.pieces < 10)
  }

  @Test func `slices that are read and mapped by turns arrive whole`() throws {
    let length = 2 << 20
    let bytes = Self.bytes(length * 3 + 99)
    let path = try folder.write("file", bytes)
    var pieces: Set<Int> = []
    // As many as it takes for each way to be tried again.
    for number in 0..<(AccessChoice.retrial + AccessChoice.trials * 2 + 2) {
      let offset = number * 5003 % (bytes.count - length)
      let taker = Taker(share: { $0 - $0 % 1009 })
      try loader.take(try slice(path, offset, length, .measured), readsAhead: number % 2 == 0, by: taker, .never)
      #expect(taker.finish() == Bytes(bytes[offset..<offset + length]), "\(number)")
      pieces.insert(taker.pieces)
    }
    // A mapping is taken in one go.
    #expect(pieces.contains(1) && pieces.contains { $0 > 1 })
  }

  @Test func `a file cut short under its mapping is told`() throws {
    let path = try folder.write("file", Self.bytes(600_000))
    let taker = Taker(onPiece: { _ in truncate(path.string, 5000) })
    #expect(throws: UnitFailure.cutShort(at: 5000)) {
      try loader.take(try slice(path, 100, 599_900, .mapped), readsAhead: false, by: taker, .never)
    }
    #expect(taker.pieces == 1)
  }

  @Test(arguments: [0, 100_000, 262_144, 300_000, 599_999])
  func `a file cut short between two pieces is told with the place`(_ size: Int) throws {
    let path = try folder.write("file", Self.bytes(600_000))
    let planned = try slice(path, 0, 600_000)
    let taker = Taker(onPiece: { if $0 == 1 { truncate(path.string, size) } })
    // What was read before stays read.
    #expect(throws: UnitFailure.cutShort(at: max(size, 262_144))) {
      try loader.take(planned, readsAhead: false, by: taker, .never)
    }
  }

  @Test func `a file cut short after its last piece was read is told`() throws {
    let path = try folder.write("file", Self.bytes(300_000))
    let planned = try slice(path, 100_000, 200_000)
    let taker = Taker(onPiece: { _ in truncate(path.string, 299_999) })
    #expect(throws: UnitFailure.cutShort(at: 299_999)) {
      try loader.take(planned, readsAhead: false, by: taker, .never)
    }
  }

  @Test func `a file that grows is read as far as was planned`() throws {
    let bytes = Self.bytes(600_000)
    let path = try folder.write("file", bytes)
    let planned = try slice(path, 0, 600_000)
    let taker = Taker(onPiece: { truncate(path.string, 600_000 + 100_000 * $0) })
    try loader.take(planned, readsAhead: false, by: taker, .never)
    #expect(taker.finish() == bytes)
  }

  @Test func `another file in its place is refused`() throws {
    let path = try folder.write("file", Self.bytes(1000))
    let planned = try slice(path, 0, 1000)
    try folder.write("other", Self.bytes(1000))
    #expect(rename(folder.file("other").string, path.string) == 0)
    #expect(throws: UnitFailure(.input, "another file took its place while it was read")) {
      try loader.take(planned, readsAhead: true, by: Taker(), .never)
    }
  }

  @Test func `a file that has gone is told in the kernel's words`() throws {
    let planned = FileSlice(
      path: folder.file("none"), offset: 0, length: 10, identity: FileIdentity(device: 0, inode: 0))
    #expect(throws: UnitFailure(.input, "no such file or directory")) {
      try loader.take(planned, readsAhead: true, by: Taker(), .never)
    }
  }
}
