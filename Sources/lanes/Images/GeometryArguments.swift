import ArgumentParser
import LanesImages

/// `--rotate`: degrees clockwise.
enum RotationChoice: Int, ExpressibleByArgument, CaseIterable {
  case quarter = 90
  case half = 180
  case threeQuarters = 270

  var turn: Orientation {
    switch self {
    case .quarter: .rotated90
    case .half: .rotated180
    case .threeQuarters: .rotated270
    }
  }
}

extension ResampleFilter: ExpressibleByArgument {}
extension Fit: ExpressibleByArgument {}

/// `--gravity`: both spellings of the center are taken.
extension Gravity: ExpressibleByArgument {
  package init?(argument: String) { self.init(rawValue: argument == "center" ? "centre" : argument) }
}

/// The options of `lanes images convert` that say what becomes of an image's shape, in the order in which they apply.
struct GeometryArguments: ParsableArguments {
  @Flag(
    name: .customLong("no-auto-orient"),
    help:
      "Leave pixels and EXIF orientation as they are instead of applying it first; a turn resets it, --metadata icc or none drops it."
  )
  var noAutoOrient = false

  @Option(
    help: ArgumentHelp("Keep WxH+X+Y of the oriented image, as far as it is inside.", valueName: "PART"),
    transform: parseCrop)
  var crop: CropSpec?

  @Option(help: ArgumentHelp("Then turn clockwise.", valueName: "DEGREES"))
  var rotate: RotationChoice?

  @Flag(help: "Then swap top and bottom.")
  var flip = false

  @Flag(help: "Then swap left and right.")
  var flop = false

  // A single number is a square box, so that it limits the longest side.
  @Option(
    help: ArgumentHelp(
      "Then fit inside WxH, Wx, xH or N (the longest side), or scale to P%, keeping proportions.", valueName: "SIZE"),
    transform: parseResize)
  var resize: ResizeSpec?

  @Option(
    help: ArgumentHelp(
      "Make several results from one decoding instead, such as 1600,800,400x300: a number is the longest side. Results are named {name}-{size} unless --name says otherwise.",
      valueName: "LIST"),
    transform: SizeList.init)
  var sizes: SizeList?

  // Options with a default are optional here too: only so can one that has no effect be told from one not given.
  @Option(
    help: ArgumentHelp(
      "How to fit the image into WxH: inside it; cover crops what hangs over; fill ignores proportions; pad adds --background. (default: inside)",
      valueName: "WAY"))
  var fit: Fit?

  @Option(
    help: ArgumentHelp("The side or corner that cover keeps and pad aligns to. (default: centre)", valueName: "PLACE"))
  var gravity: Gravity?

  @Flag(help: "Let --resize enlarge images. Without it, cover only crops a smaller image and pad only surrounds it.")
  var enlarge = false

  @Option(help: ArgumentHelp("How --resize weighs pixels. (default: lanczos3)", valueName: "FILTER"))
  var filter: ResampleFilter?

  @Flag(
    name: .customLong("linear-light"), help: "Resize in linear light; assumes sRGB, and is slower.")
  var linearLight = false

  @Option(
    help: ArgumentHelp(
      "Sharpen what was resized, by an amount above 0; 0.5 unless a number follows. (default: none)",
      valueName: "AMOUNT"),
    transform: parseAmount)
  var sharpen: Double?

  /// Refuses options that exclude or need each other. Each option alone was checked when it was read.
  func validate() throws {
    guard resize == nil || sizes == nil else { throw ValidationError("--resize and --sizes exclude each other") }
    try validateMeaning()
    guard let fit, fit != .inside else { return }
    // Only a box can be covered, filled or padded; a percentage or a single side leaves no room.
    for size in sizes?.specs.map(Optional.some) ?? [resize] {
      guard case .inside(_?, _?) = size else {
        throw ValidationError("--fit \(fit.rawValue) needs --resize N or WxH, or --sizes of such only")
      }
    }
  }

  /// Refuses what would change nothing.
  private func validateMeaning() throws {
    // An option without effect is a mistake: somebody expects an effect.
    let resizing = [
      ("--fit", fit != nil), ("--gravity", gravity != nil), ("--enlarge", enlarge), ("--filter", filter != nil),
      ("--linear-light", linearLight), ("--sharpen", sharpen != nil),
    ]
    if resize == nil, sizes == nil, let given = resizing.first(where: \.1) {
      throw ValidationError("\(given.0) says how to resize: add --resize or --sizes")
    }
    if gravity != nil, fit != .cover, fit != .pad {
      throw ValidationError("--gravity needs --fit cover or --fit pad")
    }
  }

  /// Sets what these arguments decide.
  func apply(to options: inout ConvertOptions) {
    options.autoOrient = !noAutoOrient
    options.crop = crop
    options.turn = rotate?.turn ?? .upright
    // One turn for all three, in this order: any two of the eight orientations make up one of the eight.
    if flip { options.turn = options.turn.then(.flipped) }
    if flop { options.turn = options.turn.then(.mirrored) }
    options.resize = resize
    options.sizes = sizes?.specs ?? []
    options.fit = fit ?? .inside
    options.gravity = gravity ?? .centre
    options.enlarge = enlarge
    options.filter = filter ?? .lanczos3
    options.linearLight = linearLight
    options.sharpen = sharpen
  }
}

/// `--crop`.
@Sendable func parseCrop(_ text: String) throws -> CropSpec {
  guard let spec = CropSpec(text) else { throw ValidationError("'\(text)' is not a part: write 800x600+20+10") }
  return spec
}

/// `--sizes`: what each result is called and how it is resized.
struct SizeList {
  private static let most = ConvertOptions.mostResults

  /// As they were typed, for {size} in names of results; at the same positions as `specs`.
  let names: [String]
  let specs: [ResizeSpec]

  /// Reads sizes between commas; throws for a size that is none, and for too many.
  @Sendable init(_ text: String) throws {
    // Empty parts are kept, and refused as sizes.
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count <= Self.most else { throw ValidationError("--sizes takes at most \(Self.most) sizes") }
    // Names of results hold the size, so a size given twice would give one file twice.
    guard Set(names).count == names.count else { throw ValidationError("'\(text)' holds a size twice") }
    specs = try names.map { name in
      try parseResize(name)
    }
    self.names = names
  }
}

/// `--resize`, or one entry of `--sizes`.
@Sendable func parseResize(_ text: String) throws -> ResizeSpec {
  guard let spec = ResizeSpec(text) else {
    throw ValidationError("'\(text)' is not a size: write 1600 (the longest side), 800x600, 800x, x600 or 50%")
  }
  return spec
}
