import LanesCore
import LanesEngines
import LanesOS
import SystemPackage

/// One number for a tree of files: relative names and contents, in byte order of names.
enum TreeDigest {
  /// A file that cannot be read counts by its name alone.
  static func of(_ root: FilePath) -> Int {
    var hash = Hasher()
    let walk = DirectoryWalk(root: root)
    let loader = BlockingLoader()
    while let step = walk.next() {
      guard case .file(let file) = step else { continue }
      hash.combine(file.relative.rawBytes)
      guard (try? loader.load(.file(file.path))) != nil else { continue }
      loader.withInput { input in input.withUnsafeBytes { hash.combine(bytes: $0) } }
      // The length tells the end of one file from the beginning of the next name.
      hash.combine(loader.count)
    }
    return hash.finalize()
  }
}
