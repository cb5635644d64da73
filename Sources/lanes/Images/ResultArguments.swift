import ArgumentParser
import LanesImages

extension ConvertOptions.IfLarger: ExpressibleByArgument {}

/// `--to`: one format or several between commas.
struct FormatList: ExpressibleByArgument {
  static let same = FormatList([.same])

  let formats: [ConvertOptions.Format]
  /// What is wrong with a list of several; nil for a sound one.
  let objection: String?

  private init(_ formats: [ConvertOptions.Format], objection: String? = nil) {
    self.formats = formats
    self.objection = objection
  }

  /// nil for one word that is no format, which the parser tells; a list is judged by `objection`.
  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let formats = words.compactMap { ConvertOptions.Format($0) }
    guard formats.count == words.count else {
      guard words.count > 1 else { return nil }
      let odd = words.first { ConvertOptions.Format($0) == nil } ?? ""
      let choices = ConvertOptions.Format.allNames.joined(separator: ", ")
      self.init(
        [.same], objection: "'\(odd)' in '\(argument)' is no format: write a list such as jpeg,png of \(choices)")
      return
    }
    let isTwice = Set(formats).count < formats.count
    self.init(formats, objection: isTwice ? "'\(argument)' holds a format twice" : nil)
  }

  static var allValueStrings: [String] { ConvertOptions.Format.allNames }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
  var defaultValueDescription: String { formats.map(\.name).joined(separator: ",") }

  /// The one format that is asked for; `same` where there are several.
  var one: ConvertOptions.Format { formats.count == 1 ? formats[0] : .same }
  /// The formats of several results; none where there is one.
  var several: [ConvertOptions.Format] { formats.count > 1 ? formats : [] }
}

/// The options of `lanes images convert` that say how large the files of results are.
struct SizeArguments: ParsableArguments {
  @Option(
    name: .customLong("format-quality"),
    help: ArgumentHelp(
      "Quality of one format or several, in place of --quality, such as jpeg=82.", valueName: "LIST"),
    transform: parseFormatQuality)
  var formatQuality: [String: Int]?

  @Option(
    name: .customLong("max-bytes"),
    help: ArgumentHelp(
      "Lower the quality of results of more bytes until they fit, or compress a PNG harder; what cannot fit fails.",
      valueName: "SIZE"),
    transform: parseSize)
  var maxBytes: Int?

  @Option(
    name: .customLong("if-larger"),
    help: ArgumentHelp(
      "What becomes of a result that is larger than its source and has as many pixels: the source's bytes in its place, where format, metadata and orientation allow; the result all the same; or no file.",
      valueName: "WAY"))
  var ifLarger = ConvertOptions.IfLarger.keep

  func validate() throws {
    if maxBytes == 0 { throw ValidationError("--max-bytes takes a size above 0") }
  }

  func apply(to options: inout ConvertOptions) {
    options.formatQuality = formatQuality ?? [:]
    options.maxBytes = maxBytes
    options.ifLarger = ifLarger
  }
}

/// `--format-quality`: names of formats with a quality each. Whether a format has one is for the table of formats to say.
@Sendable func parseFormatQuality(_ text: String) throws -> [String: Int] {
  var qualities: [String: Int] = [:]
  for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
    let pair = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard pair.count == 2, let quality = Int(pair[1]), (1...100).contains(quality) else {
      throw ValidationError("'\(entry)' is not a format with its quality: write a list such as jpeg=82, from 1 to 100")
    }
    guard let format = ConvertOptions.Format(pair[0])?.image else {
      throw ValidationError("--format-quality: '\(pair[0])' is no format; the formats are \(Codecs.standard.ids)")
    }
    guard qualities.updateValue(quality, forKey: format.id) == nil else {
      throw ValidationError("'\(text)' holds a format twice")
    }
  }
  return qualities
}

/// `--sharpen`.
@Sendable func parseAmount(_ text: String) throws -> Double {
  guard let amount = Double(text), amount > 0, amount <= 10 else {
    throw ValidationError("'\(text)' is no amount to sharpen by: write a number above 0 and up to 10, such as 0.5")
  }
  return amount
}
