import LanesCore
import SystemPackage

/// A unit's own description: which row of the table it belongs to.
package struct FileTask: Equatable {
  /// Row of the table, from 0 in the order of inputs.
  var row: UInt32
  /// Slice of the row's input, from 0.
  var slice: UInt32 = 0
  /// True for the last slice of the input.
  var isLast = true
  /// True when the row is shown with what was counted although the input failed, as `wc` does for a directory.
  var isShownAlways = false
  /// How the unit's source is compressed; nil where it is not.
  var packing: Packing?
  private var title: Title

  /// A name in either of two forms: a path takes time to make of bytes, and most rows are never shown.
  private enum Title {
    case none
    case path(FilePath)
    case bytes(ArraySlice<UInt8>)
  }

  /// The name in the row, if it has one.
  var name: FilePath? {
    switch title {
    case .none: nil
    case .path(let path): path
    case .bytes(let bytes): FilePath(rawBytes: bytes)
    }
  }

  var wire: Bytes {
    var writer = WireWriter(capacity: 64)
    writer.write(row)
    writer.write(slice)
    writer.write(isLast)
    writer.write(isShownAlways)
    writer.write(packing)
    switch title {
    case .none: writer.write(false)
    case .path(let path):
      writer.write(true)
      writer.write(path)
    case .bytes(let bytes):
      writer.write(true)
      writer.write(bytes)
    }
    return writer.bytes
  }

  init(row: UInt32, name: FilePath?) {
    self.row = row
    title = name.map { .path($0) } ?? .none
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    try self.init(from: &reader)
  }

  /// What `unit` is a part of. Throws for a unit that no plan of files made; folds tell of it as a `stranger`.
  init(of unit: Unit) throws(UnitFailure) {
    do throws(WireError) {
      try self.init(wire: unit.task)
    } catch {
      throw .noFileTask
    }
  }

  init(from reader: inout WireReader) throws(WireError) {
    row = try reader.read()
    slice = try reader.read()
    isLast = try reader.readBool()
    isShownAlways = try reader.readBool()
    packing = try reader.readPacking()
    title = try reader.readBool() ? .bytes(try reader.readSlice()) : .none
  }

  /// A row of its own for a unit that belongs to none.
  static func stranger(_ unit: Unit) -> FileTask { FileTask(row: .max, name: FilePath(unit.label)) }

  package static func == (one: FileTask, other: FileTask) -> Bool {
    one.row == other.row && one.slice == other.slice && one.isLast == other.isLast
      && one.isShownAlways == other.isShownAlways && one.packing == other.packing && one.name == other.name
  }
}

extension UnitFailure {
  /// A unit without the description that plans of files give theirs.
  static let noFileTask = UnitFailure(.rejected, "its description cannot be read")
}
