import ArgumentParser
import LanesImages

extension ConvertOptions.Metadata: ExpressibleByArgument {}
extension ConvertOptions.Profile: ExpressibleByArgument {}
extension ConvertOptions.Intent: ExpressibleByArgument {}

/// `--lossless` and `--keep-lossless`.
extension ConvertOptions.Lossless: EnumerableFlag {
  package static func name(for value: Self) -> NameSpecification { .customLong(String(value.option.dropFirst(2))) }

  package static func help(for value: Self) -> ArgumentHelp? {
    switch value {
    case .all: "WebP and AVIF without loss: every pixel stays what it is."
    case .kept: "WebP and AVIF without loss of what is stored without, such as a PNG; JPEGs by --quality."
    }
  }
}

/// `--png-depth`. PNG's smaller depths are for palettes and gray alone (PNG, 11.2.2), and are not offered.
enum DepthChoice: Int, ExpressibleByArgument, CaseIterable {
  case eight = 8
  case sixteen = 16
}

extension ConvertOptions.Subsampling: ExpressibleByArgument {}
extension ConvertOptions.PNGFilter: ExpressibleByArgument {}

/// The options of `lanes images convert` that say what becomes of a picture, beside its shape.
struct ImageArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Output format, or several such as jpeg,png, which are made from one decoding; without it the suffix of DEST (for one file) or of --name decides, else that of the input.",
      valueName: "FORMAT"))
  var to = FormatList.same

  @Flag(help: "Convert to grayscale.")
  var grayscale = false

  // `.unconditional`: `--quality -1` is told the range, instead of that -1 is an unknown option.
  // Nil differs from the default given in words: --quality always encodes anew, where a JPEG could else be copied.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Quality of JPEG, WebP and AVIF, 1 to 100. (default: \(ConvertOptions.defaultQuality), of AVIF 60)",
      valueName: "N"))
  var quality: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long to search for smaller files: WebP 0 to 6, cwebp's -m (default: 4); AVIF 0 to 9, which is 9 less "
        + "avifenc's -s (default: 3).", valueName: "N"))
  var effort: Int?

  @Flag(exclusivity: .exclusive)
  var lossless: ConvertOptions.Lossless?

  @OptionGroup(title: "Image options")
  var bytes: SizeArguments

  @Flag(help: "Write progressive JPEG.")
  var progressive = false

  // As with --quality, naming a scheme encodes anew.
  @Option(help: ArgumentHelp("Chroma subsampling of JPEG and AVIF; 420 unless given.", valueName: "SCHEME"))
  var subsampling: ConvertOptions.Subsampling?

  @Flag(name: .customLong("optimize-coding"), help: "Optimize JPEG's Huffman codes: smaller files, a little slower.")
  var optimizeCoding = false

  @Option(
    name: .customLong("png-level"), parsing: .unconditional,
    help: ArgumentHelp(
      "PNG compression, 0 to 12; 12 also leaves out what pixels do not need and makes palettes of few colors. (default: "
        + "\(ConvertOptions.defaultPNGLevel))", valueName: "N"))
  var pngLevel: Int?

  @Option(
    name: .customLong("png-filter"),
    help: ArgumentHelp(
      "PNG row filter; adaptive unless given, none for a palette or few bits.", valueName: "FILTER"))
  var pngFilter: ConvertOptions.PNGFilter?

  @Option(
    name: .customLong("png-depth"),
    help: ArgumentHelp("PNG bits per sample; the input's unless given.", valueName: "N"))
  var pngDepth: DepthChoice?

  @Option(
    help: ArgumentHelp(
      "Color of padding, and behind transparency in a JPEG: #rrggbb or a name. (default: white)",
      valueName: "COLOR"),
    transform: parseColor)
  var background: RGBColor?

  @Option(help: ArgumentHelp("Which metadata to keep.", valueName: "KIND"))
  var metadata = ConvertOptions.Metadata.all

  @Option(
    help: ArgumentHelp(
      "keep leaves colors and their profile as they are; srgb converts wide gamut and CMYK to sRGB.", valueName: "SPACE"
    ))
  var profile = ConvertOptions.Profile.keep

  // Optional, so that one without effect can be told from one not given.
  @Option(
    help: ArgumentHelp(
      "How --profile srgb maps colors, with black point compensation: relative keeps those that sRGB can show; perceptual moves all, as the profile says. (default: relative)",
      valueName: "INTENT"))
  var intent: ConvertOptions.Intent?

  @Option(
    name: .customLong("max-pixels"), parsing: .unconditional,
    help: ArgumentHelp("Refuse larger images. (default: \(ConvertOptions.defaultMaxPixels))", valueName: "N"),
    transform: parseCount)
  var maxPixels: UInt64?

  @Flag(help: "Keep what can be decoded of damaged images, and report them as degraded.")
  var salvage = false

  func validate() throws {
    if let objection = to.objection { throw ValidationError("--to: \(objection)") }
    // Settings of a format that is never written, by the table of formats.
    if let objection = Codecs.standard.objection(toSettingsOf: options(format: to.one)) {
      throw ValidationError(objection)
    }
    if let intent, profile == .keep {
      throw ValidationError("--intent \(intent.rawValue) says how to convert colors: add --profile srgb")
    }
    if let objection = Codecs.standard.objection(toNumbersOf: options(format: to.one)) {
      throw ValidationError(objection)
    }
    if lossless == .all, quality != nil {
      throw ValidationError("--lossless keeps every pixel, and --quality gives some up: leave out one of them")
    }
    // A limit of 0 would refuse every image.
    if maxPixels == 0 { throw ValidationError("--max-pixels takes a number above 0") }
  }

  /// What these arguments ask for, with nothing said of the shape.
  ///
  /// - Parameter format: what is written, by `--to` or by a suffix.
  func options(format: ConvertOptions.Format) -> ConvertOptions {
    var options = ConvertOptions()
    options.format = format
    options.formats = to.several
    bytes.apply(to: &options)
    options.grayscale = grayscale
    options.quality = quality
    options.effort = effort
    options.lossless = lossless
    options.progressive = progressive
    options.subsampling = subsampling
    options.optimizeCoding = optimizeCoding
    options.pngLevel = pngLevel
    options.pngFilter = pngFilter
    options.pngDepth = pngDepth?.rawValue
    options.salvage = salvage
    // Options that were not given keep the defaults of `ConvertOptions`.
    if let background { options.background = background }
    options.metadata = metadata
    options.profile = profile
    options.intent = intent ?? .relative
    if let maxPixels { options.maxPixels = Int(clamping: maxPixels) }
    return options
  }
}

/// `--background`.
@Sendable func parseColor(_ text: String) throws -> RGBColor {
  guard let color = RGBColor(text) else {
    throw ValidationError("'\(text)' is not a color: write #rrggbb or a name such as white")
  }
  return color
}
