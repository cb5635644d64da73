import LanesCore

/// What is to happen to each image of a batch.
package struct ConvertOptions: Sendable, Equatable {
  /// Which descriptions of an image go along with it.
  package enum Metadata: String, Sendable, CaseIterable {
    /// Color description and Exif.
    case all
    /// The color description only: the profile, or what a PNG says without one.
    case icc
    case none
  }

  /// What becomes of an image's colors.
  package enum Profile: String, Sendable, CaseIterable {
    /// They stay, and so does the profile that says what they mean.
    case keep
    /// They become those of sRGB.
    case srgb
  }

  /// How colors of a wider space become those of sRGB (ICC.1:2022, 0.9).
  package enum Intent: String, Sendable, CaseIterable {
    /// Those that sRGB can show stay as they are; the others become the nearest at its edge.
    case relative
    /// As the profile's maker found it pleasing: all move, so that they keep their distances.
    case perceptual
  }

  /// How much smaller a JPEG's color planes are than its brightness plane.
  package enum Subsampling: Int, Sendable, CaseIterable {
    /// Color planes of full size.
    case full = 444
    /// Half the width.
    case half = 422
    /// Half the width and half the height.
    case quarter = 420
  }

  /// What is done to each row of a PNG before it is compressed (PNG specification, 9.2).
  package enum PNGFilter: String, Sendable, CaseIterable {
    case none, sub, up, average, paeth
    /// The one whose differences are smallest, row by row.
    case adaptive
  }

  /// Which images are encoded without loss where a format can do both.
  package enum Lossless: String, Sendable, CaseIterable {
    case all
    /// Those that come from a file without loss, such as a PNG.
    case kept

    /// As it is typed.
    package var option: String { self == .all ? "--lossless" : "--keep-lossless" }
  }

  /// What becomes of a result that is larger than its source and shows as many pixels.
  package enum IfLarger: String, Sendable, CaseIterable {
    /// The source takes its place wherever it is what was asked for.
    case copy
    case keep
    /// There is no result.
    case skip
  }

  /// Of JPEG and WebP: over ten photographs at 1024 pixels, both then have the same SSIM (0.983), and WebP 0.67 of the bytes.
  package static let defaultQuality = 85
  package static let defaultPNGLevel = 6
  package static let defaultMaxPixels = 1 << 28

  package var format = Format.same
  /// Several results per image, one for each in place of `format`; empty for one. With `sizes`, every size in every format.
  package var formats: [Format] = []
  package var resize: ResizeSpec?
  /// Several results per image, each resized in its way in place of `resize`; empty for one.
  package var sizes: [ResizeSpec] = []
  /// How both sides of `resize` are met; a percentage or a single side leaves nothing to meet.
  package var fit = Fit.inside
  package var gravity = Gravity.centre
  package var filter = ResampleFilter.lanczos3
  /// Resizes in proportion to light instead of to encoded levels, as if every image were sRGB.
  package var linearLight = false
  /// How much of what a blur takes away is added after resizing; nil for none. Images that keep their size are not sharpened.
  package var sharpen: Double?
  /// The part that is kept, before turning and resizing.
  package var crop: CropSpec?
  /// Applied after the Exif orientation and `crop`.
  package var turn = Orientation.upright
  package var grayscale = false
  /// Lets `resize` make images larger.
  package var enlarge = false
  /// Quality 1…100; nil for the format's default, which also allows copying images that need no change.
  package var quality: Int?
  /// How hard an encoder tries to make files smaller, in steps of its own; nil for the format's default.
  package var effort: Int?
  /// nil where only a file without loss that keeps its format stays so, and no quality is asked for.
  package var lossless: Lossless?
  /// What `quality` is for results of one format, by its `id`.
  package var formatQuality: [String: Int] = [:]
  /// The most bytes that a result may have: quality is lowered until it fits.
  package var maxBytes: Int?
  package var ifLarger = IfLarger.keep
  /// The longest side of a small JPEG that is made of each image and goes with what is told of it; nil for none.
  package var preview: Int?
  package var progressive = false
  /// nil for 4:2:0.
  package var subsampling: Subsampling?
  /// Smaller JPEGs, by a second pass that fits the Huffman codes to the image; progressive ones always have it.
  package var optimizeCoding = false
  /// 0…12, up to 9 nearly as zlib's levels; nil for 6.
  package var pngLevel: Int?
  /// nil for adaptive, and for none where samples have fewer than 8 bits or a palette (PNG specification, 12.7).
  package var pngFilter: PNGFilter?
  /// Bits of a PNG's samples, 8 or 16; nil for those of the input.
  package var pngDepth: Int?
  /// What shows through alpha where the output has none, and around what is padded.
  package var background = RGBColor.white
  package var metadata = Metadata.all
  package var profile = Profile.keep
  /// Counts when colors are converted.
  package var intent = Intent.relative
  /// Turns the pixels as the Exif orientation says, and resets it.
  package var autoOrient = true
  /// Inputs and outputs of more pixels are refused.
  package var maxPixels = Self.defaultMaxPixels
  /// Accepts damage after the header: what is missing is made up for, and the result says so.
  package var salvage = false

  package init() {}

  func outputFormat(for input: ImageFormat) -> ImageFormat { format.image ?? input }

  /// How pixels are turned before anything else whose file says that they are to be displayed as `said`.
  func applied(_ said: Orientation) -> Orientation { autoOrient ? said : .upright }

  /// True when the result's orientation is upright whatever the input says; else it stays, since the pixels do. A turn that
  /// was asked for resets it too, since it would turn the pixels once more.
  var resetsOrientation: Bool { autoOrient || turn != .upright }

  /// The largest input that is taken, in bytes. A file is held whole, so that one of terabytes would take all memory; none
  /// that is sound has more than 8 bytes for each of `maxPixels` and 64 MiB beside the pixels.
  package var mostBytes: Int {
    let pixels = maxPixels.multipliedReportingOverflow(by: 8)
    let total = pixels.partialValue.addingReportingOverflow(64 << 20)
    return pixels.overflow || total.overflow ? .max : total.partialValue
  }

  /// True when a decoder may make an image smaller, which mixes its pixels before the resampler sees them.
  var allowsDecoderScaling: Bool { filter != .nearest && !linearLight }

  /// The options for one image, whose `lossless` is `.all` or nil.
  ///
  /// - Parameter isLossless: of the file that the image comes from.
  func settled(isLossless: Bool, from input: ImageFormat, to output: ImageFormat) -> ConvertOptions {
    var options = self
    switch lossless {
    case .all: break
    case .kept: options.lossless = isLossless ? .all : nil
    case nil: options.lossless = isLossless && input == output && quality == nil ? .all : nil
    }
    return options
  }

  /// True when no setting of the encoder of `format` is given, so that a file need not be encoded anew.
  func leavesAlone(_ format: ImageFormat) -> Bool { !format.codec.settings(in: self).contains(where: \.isGiven) }
}
