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
/// generic code looks up types at run time, at each value of each unit. `@inlinable` would need no underscored attribute, but
/// with it counting 20,000 small files took a tenth more processor time, and a quarter more through pipes.
package struct WireWriter {
  private var written: Bytes

  package var bytes: Bytes { written }

  package init() { written = [] }

  /// With memory for `capacity` bytes, so that the first ones need not be moved time and again.
  package init(capacity: Int) {
    written = []
    written.reserveCapacity(capacity)
  }

  /// Continues after `bytes`, whose storage is reused.
  package init(appendingTo bytes: consuming Bytes) { written = bytes }

  @_specialize(exported:true,where Value == Int)
  @_specialize(exported:true,where Value == Int64)
  @_specialize(exported:true,where Value == UInt8)
  @_specialize(exported:true,where Value == UInt32)
  @_specialize(exported:true,where Value == UInt64)
  package mutating func write<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { written.append(contentsOf: $0) }
  }

  package mutating func write(_ value: Bool) { written.append(value ? 1 : 0) }

  package mutating func write(_ value: Double) { write(value.bitPattern) }

  @_specialize(exported:true,where Run == Bytes)
  @_specialize(exported:true,where Run == String.UTF8View)
  @_specialize(exported:true,where Run == ArraySlice<UInt8>)
  @_specialize(exported:true,where Run == UnsafeRawBufferPointer)
  package mutating func write<Run: Collection<UInt8>>(_ run: Run) {
    write(UInt32(run.count))
    written.append(contentsOf: run)
  }

  package mutating func write(_ text: String) { write(text.utf8) }

  /// Writes a presence byte and then the value, if there is one.
  @_specialize(exported:true,where Value == Int)
  @_specialize(exported:true,where Value == Int64)
  @_specialize(exported:true,where Value == UInt8)
  @_specialize(exported:true,where Value == UInt32)
  @_specialize(exported:true,where Value == UInt64)
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

  @_specialize(exported:true,where Value == Int)
  @_specialize(exported:true,where Value == Int64)
  @_specialize(exported:true,where Value == UInt8)
  @_specialize(exported:true,where Value == UInt32)
  @_specialize(exported:true,where Value == UInt64)
  package mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw WireError("a description ends too early") }
    defer { position += size }
    return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self)) }
  }

  package mutating func readBool() throws(WireError) -> Bool { try read(UInt8.self) != 0 }
  package mutating func readDouble() throws(WireError) -> Double { Double(bitPattern: try read()) }

  package mutating func readBytes() throws(WireError) -> Bytes { Bytes(try readSlice()) }

  /// As `readBytes`, but the bytes stay where they are.
  package mutating func readSlice() throws(WireError) -> ArraySlice<UInt8> {
    let count = Int(try read(UInt32.self))
    guard remaining >= count else { throw WireError("a description ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  package mutating func readString() throws(WireError) -> String {
    String(decoding: try readSlice(), as: UTF8.self)
  }

  @_specialize(exported:true,where Value == Int)
  @_specialize(exported:true,where Value == Int64)
  @_specialize(exported:true,where Value == UInt8)
  @_specialize(exported:true,where Value == UInt32)
  @_specialize(exported:true,where Value == UInt64)
  package mutating func readOptional<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value? {
    try readBool() ? try read() : nil
  }
}
