import LanesCore

/// Takes the rows of an image from top to bottom: an encoder, or a stage before one.
protocol RowSink: AnyObject {
  /// Takes the next row, valid during the call only.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure)
  /// Is called once, after the last row.
  func finish() throws(UnitFailure)
}
