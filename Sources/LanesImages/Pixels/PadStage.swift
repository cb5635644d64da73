import LanesCore

/// Lays a picture on a background; gray rows become colored ones where the background has a color.
final class PadStage: RowSink {
  private let from: RowShape
  private let to: RowShape
  private let x: Int
  private let y: Int
  private let next: any RowSink
  private let blank: PixelMemory
  private let line: PixelMemory
  private var received = 0

  /// - Parameters:
  ///   - from: of the rows that arrive.
  ///   - to: the background's size, and the channels that `shape(of:on:)` says.
  ///   - place: where the picture's upper left pixel comes to lie.
  init(
    from: RowShape, to: RowShape, at place: (x: Int, y: Int), on background: RGBColor, next: any RowSink
  ) throws(UnitFailure) {
    (self.from, self.to, self.next) = (from, to, next)
    (x, y) = place
    blank = try PixelMemory(count: to.bytesPerRow)
    line = try PixelMemory(count: to.bytesPerRow)
    let color = [background.red, background.green, background.blue]
    // One row of background serves for all; the picture's rows are laid into a copy of it.
    for index in 0..<to.size.width * to.channels {
      let channel = index % to.channels
      let isAlpha = channel == 3 || channel == 1 && to.channels == 2
      Self.set(isAlpha ? 255 : color[channel], at: index, in: blank.bytes, depth: to.depth)
    }
    line.bytes.update(from: blank.bytes, count: to.bytesPerRow)
  }

  /// The shape that rows of `shape` need to lie on `background`, before the size changes.
  static func shape(of shape: RowShape, on background: RGBColor) -> RowShape {
    var padded = shape
    if !background.isGray { padded.channels = 4 }
    return padded
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    if received == 0 { try sendBlank(y) }
    received += 1
    if from.channels == to.channels {
      (line.bytes + x * to.bytesPerPixel).update(from: row, count: from.bytesPerRow)
    } else if from.depth == 8 {
      color(UInt8.self, row)
    } else {
      color(UInt16.self, row)
    }
    try next.take(line.bytes)
  }

  func finish() throws(UnitFailure) {
    try sendBlank(to.size.height - y - received)
    try next.finish()
  }

  private func sendBlank(_ count: Int) throws(UnitFailure) {
    for _ in 0..<count { try next.take(blank.bytes) }
  }

  /// Lays a row of gray onto the background as color; without alpha it is opaque.
  private func color<Sample: FixedWidthInteger>(_: Sample.Type, _ row: UnsafePointer<UInt8>) {
    let source = UnsafeRawPointer(row).assumingMemoryBound(to: Sample.self)
    let target = UnsafeMutableRawPointer(line.bytes).assumingMemoryBound(to: Sample.self) + 4 * x
    for column in 0..<from.size.width {
      let gray = source[column * from.channels]
      for channel in 0..<3 { target[4 * column + channel] = gray }
      target[4 * column + 3] = from.channels == 2 ? source[2 * column + 1] : Sample.max
    }
  }

  /// Writes a level of 8 bits as a sample of `depth`: 257 · 255 is 65,535.
  private static func set(_ level: UInt8, at index: Int, in bytes: UnsafeMutablePointer<UInt8>, depth: Int) {
    if depth == 8 {
      bytes[index] = level
    } else {
      UnsafeMutableRawPointer(bytes).storeBytes(of: UInt16(level) * 257, toByteOffset: 2 * index, as: UInt16.self)
    }
  }
}
