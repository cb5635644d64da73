import CDigests
import CPatterns

/// The libraries behind `lanes files`, as `--version` tells them.
package enum FileLibraries {
  /// Names with versions.
  package static var versions: [(name: String, version: String)] {
    // "OpenSSL 3.0.19 27 Jan 2026" without its day.
    let crypto = String(cString: cdigests_crypto_version()).split(separator: " ").map(String.init)
    return [
      ("libdeflate", String(cString: cdigests_deflate_version())),
      ("PCRE2", patternVersion),
      (crypto.first ?? "OpenSSL", crypto.dropFirst().first ?? "unknown"),
      ("xxHash", String(cString: cdigests_xxhash_version())),
    ] + unpackers
  }

  /// What unpacks compressed files beside zlib, as far as the program was built with it.
  private static var unpackers: [(name: String, version: String)] {
    [PackedFormat.zstd, .xz, .bzip2].compactMap { format in format.version.map { (format.library, $0) } }
  }

  private static var patternVersion: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { room in
      cpatterns_version(room.baseAddress!, room.count)
      return String(cString: room.baseAddress!)
    }
  }
}
