/// Bytes in memory, in no particular order or format.
package typealias Bytes = [UInt8]

/// A description that ended too early or holds a value that cannot be.
package struct WireError: Error, Equatable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
}

/// Writes values one after the other, integers little-endian at full width, strings and byte runs behind a 32-bit length.
///
/// Specialized for the integers that units carry, as is the reader: other modules cannot do that for themselves, and
/// generic code looks up types at run time, at each value of each unit.
package struct WireWriter {
  package private(set) var bytes: Bytes

  package init() { bytes = [] }

  /// Continues after `bytes`, whose storage is reused.
  package init(appendingTo bytes: consuming Bytes) { self.bytes = bytes }

  @_specialize(where Value == Int)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt8)
  @_specialize(where Value == UInt32)
  @_specialize(where Value == UInt64)
  package mutating func write<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }
  package mutating func write(_ value: Double) { write(value.bitPattern) }

  @_specialize(where Run == Bytes)
  @_specialize(where Run == String.UTF8View)
  package mutating func write<Run: Collection<UInt8>>(_ run: Run) {
    write(UInt32(run.count))
    bytes.append(contentsOf: run)
  }

  package mutating func write(_ text: String) { write(text.utf8) }

  /// Writes a presence byte and then the value, if there is one.
  package mutating func write<Value: FixedWidthInteger>(optional value: Value?) {
    write(value != nil)
    if let value { write(value) }
  }
}

/// Reads back what `WireWriter` wrote; throws `WireError`, never traps, on bytes that are too short.
package struct WireReader {
  private let bytes: Bytes
  private var position: Int

  package init(_ bytes: Bytes) {
    self.bytes = bytes
    position = 0
  }

  /// Bytes not read yet.
  package var remaining: Int { bytes.count - position }

  @_specialize(where Value == Int)
  @_specialize(where Value == Int64)
  @_specialize(where Value == UInt8)
  @_specialize(where Value == UInt32)
  @_specialize(where Value == UInt64)
  package mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw WireError("a description ends too early") }
    defer { position += size }
    return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self)) }
  }

  package mutating func readBool() throws(WireError) -> Bool { try read(UInt8.self) != 0 }
  package mutating func readDouble() throws(WireError) -> Double { Double(bitPattern: try read()) }

  package mutating func readBytes() throws(WireError) -> Bytes {
    let count = Int(try read(UInt32.self))
    guard remaining >= count else { throw WireError("a description ends too early") }
    defer { position += count }
    return Bytes(bytes[position..<position + count])
  }

  package mutating func readString() throws(WireError) -> String {
    String(decoding: try readBytes(), as: UTF8.self)
  }

  package mutating func readOptional<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value? {
    try readBool() ? try read() : nil
  }
}
