import CPacked
import LanesCore

/// Unpacks a run of compressed members, or of xz blocks, in pieces of any size. Belongs to one thread at a time.
final class Unpacker: @unchecked Sendable {
  // Sendable: handed from the plan to the one thread that unpacks, never shared.
  private let decoder: OpaquePointer
  private let memory: Int

  /// What one call did.
  struct Step {
    /// Bytes of the input that are over; the others are given again, with more behind them.
    var used: Int
    /// Bytes that were put into the room.
    var made: Int
    /// True when the input is over, and ends where a member does.
    var isOver: Bool
    /// What is wrong behind that; nothing more can be unpacked then.
    var failure: UnitFailure?
  }

  /// Bytes of room with which every call makes progress: those of a block of BGZF, which is unpacked at once.
  static let leastRoom = 64 << 10

  /// - Parameter memory: bytes that a window may take.
  init(_ packing: Packing, memory: Int) throws(UnitFailure) {
    guard let decoder = cpacked_start(UInt64(packing.offset), UInt64(max(memory, 0)), packing.xzCheck ?? -1) else {
      throw .noMemory(MemoryShortage(1))
    }
    self.decoder = decoder
    self.memory = memory
  }

  deinit { cpacked_end(decoder) }

  /// Unpacks from `input` to `room`, until either runs out.
  ///
  /// - Parameter isLast: nothing follows behind `input`.
  func run(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into room: UnsafeMutableRawBufferPointer
  ) -> Step {
    var (used, made) = (0, 0)
    let result = cpacked_run(
      decoder, input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count, isLast, &used,
      room.baseAddress?.assumingMemoryBound(to: UInt8.self), room.count, &made)
    let isSound = result == cpacked_going || result == cpacked_ended
    return Step(
      used: used, made: made, isOver: result == cpacked_ended, failure: isSound ? nil : failure(result))
  }

  private func failure(_ result: cpacked_result) -> UnitFailure {
    let offset = cpacked_offset(decoder)
    let format = PackedFormat(cpacked_format(decoder))
    let data = "\(format?.name ?? "compressed") data"
    switch result {
    case cpacked_cut_off: return UnitFailure(.rejected, "its \(data) is cut off at byte \(offset)")
    case cpacked_followed:
      return UnitFailure(.rejected, "something that is not compressed follows its \(data) at byte \(offset)")
    case cpacked_unsupported: return format?.refusal ?? UnitFailure(.rejected, "it cannot be unpacked")
    case cpacked_needs_dictionary:
      return UnitFailure(
        .rejected, "its \(data) needs a dictionary at byte \(offset), which lanes cannot be given: unpack it first")
    case cpacked_too_large:
      let needed = cpacked_needed(decoder)
      let size = needed > 0 ? ByteCount.text(Int(clamping: needed)) : "more"
      return UnitFailure(
        .resources,
        "unpacking its \(data) takes \(size) of memory, and a quarter of --memory is \(ByteCount.text(memory)): raise --memory"
      )
    case cpacked_no_memory: return UnitFailure(.resources, "there is not enough memory to unpack its \(data)")
    default:
      let message = String(cString: cpacked_message(decoder))
      return UnitFailure(
        .rejected, "its \(data) is damaged near byte \(offset)\(message.isEmpty ? "" : ": \(message)")")
    }
  }
}

extension Unpacker {
  /// Bytes that a file of gzip says to become in its last four bytes, modulo 2^32; 0 where that cannot be true of one member
  /// that is all of the file, which deflate makes a thousandth of what it was at best (RFC 1951), and hardly ever larger.
  static func gzipSize(_ file: UnsafeRawBufferPointer) -> Int {
    guard file.count >= 18 else { return 0 }
    let size = Int(UInt32(littleEndian: file.loadUnaligned(fromByteOffset: file.count - 4, as: UInt32.self)))
    return size / 1032 <= file.count && size >= file.count / 2 ? size : 0
  }

  /// The first `limit` bytes of what `input` unpacks to, or as many as there are before it ends or turns out damaged.
  static func head(of input: Bytes, _ packing: Packing, memory: Int, limit: Int) -> Bytes {
    guard let unpacker = try? Unpacker(packing, memory: memory) else { return [] }
    var at = 0
    var head = Bytes()
    let piece = 256 << 10
    while head.count < limit {
      let start = head.count
      head.append(contentsOf: repeatElement(0, count: piece))
      let step = input.withUnsafeBytes { bytes in
        head.withUnsafeMutableBytes { room in
          unpacker.run(
            UnsafeRawBufferPointer(rebasing: bytes[at...]), isLast: false,
            into: UnsafeMutableRawBufferPointer(rebasing: room[start...]))
        }
      }
      head.removeLast(piece - step.made)
      guard step.failure == nil, step.made + step.used > 0 else { break }
      at += step.used
    }
    return head
  }
}
