import CCodecs
import LanesCore

/// The rows of an image and how a PNG stores them; what says nothing is taken from them in place.
final class PNGForm {
  /// Of the rows as they are by now, which stand one behind the other.
  private(set) var shape: RowShape
  /// Of rows of stored samples; nil for plain ones.
  private(set) var storage: ccodecs_png_storage?
  let rows: PixelMemory

  private var bytes: UnsafeMutablePointer<UInt8> { rows.bytes }
  private var pixels: Int { shape.size.width * shape.size.height }

  /// Rows that are yet to be filled in.
  init(_ shape: RowShape, storage: ccodecs_png_storage? = nil) throws(UnitFailure) {
    (self.shape, self.storage) = (shape, storage)
    rows = try PixelMemory(count: shape.bytesPerRow * shape.size.height)
  }

  /// Makes 8 bits of 16 where both bytes of every sample are the same, as they are when 8 bits became 16 (PNG, 12.4).
  func narrow() {
    let count = pixels * shape.channels
    guard shape.depth == 16, (0..<count).allSatisfy({ bytes[2 * $0] == bytes[2 * $0 + 1] }) else { return }
    for sample in 0..<count { bytes[sample] = bytes[2 * sample] }
    shape.depth = 8
  }

  /// Leaves out an alpha that is opaque throughout, and two of three colors where all are equal.
  func simplify(mayBeGray: Bool) {
    guard shape.depth == 16 else { return simplify(bytes, mayBeGray: mayBeGray) }
    bytes.withMemoryRebound(to: UInt16.self, capacity: pixels * shape.channels) { simplify($0, mayBeGray: mayBeGray) }
  }

  private func simplify<Sample: FixedWidthInteger>(_ samples: UnsafeMutablePointer<Sample>, mayBeGray: Bool) {
    let channels = shape.channels
    var (isOpaque, isGray) = (true, mayBeGray || channels < 4)
    for pixel in 0..<pixels where isOpaque || isGray {
      let at = samples + pixel * channels
      if shape.hasAlpha, at[channels - 1] != Sample.max { isOpaque = false }
      if channels == 4, at[0] != at[1] || at[1] != at[2] { isGray = false }
    }
    let hasAlpha = shape.hasAlpha && !isOpaque
    // The fourth channel of colors stays, with or without a meaning.
    let kept = isGray ? (hasAlpha ? 2 : 1) : 4
    if kept < channels {
      for pixel in 0..<pixels {
        let level = samples[pixel * channels], alpha = samples[pixel * channels + channels - 1]
        samples[pixel * kept] = level
        if hasAlpha { samples[pixel * kept + 1] = alpha }
      }
    }
    (shape.channels, shape.hasAlpha) = (kept, hasAlpha)
  }

  /// The image as levels of gray of fewer than 8 bits, or as indices into a palette; nil where neither is possible, or
  /// a palette would hold nothing but more than 16 levels of gray.
  func indexed() throws(UnitFailure) -> PNGForm? {
    guard shape.depth == 8, let colors = colors(atMost: shape.channels == 1 ? 16 : 256) else { return nil }
    let (storage, index) = grayBits(colors) ?? palette(colors)
    var small = shape
    (small.channels, small.hasAlpha) = (1, false)
    let form = try PNGForm(small, storage: storage)
    var last = color(of: 0), place = index[last]!
    for pixel in 0..<pixels {
      let color = color(of: pixel)
      if color != last { (last, place) = (color, index[color]!) }
      form.bytes[pixel] = place
    }
    return form
  }

  /// Alpha in the highest byte, red in the lowest.
  private func color(of pixel: Int) -> UInt32 {
    let at = bytes + pixel * shape.channels
    let alpha = shape.hasAlpha ? UInt32(at[shape.channels - 1]) : 255
    guard shape.channels == 4 else { return alpha << 24 | UInt32(at[0]) * 0x010101 }
    return alpha << 24 | UInt32(at[2]) << 16 | UInt32(at[1]) << 8 | UInt32(at[0])
  }

  /// Those that occur, translucent ones first, so that the alphas of the others need not be stored; nil for more than `most`.
  private func colors(atMost most: Int) -> [UInt32]? {
    var found: Set<UInt32> = []
    var last: UInt32?
    for pixel in 0..<pixels {
      let color = color(of: pixel)
      guard color != last else { continue }
      last = color
      guard found.insert(color).inserted, found.count > most else { continue }
      return nil
    }
    return found.sorted()
  }

  /// nil unless there are no colors, no alpha, and all levels are such as few bits can say (PNG, 13.12).
  private func grayBits(_ colors: [UInt32]) -> (storage: ccodecs_png_storage, index: [UInt32: UInt8])? {
    guard shape.channels == 1 else { return nil }
    for depth in [1, 2, 4] {
      let step = UInt32(255 / (1 << depth - 1))
      guard colors.allSatisfy({ $0 & 255 % step == 0 }) else { continue }
      var storage = ccodecs_png_storage()
      storage.depth = Int32(depth)
      let levels = colors.map { ($0, UInt8(($0 & 255) / step)) }
      return (storage, Dictionary(uniqueKeysWithValues: levels))
    }
    return nil
  }

  private func palette(_ colors: [UInt32]) -> (storage: ccodecs_png_storage, index: [UInt32: UInt8]) {
    var storage = ccodecs_png_storage()
    storage.kind = 3
    storage.depth = colors.count <= 2 ? 1 : colors.count <= 4 ? 2 : colors.count <= 16 ? 4 : 8
    storage.colors = Int32(colors.count)
    storage.alphas = Int32(colors.count { $0 >> 24 < 255 })
    withUnsafeMutableBytes(of: &storage.palette) { entries in
      for (index, color) in colors.enumerated() {
        for channel in 0..<3 { entries[3 * index + channel] = UInt8(truncatingIfNeeded: color >> (8 * channel)) }
      }
    }
    withUnsafeMutableBytes(of: &storage.alpha) { alphas in
      for (index, color) in colors.enumerated() { alphas[index] = UInt8(color >> 24) }
    }
    return (storage, Dictionary(uniqueKeysWithValues: colors.enumerated().map { ($1, UInt8($0)) }))
  }
}
