import LanesCore

/// Gives results their names.
struct OutputNaming {
  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")

  let format: ConvertOptions.Format
  var template: NameTemplate?

  /// The result's path below the destination for an input whose path below it would be `name`: what the template says,
  /// else `name` with the suffix of the format, in place of an image suffix or behind the name.
  ///
  /// - Parameter size: the name of the result's size, for templates that ask for it.
  func result(for name: Bytes, size: String = "") -> Bytes {
    let (stem, suffix) = Self.parts(of: name)
    guard let template else {
      return format == .same ? name : stem + [Self.dot] + self.suffix(suffix)
    }
    let start = stem.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
    return template.expanded { field in
      switch field {
      case .dir: Bytes(stem[..<start])
      case .name: Bytes(stem[start...])
      case .ext: self.suffix(suffix)
      case .format: Bytes(self.formatName(suffix).utf8)
      case .size: Bytes(size.utf8)
      }
    }
  }

  private func suffix(_ input: Bytes) -> Bytes {
    switch format {
    case .same: input
    case .jpeg: Bytes(ImageFormat.jpeg.suffix.utf8)
    case .png: Bytes(ImageFormat.png.suffix.utf8)
    }
  }

  private func formatName(_ suffix: Bytes) -> String {
    guard format == .same else { return format.rawValue }
    if suffix.isEmpty { return "other" }
    return String(decoding: suffix, as: UTF8.self).lowercased() == "png" ? "png" : "jpeg"
  }

  /// `name` without an image suffix, and that suffix without its dot; nothing when it has none.
  private static func parts(of name: Bytes) -> (stem: Bytes, suffix: Bytes) {
    guard let dot = name.lastIndex(of: dot), dot > 0, name[dot - 1] != slash else { return (name, []) }
    let suffix = name[(dot + 1)...]
    let isImage = imageSuffixes.contains(String(decoding: suffix, as: UTF8.self).lowercased())
    return isImage ? (Bytes(name[..<dot]), Bytes(suffix)) : (name, [])
  }
}
