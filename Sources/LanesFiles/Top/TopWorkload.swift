import CKernels
import LanesCore
import LanesOS

/// What is counted by `TopWorkload`.
package enum TopKind: UInt8, Sendable {
  /// Runs of bytes without white space (0x09–0x0D, 0x20).
  case words
  /// Lines without their newlines.
  case lines
}

/// Counts how often each word or line occurs.
package struct TopWorkload: SeededWorkload {
  package static let name = "files.top"
  package static let noun = UnitNoun.file
  let kind: TopKind
  /// The seed of all hashes of the run. Files may hold words that were chosen to collide, so nobody may predict the
  /// seed. Workers have the same one, since the fold merges by their hashes.
  private let seed: UInt64

  /// - Parameter seed: of the run's hashes, on which no result depends.
  package init(kind: TopKind, seed: UInt64 = .random(in: 0 ... .max)) {
    self.kind = kind
    self.seed = seed
  }

  package init(from reader: inout WireReader) throws(WireError) {
    guard let kind = TopKind(rawValue: try reader.read()) else { throw WireError("an unknown kind of count") }
    self.init(kind: kind, seed: try reader.read())
  }

  package func describe(to writer: inout WireWriter) {
    writer.write(kind.rawValue)
    writer.write(seed)
  }

  package func seeded(by seed: UInt64) -> TopWorkload { TopWorkload(kind: kind, seed: seed) }

  /// Any seed gives the same results, as long as all slices have the same, so it is not part of the identity.
  package func identify(to writer: inout WireWriter) { writer.write(kind.rawValue) }

  /// Counts in whole lines; the partial result is a `TopPartial`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      let scan = try TopScan(bytes, kind, seed: seed)
      try scan.run(deadline)
      return try scan.wire()
    }
  }
}

/// Drives the kernel over one slice. Belongs to one thread; `bytes` must outlive it.
private final class TopScan {
  private var state = ckernels_top()
  /// What `state` points to.
  private var tallies: ZeroedTable<ckernels_tally>
  private let bytes: UnsafeRawBufferPointer

  /// Room at first: 256 KiB of tallies.
  private static let firstSlots = 8192
  /// Bytes between two looks at the clock, a few milliseconds. Stretches end after a newline, which is white space and
  /// so cuts no word either.
  private static let stretch = 1 << 20

  init(_ bytes: UnsafeRawBufferPointer, _ kind: TopKind, seed: UInt64) throws(UnitFailure) {
    tallies = try ZeroedTable(count: Self.firstSlots)
    self.bytes = bytes
    state.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.are_lines = kind == .lines
    state.seed = ckernels_seed_of(seed)
    state.slots = Self.firstSlots
    state.tallies = tallies.base
  }

  func run(_ deadline: Deadline) throws(UnitFailure) {
    while state.at < bytes.count {
      let target = state.at + Self.stretch
      state.count =
        target < bytes.count ? bytes[target...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count : bytes.count
      while ckernels_top_run(&state) { try grow() }
      try deadline.check()
    }
  }

  /// Doubles the table. The old one is let go only after its tallies have been moved.
  private func grow() throws(UnitFailure) {
    let larger = try ZeroedTable<ckernels_tally>(count: state.slots * 2)
    ckernels_top_move(tallies.base, state.slots, larger.base, larger.count, &state.seed)
    tallies = larger
    state.tallies = tallies.base
    state.slots *= 2
  }

  /// How many words or lines there are, and for each its hash, its count, the number of its bytes and the bytes.
  func wire() throws(UnitFailure) -> Bytes {
    var size = 4
    for slot in 0..<state.slots where state.tallies[slot].tag != 0 { size += 20 + Int(state.tallies[slot].tag) - 1 }
    // The array's memory cannot be refused, so what it will take is checked beforehand.
    try UnitFailure.checkMemory(size)
    return Bytes(unsafeUninitializedCapacity: size) { buffer, written in
      let wire = UnsafeMutableRawBufferPointer(buffer)
      wire.storeBytes(of: UInt32(state.used).littleEndian, as: UInt32.self)
      var at = 4
      for slot in 0..<state.slots where state.tallies[slot].tag != 0 {
        write(state.tallies + slot, UnsafeMutableRawBufferPointer(rebasing: wire[at...]))
        at += 20 + Int(state.tallies[slot].tag) - 1
      }
      written = size
    }
  }

  /// A long key is copied from the slice, where its tally says that it first occurs.
  private func write(_ tally: UnsafeMutablePointer<ckernels_tally>, _ wire: UnsafeMutableRawBufferPointer) {
    let length = Int(tally.pointee.tag) - 1
    wire.storeBytes(of: ckernels_top_hash(tally, &state.seed).littleEndian, toByteOffset: 0, as: UInt64.self)
    wire.storeBytes(of: tally.pointee.count.littleEndian, toByteOffset: 8, as: UInt64.self)
    wire.storeBytes(of: UInt32(length).littleEndian, toByteOffset: 16, as: UInt32.self)
    let room = UnsafeMutableRawBufferPointer(rebasing: wire[20..<20 + length])
    if length <= 16 {
      withUnsafeBytes(of: tally.pointee.key) { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    } else {
      let start = Int(tally.pointee.key.1)
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
    }
  }
}
