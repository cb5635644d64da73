import LanesCore

/// Gives results their names.
struct OutputNaming {
  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")

  let format: ConvertOptions.Format
  var template: NameTemplate?
  let codecs: Codecs

  /// True when names depend on what the inputs hold.
  var asksContents: Bool { format == .same }

  /// The result's path below the destination for an input whose path below it would be `name`: what the template says,
  /// else `name` with the suffix of the format, in place of an image suffix or after the name.
  ///
  /// - Parameters:
  ///   - content: the format of what the input holds; nil when it is no image that can be read.
  ///   - size: the name of the result's size, for templates that ask for it.
  func result(for name: Bytes, content: ImageFormat? = nil, size: String = "") -> Bytes {
    let (stem, suffix) = parts(of: name)
    guard let template else {
      let wanted = self.suffix(suffix, content)
      return wanted == suffix ? name : stem + [Self.dot] + wanted
    }
    let start = stem.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
    return template.expanded { field in
      switch field {
      case .dir: Bytes(stem[..<start])
      case .name: Bytes(stem[start...])
      case .ext: self.suffix(suffix, content)
      case .format: Bytes(self.formatName(suffix, content).utf8)
      case .size: Bytes(size.utf8)
      }
    }
  }

  /// What format a result has; nil when its input is no image that can be read.
  func resultFormat(of content: ImageFormat?) -> ImageFormat? { format.image ?? content }

  /// A name without an image suffix stays without one, and `jpeg` stays `jpeg`; a suffix that belies the contents goes.
  private func suffix(_ input: Bytes, _ content: ImageFormat?) -> Bytes {
    if let written = format.image { return Bytes(written.suffix.utf8) }
    guard let content, !input.isEmpty, codecs.format(suffix: Self.text(input)) != content else { return input }
    return Bytes(content.suffix.utf8)
  }

  private func formatName(_ suffix: Bytes, _ content: ImageFormat?) -> String {
    let known = resultFormat(of: content) ?? codecs.format(suffix: Self.text(suffix))
    return known?.id ?? "other"
  }

  /// `name` without an image suffix, and that suffix without its dot; nothing when it has none.
  private func parts(of name: Bytes) -> (stem: Bytes, suffix: Bytes) {
    guard let dot = name.lastIndex(of: Self.dot), dot > 0, name[dot - 1] != Self.slash else { return (name, []) }
    let suffix = Bytes(name[(dot + 1)...])
    return codecs.isImage(suffix: Self.text(suffix)) ? (Bytes(name[..<dot]), suffix) : (name, [])
  }

  private static func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
}
