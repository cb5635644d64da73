import LanesCore
import SystemPackage

/// A unit's own description: which row of the table it belongs to.
struct FileTask: Equatable {
  /// Row of the table, from 0 in the order of inputs.
  var row: UInt32
  /// Slice of the row's input, from 0.
  var slice: UInt32 = 0
  /// True for the last slice of the input.
  var isLast = true
  /// True when the row is shown with what was counted although the input failed, as `wc` does for a directory.
  var isShownAlways = false
  /// The name in the row, if it has one.
  var name: FilePath?

  var wire: Bytes {
    var writer = WireWriter()
    writer.write(row)
    writer.write(slice)
    writer.write(isLast)
    writer.write(isShownAlways)
    writer.write(name != nil)
    if let name { writer.write(name) }
    return writer.bytes
  }

  init(row: UInt32, name: FilePath?) {
    self.row = row
    self.name = name
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    try self.init(from: &reader)
  }

  init(from reader: inout WireReader) throws(WireError) {
    row = try reader.read()
    slice = try reader.read()
    isLast = try reader.readBool()
    isShownAlways = try reader.readBool()
    name = try reader.readBool() ? try reader.readPath() : nil
  }
}
