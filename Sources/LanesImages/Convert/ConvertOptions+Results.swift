import LanesCore

/// The results that an image gets: every size in every format.
extension ConvertOptions {
  /// Most results of one image: a unit says with a byte which of them it makes, and a plan with a bit.
  package static let mostResults = 64

  /// True when images may have several results, each of which has a position.
  package var makesSeveral: Bool { !sizes.isEmpty || !formats.isEmpty }

  /// Results of each image.
  package var resultCount: Int { max(1, sizes.count) * max(1, formats.count) }

  /// What is asked of the result at `position`: sizes follow each other, and in each of them formats do.
  package func result(_ position: Int) -> ConvertOptions {
    var one = self
    (one.sizes, one.formats) = ([], [])
    if !sizes.isEmpty { one.resize = sizes[position / max(1, formats.count)] }
    if !formats.isEmpty { one.format = formats[position % formats.count] }
    return one
  }

  /// What is asked of one result of an image in format `input`, with the quality that its own format gets.
  func settled(for input: ImageFormat) -> ConvertOptions {
    var one = self
    one.quality = formatQuality[outputFormat(for: input).id] ?? quality
    return one
  }

  /// True when there is more to do for an image than to make one result that is written as it comes.
  var needsParts: Bool { makesSeveral || maxBytes != nil || ifLarger != .keep || preview != nil }

  /// What is asked of a preview of at most `side` pixels along each side, of an image whose first result is asked for by
  /// these options and has `size` pixels. It shows what that one shows.
  func preview(_ side: Int, of size: PixelSize) -> ConvertOptions {
    var one = self
    one.format = .jpeg
    let box = ResizeSpec.scaled(size, into: PixelSize(side, side), covering: false, enlarging: false)
    one.resize = .inside(width: box.width, height: box.height)
    // A blur that fills the place of a picture for a moment: what counts is how few bytes it has.
    (one.quality, one.subsampling, one.optimizeCoding, one.progressive) = (50, .quarter, true, false)
    one.metadata = .none
    (one.sharpen, one.maxBytes, one.ifLarger) = (nil, nil, .keep)
    return one
  }
}
