import LanesCore

/// Gives results their suffix.
struct OutputNaming {
  let format: ConvertOptions.Format

  /// `name` with the suffix of the format: in place of an image suffix, else behind the name.
  func result(for name: Bytes) -> Bytes {
    let suffix: String
    switch format {
    case .same: return name
    case .jpeg: suffix = ImageFormat.jpeg.suffix
    case .png: suffix = ImageFormat.png.suffix
    }
    return stem(of: name) + [UInt8(ascii: ".")] + Bytes(suffix.utf8)
  }

  private func stem(of name: Bytes) -> Bytes {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name[dot - 1] != UInt8(ascii: "/") else {
      return name
    }
    return isImageSuffix(name[(dot + 1)...]) ? Bytes(name[..<dot]) : name
  }

  private func isImageSuffix(_ suffix: ArraySlice<UInt8>) -> Bool {
    imageSuffixes.contains(String(decoding: suffix, as: UTF8.self).lowercased())
  }
}
