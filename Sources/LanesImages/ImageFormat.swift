import LanesCore
import SystemPackage

/// A kind of image file that can be read and written.
package enum ImageFormat: UInt8, Sendable, CaseIterable {
  case jpeg, png

  /// The name in messages and in JSON lines.
  package var name: String {
    switch self {
    case .jpeg: "JPEG"
    case .png: "PNG"
    }
  }

  /// The suffix that new files get, without the dot.
  package var suffix: String {
    switch self {
    case .jpeg: "jpg"
    case .png: "png"
    }
  }

  /// Recognises the first bytes of a file, whatever its name says.
  ///
  /// Sources: ITU-T T.81, B.1.1.3 (SOI and the next marker's first byte); PNG specification, 5.2.
  init?(sniffing bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }

  /// The format that a file name's suffix stands for, in either case; nil when it stands for none.
  package init?(suffixOf path: FilePath) {
    guard let suffix = path.extension?.lowercased() else { return nil }
    if suffix == "png" {
      self = .png
    } else if imageSuffixes.contains(suffix) {
      self = .jpeg
    } else {
      return nil
    }
  }
}

/// Suffixes of the files that are taken from directories, in lower case and without the dot.
package let imageSuffixes = ["jpg", "jpeg", "jpe", "jfif", "png"]
