import CCodecs

/// The libraries that read and write images, as `--version` tells them.
package enum ImageLibraries {
  /// Names with versions.
  package static var versions: [(name: String, version: String)] {
    [
      ("libjpeg-turbo", String(cString: ccodecs_jpeg_version())),
      ("libpng", String(cString: ccodecs_png_version())),
      ("zlib", String(cString: ccodecs_zlib_version())),
    ]
  }
}
