import LanesCore

/// One format of image files: everything that the rest of the program has to know of it.
///
/// A format is added by a type that conforms to this and by one entry in `Codecs.standard`. Suffixes, signatures, messages,
/// `--to`, names of results, planning, decoding, encoding and the memory estimate are loops and look-ups over that list; no
/// file outside this folder asks which format it has before it.
protocol Codec: Sendable {
  /// What `--to` and `{format}` call it, such as `jpeg`. It tells formats apart, also on the way to and from a worker.
  var id: String { get }
  /// What messages and JSON lines call it, such as `JPEG`.
  var name: String { get }
  /// Suffixes of its files, in lower case and without the dot. New files get the first.
  var suffixes: [String] { get }
  /// What its files can hold.
  var traits: CodecTraits { get }
  /// The libraries behind it with their versions, for `--version`.
  var libraries: [(name: String, version: String)] { get }
  /// The library that reads and writes it where it is built; only formats that may be missing need name one.
  var library: String { get }
  /// False where that library was not there when the program was built.
  var isBuilt: Bool { get }

  // MARK: Reading

  /// Bytes at the start of a file that `recognizes` looks at.
  var signatureLength: Int { get }
  /// True when a file that starts with `start` is of this format, whatever its name says. `start` may be shorter than
  /// `signatureLength`.
  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool
  /// What the header says about memory; nil when it makes no sense. Must be cheap and must not trust the file: it is called
  /// for every input while a batch is planned.
  func probe(_ head: FileHead) -> ImageProbe?
  /// Opens a decoder, which reads the header.
  ///
  /// - Parameter bytes: the whole file; must outlive the decoder.
  /// - Throws: `UnitFailure` for a file that is refused, such as one of more than `options.maxPixels`.
  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder
  /// What only files of this format have to tell about how they store their pixels.
  ///
  /// - Parameter bytes: a whole file that a decoder was opened for.
  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm

  // MARK: Writing

  /// The command line's options for this encoder, and whether `options` hold them. Several formats may share one, such as
  /// `--quality`.
  func settings(in options: ConvertOptions) -> [EncoderSetting]
  /// The shape in which rows like `rows` are encoded.
  func outputShape(of rows: RowShape, options: ConvertOptions) -> RowShape
  /// Chunks or segments for texts of an image that came in `input`; nothing that the format cannot hold.
  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock]
  /// Starts a file of rows of `shape`, which `outputShape` made.
  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink
  /// Settings of which each makes files smaller than `options` do, those of the smallest files first.
  func smallerSteps(than options: ConvertOptions) -> [EncoderStep]
  /// Makes the result from what the file stores, so that it loses nothing; nil when pixels have to be decoded, or nothing
  /// is asked. What was written to the context's output is the result.
  ///
  /// - Parameter input: the whole file that `header` is of.
  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage?

  // MARK: Memory

  /// Bytes that `move` holds at its peak for an image that is not resized.
  func movingMemory(_ probe: ImageProbe, options: ConvertOptions) -> Int
  /// Bytes that the encoder and its result take for an image of `pixels`, rows excluded.
  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int
}

/// What files of a format can hold; what they cannot is converted or left out.
struct CodecTraits: Sendable {
  /// Transparency. Without it, images are laid on the background.
  var alpha: Bool
  /// Most bits of a sample: 8 or 16.
  var deepest: Int
  /// An ICC profile.
  var profile: Bool
  var exif: Bool
  /// A word of its own for sRGB, shorter than a profile.
  var namesSRGB = false
  /// Gray by itself. Without it gray is stored as colors, which a profile for gray does not describe.
  var gray = true
  /// The format's own word for a file that shows a coarse image first.
  var progressiveWord = "progressive"
}

/// How a file stores its pixels, as far as formats differ in it.
struct StoredForm: Equatable {
  /// Bits of one stored sample, or of an index into a palette.
  var bits: Int
  /// Entries of the palette; 0 without one.
  var paletteSize = 0
  /// How much smaller color planes are than the brightness plane, such as `4:2:0`; empty without such planes.
  var subsampling = ""
  /// What a format with several codings calls this one, such as `lossless`; empty where only the order of pixels differs.
  var coding = ""
}

/// An option of the command line that one encoder or several understand.
struct EncoderSetting: Equatable {
  /// As it is typed, such as `--quality`.
  let option: String
  let isGiven: Bool
  /// What is given, and what it may be, of an option that takes a number.
  private(set) var value: Int?
  private(set) var range: ClosedRange<Int>?

  init(_ option: String, isGiven: Bool) { (self.option, self.isGiven) = (option, isGiven) }

  init(_ option: String, _ value: Int?, in range: ClosedRange<Int>) {
    self.init(option, isGiven: value != nil)
    (self.value, self.range) = (value, range)
  }
}

/// What most formats do alike.
extension Codec {
  var library: String { "" }

  var isBuilt: Bool { true }

  /// Limits depth and alpha to what the format holds. Gray and alpha stays gray unless it lies on a colored background.
  func fitted(_ rows: RowShape, options: ConvertOptions) -> RowShape {
    var shape = rows
    shape.depth = min(rows.depth, traits.deepest)
    guard !traits.alpha else { return shape }
    shape.hasAlpha = false
    if rows.channels == 2 { shape.channels = options.background.isGray ? 1 : 4 }
    return shape
  }

  func outputShape(of rows: RowShape, options: ConvertOptions) -> RowShape { fitted(rows, options: options) }

  func settings(in options: ConvertOptions) -> [EncoderSetting] { [] }

  /// By quality, where a format has that and may lose some.
  func smallerSteps(than options: ConvertOptions) -> [EncoderStep] {
    hasQuality && options.lossless != .all
      ? EncoderStep.qualities(below: options.quality ?? ConvertOptions.defaultQuality) : []
  }

  /// True when `--quality` is for this format.
  var hasQuality: Bool { settings(in: ConvertOptions()).contains { $0.option == "--quality" } }

  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock] { [] }

  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm {
    StoredForm(bits: header.shape.depth)
  }

  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage? { nil }

  func movingMemory(_ probe: ImageProbe, options: ConvertOptions) -> Int { 0 }

  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int { pixels * bytesPerPixel }
}
