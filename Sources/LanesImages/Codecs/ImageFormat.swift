import LanesCore
import LanesOS
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
    guard let suffix = path.suffix else { return nil }
    self.init(suffix: suffix)
  }

  /// The same of a suffix without its dot.
  init?(suffix: String) {
    let suffix = suffix.lowercased()
    guard imageSuffixes.contains(suffix) else { return nil }
    self = suffix == "png" ? .png : .jpeg
  }
}

extension ImageFormat {
  /// Bytes that tell every format.
  private static let signature = 8

  /// What the first bytes of a file say; nil when they say nothing, or cannot be read.
  init?(reading path: FilePath) {
    guard let file = try? Descriptor.reading(path) else { return nil }
    let bytes = withUnsafeTemporaryAllocation(byteCount: Self.signature, alignment: 1) { room -> Bytes in
      let count = (try? DescriptorIO.read(file.number, at: 0, into: room)) ?? 0
      return Bytes(room[..<count])
    }
    guard let format = bytes.withUnsafeBytes({ ImageFormat(sniffing: $0) }) else { return nil }
    self = format
  }
}

extension FilePath {
  /// What stands behind the last dot of the last name, as it is written; nil for nothing, and where the name begins there.
  package var suffix: String? { self.extension.flatMap { $0.isEmpty ? nil : $0 } }
}

/// Suffixes of the files that are taken from directories, in lower case and without the dot.
package let imageSuffixes = ["jpg", "jpeg", "jpe", "jfif", "png"]

/// Suffixes, in lower case, of picture formats that are neither read nor written here: a JPEG must not get such a name.
let foreignSuffixes: Set<String> = [
  "apng", "arw", "avif", "bmp", "cr2", "cr3", "dds", "dib", "dng", "emf", "eps", "exr", "fits", "gif", "hdr", "heic",
  "heif", "hif", "ico", "j2c", "j2k", "jls", "jng", "jp2", "jpf", "jpm", "jpx", "jxl", "jxr", "mng", "nef", "orf",
  "pam",
  "pbm", "pcx", "pdf", "pgm", "pnm", "ppm", "ps", "psb", "psd", "qoi", "raf", "raw", "rw2", "svg", "svgz", "tga", "tif",
  "tiff", "wbmp", "wdp", "webp", "wmf", "xbm", "xcf", "xpm",
]

/// The formats that are written, and the suffixes that stand for them.
let writtenSuffixes = "JPEG (.jpg, .jpeg, .jpe, .jfif) and PNG (.png)"
