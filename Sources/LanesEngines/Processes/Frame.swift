import LanesCore
import LanesOS

/// One message between coordinator and worker: a body of described values, followed by raw payload bytes.
///
///     body length   UInt32  little-endian
///     kind          UInt8
///     payload length UInt64
///     body, payload
///
/// Order of a worker's life: hello → ready, then any number of units → replies, at last end → farewell.
struct Frame {
  /// Numbers below 10 are the coordinator's, those above a worker's.
  enum Kind: UInt8 {
    /// Coordinator: the workload and how bytes travel.
    case hello = 1
    /// Coordinator: units to perform, in order, from one slot.
    case units = 2
    /// Coordinator: no more units come.
    case end = 3
    /// Worker: the workload is rebuilt.
    case ready = 11
    /// Worker: it could not enter the sandbox; the reason.
    case refused = 14
    /// Worker: units that ended.
    case replies = 12
    /// Worker: what the process used, before it exits.
    case farewell = 13
  }

  /// 4 + 1 + 8 bytes.
  static let headerSize = 13

  let kind: Kind
  let body: Bytes
  /// Bytes after the body, in `payload`.
  let payloadLength: Int
  let payload: HeapStorage

  /// Header and body, to be followed by `payloadLength` bytes.
  static func encode(_ kind: Kind, body: Bytes, payloadLength: Int = 0) -> Bytes {
    var writer = WireWriter()
    writer.write(UInt32(body.count))
    writer.write(kind.rawValue)
    writer.write(UInt64(payloadLength))
    return writer.bytes + body
  }
}

/// Puts frames together from what a descriptor gives.
struct FrameReader {
  /// Why no further frame can be read.
  enum Problem: Error {
    /// The other end is closed.
    case closed
    /// The bytes are not frames.
    case garbled
    /// A frame's payload of so many bytes does not fit into the memory.
    case noMemory(Int)
  }

  /// Bytes that a body may have. A partial result may hold a line, and the longest line has half as many, 1 GiB.
  private static let largestBody = Int(Int32.max)
  /// Bytes of a body for which memory is taken before any has arrived.
  private static let firstPiece = 1 << 20
  /// Bytes that a payload may have: an output is made in memory, so there is none larger than all of the machine's.
  static let largestPayload = FreeMemory.total ?? 1 << 40

  /// What has arrived of a frame: header, body and payload, each with how much of it is filled.
  private var header = Bytes(repeating: 0, count: Frame.headerSize)
  private var headerFilled = 0
  /// Grows as bytes arrive, so that a length alone takes no memory.
  private var body = Bytes()
  private var bodyLength = 0
  private var bodyFilled = 0
  /// Nil until the header was read.
  private var kind: Frame.Kind?
  private var payload = HeapStorage()
  private var payloadLength = 0
  private var payloadFilled = 0
  private var payloadBegan: Int64 = 0
  /// Nanoseconds from the first byte of a payload to its last, of all frames.
  private(set) var receiving: Int64 = 0

  /// The next whole frame; nil when a non-blocking descriptor has no more bytes for now.
  mutating func next(from fd: Int32) throws(Problem) -> Frame? {
    while headerFilled < header.count {
      let got = try Self.read(fd, &header, headerFilled)
      guard let got else { return nil }
      headerFilled += got
    }
    // What was read is kept between calls, so that a frame may arrive in any number of pieces.
    if kind == nil { try readHeader() }
    while bodyFilled < bodyLength {
      if bodyFilled == body.count { try growBody() }
      guard let got = try Self.read(fd, &body, bodyFilled) else { return nil }
      bodyFilled += got
    }
    if payloadFilled == 0, payloadLength > 0 {
      // Nothing is touched before it arrives.
      do { try payload.grow(atLeast: payloadLength, keeping: 0) } catch { throw .noMemory(payloadLength) }
      payloadBegan = monotonicNow()
    }
    while payloadFilled < payloadLength {
      let room = UnsafeMutableRawBufferPointer(
        start: payload.base! + payloadFilled, count: payloadLength - payloadFilled)
      guard let got = try Self.read(fd, room) else { return nil }
      payloadFilled += got
    }
    return complete()
  }

  /// Makes room for twice what has arrived. An array's memory cannot be refused, so it is asked for beforehand, and with the
  /// last piece that of the partial result, which is copied out of the body.
  private mutating func growBody() throws(Problem) {
    let larger = min(bodyLength, bodyFilled + max(Self.firstPiece, bodyFilled))
    do { try HeapMemory.check(larger == bodyLength ? 2 * larger : larger) } catch { throw .noMemory(error.bytes) }
    body.reserveCapacity(larger)
    body += repeatElement(0, count: larger - body.count)
  }

  private mutating func readHeader() throws(Problem) {
    var reader = WireReader(header)
    do {
      bodyLength = Int(try reader.read(UInt32.self))
      let kind = Frame.Kind(rawValue: try reader.read())
      // Clamped, and then refused: a length beyond Int must not trap.
      payloadLength = Int(clamping: try reader.read(UInt64.self))
      guard let kind, bodyLength <= Self.largestBody, payloadLength <= Self.largestPayload else {
        throw Problem.garbled
      }
      self.kind = kind
    } catch {
      throw .garbled
    }
  }

  private mutating func complete() -> Frame {
    let frame = Frame(kind: kind!, body: body, payloadLength: payloadLength, payload: payload)
    var next = FrameReader()
    // The payload's memory goes with the frame; `recycle` may bring it back.
    next.receiving = receiving + (payloadLength > 0 ? monotonicNow() - payloadBegan : 0)
    self = next
    return frame
  }

  /// Takes back the memory of a payload that nobody reads any more, for the next frame.
  mutating func recycle(_ payload: HeapStorage) {
    // Memory of a payload that is arriving must not be replaced.
    guard payloadFilled == 0, payload.capacity <= 64 << 20 else { return }
    self.payload = payload
  }

  private static func read(_ fd: Int32, _ bytes: inout Bytes, _ filled: Int) throws(Problem) -> Int? {
    let result = bytes.withUnsafeMutableBytes { bytes in
      Result { () throws(Problem) in try read(fd, UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])) }
    }
    return try result.get()
  }

  private static func read(_ fd: Int32, _ room: UnsafeMutableRawBufferPointer) throws(Problem) -> Int? {
    do {
      guard let got = try DescriptorIO.read(fd, into: room) else { return nil }
      guard got > 0 else { throw Problem.closed }
      return got
    } catch {
      throw .closed
    }
  }
}
