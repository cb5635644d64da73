import LanesCore

/// Makes red, green and blue one channel of gray; alpha stays.
///
/// Gray is the luma of Rec. ITU-R BT.709 of the samples as they are encoded, which is what ImageMagick's
/// `-colorspace Gray` gives.
final class GrayStage: RowSink {
  private let shape: RowShape
  private let next: any RowSink
  private let gray: PixelMemory

  /// - Parameter shape: of the rows that arrive; four channels.
  init(_ shape: RowShape, next: any RowSink) throws(UnitFailure) {
    self.shape = shape
    self.next = next
    gray = try PixelMemory(count: Self.shape(of: shape).bytesPerRow)
  }

  /// The shape that rows of `shape` get.
  static func shape(of shape: RowShape) -> RowShape {
    var gray = shape
    gray.channels = shape.hasAlpha ? 2 : 1
    return gray
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    if shape.depth == 8 { convert(UInt8.self, row) } else { convert(UInt16.self, row) }
    try next.take(gray.bytes)
  }

  func finish() throws(UnitFailure) { try next.finish() }

  /// The sum of the weights is 1, so that luma always fits into a sample.
  private func convert<Sample: FixedWidthInteger>(_: Sample.Type, _ row: UnsafePointer<UInt8>) {
    let source = UnsafeRawPointer(row).assumingMemoryBound(to: Sample.self)
    let target = UnsafeMutableRawPointer(gray.bytes).assumingMemoryBound(to: Sample.self)
    let channels = shape.hasAlpha ? 2 : 1
    for x in 0..<shape.size.width {
      target[x * channels] = Sample(truncatingIfNeeded: luma(source[4 * x], source[4 * x + 1], source[4 * x + 2]))
      if channels == 2 { target[2 * x + 1] = source[4 * x + 3] }
    }
  }
}

/// BT.709's weights in units of 1/65536, rounded; they add up to 65536, so that gray stays as it is.
func luma<Sample: FixedWidthInteger>(_ red: Sample, _ green: Sample, _ blue: Sample) -> UInt32 {
  let (red, green, blue) = (UInt32(red), UInt32(green), UInt32(blue))
  return (13_933 &* red &+ 46_871 &* green &+ 4_732 &* blue &+ 32_768) >> 16
}
