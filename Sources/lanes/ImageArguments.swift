import ArgumentParser
import LanesImages

extension ConvertOptions.Format: ExpressibleByArgument {
  public init?(argument: String) {
    switch argument.lowercased() {
    case "jpeg", "jpg": self = .jpeg
    case "png": self = .png
    case "same": self = .same
    default: return nil
    }
  }
  public static var allValueStrings: [String] { ["jpeg", "png", "same"] }
  public var defaultValueDescription: String { Self.allValueStrings[self == .jpeg ? 0 : self == .png ? 1 : 2] }
}

extension ConvertOptions.Metadata: ExpressibleByArgument {
  public init?(argument: String) {
    guard let found = zip(Self.allCases, Self.allValueStrings).first(where: { $0.1 == argument }) else { return nil }
    self = found.0
  }
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
  public var defaultValueDescription: String { "\(self)" }
}

extension ConvertOptions.Subsampling: ExpressibleByArgument {}

/// The options of `lanes images convert` that say what becomes of a picture.
struct ImageArguments: ParsableArguments {
  @Option(help: "Output format: jpeg, png or same. (default: from DEST's suffix for one file, else same)")
  var to = ConvertOptions.Format.same

  @Option(
    help: ArgumentHelp("Fit inside WxH, Wx, xH or scale to P%, keeping proportions.", valueName: "SIZE"),
    transform: parseResize)
  var resize: ResizeSpec?

  @Flag(help: "Let --resize enlarge.")
  var enlarge = false

  @Option(help: ArgumentHelp("JPEG quality, 1 to 100. (default: \(ConvertOptions.defaultQuality))", valueName: "N"))
  var quality: Int?

  @Flag(help: "Write progressive JPEG.")
  var progressive = false

  @Option(help: "JPEG chroma subsampling: 444, 422 or 420. (default: 420)")
  var subsampling: ConvertOptions.Subsampling?

  @Option(
    name: .customLong("png-level"),
    help: ArgumentHelp("PNG compression, 0 to 9. (default: \(ConvertOptions.defaultPNGLevel))", valueName: "N"))
  var pngLevel: Int?

  @Option(
    help: ArgumentHelp("What shows through transparency in a JPEG: #rrggbb or a name. (default: white)", valueName: "COLOR"),
    transform: parseColor)
  var background: RGBColor?

  @Option(help: "Which metadata to keep: all, icc or none.")
  var metadata = ConvertOptions.Metadata.all

  @Flag(name: .customLong("no-auto-orient"), help: "Leave EXIF orientation as it is instead of applying it.")
  var noAutoOrient = false

  @Option(
    name: .customLong("max-pixels"),
    help: ArgumentHelp("Refuse larger images. (default: \(ConvertOptions.defaultMaxPixels))", valueName: "N"), transform: parseCount)
  var maxPixels: UInt64?

  func validate() throws {
    if let quality, !(1...100).contains(quality) { throw ValidationError("--quality takes a number from 1 to 100.") }
    if let pngLevel, !(0...9).contains(pngLevel) { throw ValidationError("--png-level takes a number from 0 to 9.") }
    if maxPixels == 0 { throw ValidationError("--max-pixels takes a number above 0.") }
  }

  /// - Parameter formatOfDestination: what the suffix of a single output asks for; `--to` has the last word.
  func options(formatOfDestination: ConvertOptions.Format) throws -> ConvertOptions {
    var options = ConvertOptions()
    options.format = to == .same ? formatOfDestination : to
    options.resize = resize
    options.enlarge = enlarge
    options.quality = quality
    options.progressive = progressive
    options.subsampling = subsampling
    options.pngLevel = pngLevel
    if let background { options.background = background }
    options.metadata = metadata
    options.autoOrient = !noAutoOrient
    if let maxPixels { options.maxPixels = Int(clamping: maxPixels) }
    return options
  }
}

@Sendable func parseResize(_ text: String) throws -> ResizeSpec {
  guard let spec = ResizeSpec(text) else {
    throw ValidationError("'\(text)' is not a size: write 800x600, 800x, x600 or 50%.")
  }
  return spec
}

@Sendable func parseColor(_ text: String) throws -> RGBColor {
  guard let color = RGBColor(text) else {
    throw ValidationError("'\(text)' is not a colour: write #rrggbb or a name such as white.")
  }
  return color
}
