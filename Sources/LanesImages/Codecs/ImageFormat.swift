import SystemPackage

/// A kind of image file that can be read and written: a handle on its codec.
package struct ImageFormat: Sendable {
  package static let jpeg = ImageFormat(JPEGCodec())
  package static let png = ImageFormat(PNGCodec())
  package static let webp = ImageFormat(WebPCodec())
  package static let avif = ImageFormat(AVIFCodec())

  let codec: any Codec

  init(_ codec: any Codec) { self.codec = codec }

  /// What `--to` and `{format}` call it, such as `jpeg`.
  package var id: String { codec.id }
  /// The name in messages and in JSON lines, such as `JPEG`.
  package var name: String { codec.name }
  /// The suffix that new files get, without the dot.
  package var suffix: String { codec.suffixes[0] }
  /// What a file that shows a coarse image first is called.
  package var progressiveWord: String { codec.traits.progressiveWord }
}

extension ImageFormat: Hashable {
  package static func == (one: ImageFormat, other: ImageFormat) -> Bool { one.id == other.id }
  package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension ConvertOptions {
  /// What `--to` says: one format for all results, or that of each input's contents.
  package struct Format: Sendable, Hashable {
    package static let same = Format(image: nil)
    package static let jpeg = Format(image: .jpeg)
    package static let png = Format(image: .png)
    package static let webp = Format(image: .webp)
    package static let avif = Format(image: .avif)

    /// nil for that of the input.
    package let image: ImageFormat?

    package init(image: ImageFormat?) { self.image = image }

    /// What a suffix stands for; `.same` when it stands for nothing that is written.
    package init(suffix: String?, in codecs: Codecs = .standard) {
      image = suffix.flatMap(codecs.format(suffix:))
    }

    /// Reads what `name` gives, or the suffix of new files, such as `jpg`; nil for anything else.
    package init?(_ text: String, in codecs: Codecs = .standard) {
      if text == Self.same.name {
        self = .same
      } else if let image = codecs.formats.first(where: { $0.id == text || $0.suffix == text }) {
        self.init(image: image)
      } else {
        return nil
      }
    }

    /// All that `--to` takes.
    package static var allNames: [String] { Codecs.standard.formats.map(\.id) + [same.name] }

    package var name: String { image?.id ?? "same" }
  }
}

extension FilePath {
  /// What follows the last dot of the last name, as it is written; nil for nothing, and where the name begins there.
  package var suffix: String? { self.extension.flatMap { $0.isEmpty ? nil : $0 } }
}

/// Suffixes, in lower case, of picture formats that others read and write: a result of ours must not get such a name. Those
/// of formats in the table do not count.
let foreignSuffixes: Set<String> = [
  "apng", "arw", "bmp", "cr2", "cr3", "dds", "dib", "dng", "emf", "eps", "exr", "fits", "gif", "hdr", "heic",
  "heif", "hif", "ico", "j2c", "j2k", "jls", "jng", "jp2", "jpf", "jpm", "jpx", "jxl", "jxr", "mng", "nef", "orf",
  "pam",
  "pbm", "pcx", "pdf", "pgm", "pnm", "ppm", "ps", "psb", "psd", "qoi", "raf", "raw", "rw2", "svg", "svgz", "tga", "tif",
  "tiff", "wbmp", "wdp", "webp", "wmf", "xbm", "xcf", "xpm",
]
