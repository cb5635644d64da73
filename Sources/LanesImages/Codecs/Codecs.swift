import LanesCore
import LanesOS
import SystemPackage

/// The formats that a batch knows, in the order in which messages name them.
///
/// Plans and workloads take one, so that tests can add a format of their own.
package struct Codecs: Sendable {
  /// All formats of this program.
  package static let standard = Codecs([.jpeg, .png, .webp, .avif])

  /// Those that can be read and written.
  package let formats: [ImageFormat]
  /// Those whose library was not there when the program was built.
  package let missing: [ImageFormat]

  /// - Parameter formats: those without their library are left out, and known by name only.
  init(_ formats: [ImageFormat]) {
    self.formats = formats.filter(\.codec.isBuilt)
    missing = formats.filter { !$0.codec.isBuilt }
  }

  /// The format whose `id` is `name`.
  func format(named name: String) -> ImageFormat? { formats.first { $0.id == name } }

  /// The format that a suffix stands for, in either case and without its dot; nil for none.
  package func format(suffix: String) -> ImageFormat? {
    let suffix = suffix.lowercased()
    return formats.first { $0.codec.suffixes.contains(suffix) }
  }

  /// The format that a file name's suffix stands for; nil when it stands for none, or there is no suffix.
  func format(suffixOf path: FilePath) -> ImageFormat? { path.suffix.flatMap(format(suffix:)) }

  /// The format that the first bytes of a file tell, whatever its name says.
  func format(sniffing start: UnsafeRawBufferPointer) -> ImageFormat? {
    formats.first { $0.codec.recognizes(start) }
  }

  /// The same of a file.
  func format(reading path: FilePath) throws(SystemError) -> ImageFormat? {
    let file = try Descriptor.reading(path)
    let start = try DescriptorIO.bytes(file.number, at: 0, count: signatureLength)
    return start.withUnsafeBytes { format(sniffing: $0) }
  }

  /// Bytes that tell every format.
  var signatureLength: Int { (formats + missing).map(\.codec.signatureLength).max() ?? 0 }

  /// True for a suffix of an image, be it of a format that is neither read nor written.
  func isImage(suffix: String) -> Bool {
    format(suffix: suffix) != nil || foreignSuffixes.contains(suffix.lowercased())
  }

  /// Opens the decoder that the first bytes ask for.
  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> (ImageFormat, any ImageDecoder) {
    guard bytes.count > 0 else { throw UnitFailure(.rejected, "it is empty") }
    guard let format = format(sniffing: bytes) else {
      if let known = missing.first(where: { $0.codec.recognizes(bytes) }) {
        throw UnitFailure(
          .rejected, "it is a \(known.name), and this program was built without \(known.codec.library), which reads it")
      }
      throw UnitFailure(.rejected, "it is not an image that lanes can read (\(names(joinedBy: "or")))")
    }
    return (format, try format.codec.openDecoder(bytes, options: options, context: context))
  }
}

/// What messages and help say of the formats.
extension Codecs {
  /// What `--to` calls them, such as "jpeg and png".
  package var ids: String { listed(formats.map(\.id), joinedBy: "and") }

  /// Such as "JPEG and PNG".
  package func names(joinedBy word: String) -> String { listed(formats.map(\.name), joinedBy: word) }

  /// Such as "JPEG (.jpg, .jpeg) and PNG (.png)".
  var namesWithSuffixes: String {
    listed(
      formats.map { "\($0.name) (\($0.codec.suffixes.map { ".\($0)" }.joined(separator: ", ")))" }, joinedBy: "and")
  }

  /// Such as ".jpg, .jpeg or .png".
  var suffixes: String { listed(formats.flatMap(\.codec.suffixes).map { ".\($0)" }, joinedBy: "or") }

  /// The libraries behind all formats with their versions.
  package var libraries: [(name: String, version: String)] { formats.flatMap(\.codec.libraries) }

  /// What is wrong with a name for a result: it ends in a suffix that stands for another format or for none.
  ///
  /// - Parameters:
  ///   - asked: what is asked for; a suffix that stands for no image's format is then accepted.
  ///   - subject: what ends in the suffix.
  package func objection(toSuffix suffix: String, asked: ConvertOptions.Format, of subject: String) -> String? {
    if let meant = format(suffix: suffix) {
      guard let asked = asked.image, asked != meant else { return nil }
      return "\(subject) ends in .\(suffix), and --to \(asked.id) writes \(asked.name); leave out one of them"
    }
    let isForeign = isImage(suffix: suffix)
    guard isForeign || asked == .same else { return nil }
    let choices = listed(formats.map { "--to \($0.id)" }, joinedBy: "or")
    let remedy = isForeign ? "use one of these suffixes" : "use one of these suffixes, or add \(choices)"
    return "\(subject) ends in .\(suffix), but lanes writes \(namesWithSuffixes) only; \(remedy)"
  }

  /// What is wrong with a setting in `options` for an encoder that is never used; nil when all may be.
  package func objection(toSettingsOf options: ConvertOptions) -> String? {
    // Where the input's format stays, any may be written.
    let written = (options.formats.isEmpty ? [options.format] : options.formats).map(\.image)
    if let objection = objection(toQualitiesOf: options, written) { return objection }
    guard !written.contains(nil) else { return nil }
    let understood = written.flatMap { $0!.codec.settings(in: options).map(\.option) }
    let given = formats.flatMap { $0.codec.settings(in: options) }.filter(\.isGiven).map(\.option)
    guard let odd = given.first(where: { !understood.contains($0) }) else { return nil }
    let others = formats.filter { $0.codec.settings(in: options).contains { $0.option == odd } }
    let names = listed(others.map(\.name), joinedBy: "and")
    let list = written.map { $0!.id }.joined(separator: ",")
    return "\(odd) is for \(names), and --to \(list) writes none: leave out one of them"
  }

  /// What is wrong with a quality that is for one format.
  private func objection(toQualitiesOf options: ConvertOptions, _ written: [ImageFormat?]) -> String? {
    for name in options.formatQuality.keys.sorted() {
      guard let format = format(named: name), format.codec.hasQuality else {
        let choices = listed(formats.filter(\.codec.hasQuality).map(\.id), joinedBy: "or")
        return "--format-quality: \(name) has no quality; it is for \(choices)"
      }
      guard !written.contains(nil), !written.contains(format) else { continue }
      let list = written.map { $0!.id }.joined(separator: ",")
      return "--format-quality names \(name), and --to \(list) writes none: leave out one of them"
    }
    return nil
  }

  /// What is wrong with the numbers that encoders are given; nil when each lies where one of the formats has it.
  package func objection(toNumbersOf options: ConvertOptions) -> String? {
    let settings = (options.format.image.map { [$0] } ?? formats).flatMap { $0.codec.settings(in: options) }
    for setting in settings {
      guard let value = setting.value else { continue }
      let ranges = settings.filter { $0.option == setting.option }.compactMap(\.range)
      guard !ranges.contains(where: { $0.contains(value) }) else { continue }
      let range = ranges.map(\.lowerBound).min()!...ranges.map(\.upperBound).max()!
      return "\(setting.option) takes a number from \(range.lowerBound) to \(range.upperBound), not \(value)"
    }
    return nil
  }
}

/// Such as "a, b and c".
private func listed(_ items: [String], joinedBy word: String) -> String {
  items.count < 2 ? items.joined() : "\(items.dropLast().joined(separator: ", ")) \(word) \(items.last!)"
}
