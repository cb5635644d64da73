import LanesCore
import LanesEngines
import LanesOS
import SystemPackage

/// A list of file names, read whole.
enum NameList {
  /// - Parameters:
  ///   - file: the list's path, or "-" for standard input.
  ///   - nulSeparated: names end with NUL and may hold newlines.
  ///   - memory: bytes that the list may have.
  static func read(_ file: String, nulSeparated: Bool, memory: Int) throws(UnitFailure) -> [FilePath] {
    let loader = BlockingLoader(budget: memory)
    try loader.load(.file(FilePath(file == "-" ? "/dev/stdin" : file)))
    let separator: UInt8 = nulSeparated ? 0 : 0x0A
    return loader.withInput { input in
      input.withUnsafeBytes { bytes in
        bytes.split(separator: separator).map { FilePath(rawBytes: $0) }
      }
    }
  }
}
