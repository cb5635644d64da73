import CCodecs

/// The scale at which a decoder makes an image, in eighths of each side as stored, 1…8.
struct DecodeScale: Equatable {
  var across: Int
  var down: Int

  static let full = DecodeScale(across: 8, down: 8)
  /// What checking an image takes.
  static let smallest = DecodeScale(across: 1, down: 1)

  init(across: Int, down: Int) { (self.across, self.down) = (across, down) }

  /// The scale for the `part` of an image of `stored` that becomes `target`: the resampler must still decide what is seen.
  init(of stored: PixelSize, part: PixelSize, to target: PixelSize) {
    across = Self.eighths(part.width, to: target.width, side: stored.width)
    down = Self.eighths(part.height, to: target.height, side: stored.height)
  }

  /// The scale that is enough for both.
  func union(_ other: DecodeScale) -> DecodeScale {
    DecodeScale(across: max(across, other.across), down: max(down, other.down))
  }

  /// Sides up to this length are decoded whole. What stands in the last block beyond the image's edge is mixed into a
  /// scaled block, which is seen where blocks are few: of 2880 × 3 pixels made 200 × 1, 31 dB instead of 55.
  private static let narrow = 128

  /// At least twice the target, before a decoder rounds sizes up (jdmaster.c), and more where it costs little: over 62
  /// photographs and 200 pixels, decoding takes 1.15 times as long and comes closer to the whole by 1.1 dB in the mean, and
  /// by 8 dB where 1/8 would be just enough. Made 37 % as large, they come closer by 4.9 dB when they are decoded whole instead
  /// of at 6/8 (the worst by 14 dB), in 1.5 times the decoding time; decoders that halve sides only decode them whole too.
  /// 5/8 instead of 4/8 would cost a third and more.
  private static func eighths(_ count: Int, to target: Int, side: Int) -> Int {
    guard side > narrow else { return 8 }
    switch (1...7).first(where: { count * $0 >= target * 16 }) ?? 8 {
    case 1: return 2
    case 2: return 3
    case 3, 4: return 4
    case 5: return 6
    default: return 8
    }
  }
}

extension DecodeScale {
  init(_ scale: ccodecs_scale) { self.init(across: Int(scale.across), down: Int(scale.down)) }

  var asC: ccodecs_scale { ccodecs_scale(across: Int32(across), down: Int32(down)) }
}
