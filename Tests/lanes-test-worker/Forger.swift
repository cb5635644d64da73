import Glibc
import LanesCore
import LanesOS

/// A worker that takes units as any other and answers with bytes that no worker sends.
struct Forger {
  private let answer: (Int) -> Bytes
  private let leaves: Bool
  private let closesOrders: Bool

  /// Nil for a name that stands for nothing.
  init?(_ name: String) {
    guard let forgery = Self.forgeries[name] else { return nil }
    answer = forgery
    leaves = name.hasPrefix("half")
    closesOrders = name == "a closed line"
  }

  /// Waits for the first unit, sends the answer, and waits to be killed; returns at once when the file exists, and makes it
  /// unless it is called "never".
  func run(unlessExists marker: String) throws {
    if marker != "never" {
      let made = open(marker, O_CREAT | O_EXCL | O_WRONLY, 0o600)
      guard made >= 0 else { return }
      close(made)
    }
    send(Self.frame(kind: 11))
    if closesOrders {
      close(3)
      while true { pause() }
    }
    var first: Int?
    while first == nil { first = try nextUnit() }
    send(answer(first!))
    if leaves { exit(0) }
    while true { pause() }
  }

  /// The number of the first unit in the next frame; nil when that holds no units.
  private func nextUnit() throws -> Int? {
    var header = WireReader(read(13))
    let length = Int(try header.read(UInt32.self))
    let kind = try header.read(UInt8.self)
    let payload = Int(try header.read(UInt64.self))
    var body = WireReader(read(length))
    _ = read(payload)
    if kind == 3 { exit(0) }
    guard kind == 2 else { return nil }
    _ = try (body.read(UInt8.self), body.read(UInt32.self))
    return try body.read(Int.self)
  }

  private func read(_ count: Int) -> Bytes {
    var bytes = Bytes(repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(3, $0.baseAddress! + filled, count - filled) }
      guard got > 0 else { exit(0) }
      filled += got
    }
    return bytes
  }

  private func send(_ bytes: Bytes) { bytes.withUnsafeBytes { try? DescriptorIO.writeAll(4, $0) } }

  private static func frame(kind: UInt8, body: Bytes = [], bodyLength: Int? = nil, payload: UInt64 = 0) -> Bytes {
    var writer = WireWriter()
    writer.write(UInt32(truncatingIfNeeded: bodyLength ?? body.count))
    writer.write(kind)
    writer.write(payload)
    return writer.bytes + body
  }

  /// What a reply holds, in the order in which it is sent; fields that no test forges are those of a good reply.
  private struct Reply {
    var slot: UInt8 = 0
    var number = 0
    var start = monotonicNow()
    var end = monotonicNow()
    var queued: Int64 = 0
    var stalled: Int64 = 0
    var bytesIn = 0
    var outcome: UInt8 = 0
    var offset = 0
    var length = 0
    var parts: UInt32 = 0

    init(_ number: Int) { self.number = number }

    var frame: Bytes {
      var writer = WireWriter()
      writer.write(slot)
      writer.write(number)
      for time in [start, end, queued, stalled] { writer.write(time) }
      writer.write(bytesIn)
      writer.write(outcome)
      writer.write(Bytes())
      writer.write(offset)
      writer.write(length)
      writer.write(parts)
      return Forger.frame(kind: 12, body: writer.bytes)
    }
  }

  private static func forged(_ change: @escaping @Sendable (inout Reply) -> Void) -> @Sendable (Int) -> Bytes {
    return { number in
      var reply = Reply(number)
      change(&reply)
      return reply.frame
    }
  }

  private static let forgeries: [String: @Sendable (Int) -> Bytes] = [
    "a huge body": { _ in frame(kind: 12, bodyLength: Int(UInt32.max)) },
    "a body of 2 GB that does not come": { _ in frame(kind: 12, bodyLength: 2_000_000_000) + [1, 2, 3] },
    "a huge payload": { _ in frame(kind: 12, payload: 1 << 62) },
    "a negative payload": { _ in frame(kind: 12, payload: .max) },
    "an unknown kind": { _ in frame(kind: 99) },
    "a kind that only coordinators send": { _ in frame(kind: 2) },
    "half a header": { _ in Bytes(frame(kind: 12).prefix(7)) },
    "half a body": { _ in frame(kind: 12, bodyLength: 100) + [1, 2, 3] },
    "half a reply": { Bytes(frame(kind: 12, body: Bytes(Reply($0).frame.dropFirst(13).prefix(40)))) },
    "a closed line": { _ in [] },
    "text": { _ in Bytes("Hello, I am no frame at all.\n".utf8) },
    "a foreign unit": forged { $0.number += 1_000_000 },
    "a foreign slot": forged { $0.slot = 200 },
    "the other slot": forged { $0.slot = 1 },
    "an unknown outcome": forged { $0.outcome = 7 },
    "a time that overflows": forged { ($0.start, $0.end) = (.min, .max) },
    "a time that is to come": forged { $0.end += 1 << 60 },
    "a negative wait": forged { $0.queued = -1 },
    "an endless wait": forged { $0.stalled = .max },
    "too many bytes read": forged { $0.bytesIn = .max },
    "an output beyond its place": forged { $0.length = 1 << 50 },
    "an output that overflows": forged { ($0.offset, $0.length) = (.max, .max) },
    "a negative output": forged { ($0.offset, $0.length) = (-4096, 64) },
    "too many parts": forged { $0.parts = .max },
    "a refusal after the start": { _ in frame(kind: 14, body: [0, 0, 0, 0]) },
    "an impossible farewell": { _ in
      var writer = WireWriter()
      for _ in 0..<3 { writer.write(optional: Int.max) }
      writer.write(Int64.max)
      return frame(kind: 13, body: writer.bytes)
    },
  ]
}
