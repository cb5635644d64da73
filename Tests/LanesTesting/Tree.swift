import Glibc
import LanesCore
import LanesOS
import SystemPackage

/// A directory tree as a value: contents by relative path, both as bytes, hidden files included.
package struct Tree: Equatable, CustomStringConvertible {
  package private(set) var files: [Bytes: Bytes] = [:]

  /// What lies below `root`; nothing when it does not exist.
  package init(_ root: FilePath) throws {
    let walk = DirectoryWalk(root: root)
    while let step = walk.next() {
      if case .file(let file) = step { files[file.relative.rawBytes] = try readFile(file.path) }
    }
  }

  /// How many files lie below `root` just now. They are not read, since a program that still writes there may rename them.
  package static func count(below root: FilePath) -> Int {
    let walk = DirectoryWalk(root: root)
    var count = 0
    while let step = walk.next() {
      if case .file = step { count += 1 }
    }
    return count
  }

  /// Relative paths in order, made readable.
  package var names: [String] { files.keys.map { FilePath(rawBytes: $0).forDisplay }.sorted() }

  /// Names and sizes only, so that a failed comparison stays readable.
  package var description: String {
    files.map { "\(FilePath(rawBytes: $0.key).forDisplay) (\($0.value.count))" }.sorted().joined(separator: ", ")
  }
}

/// Files that the project ships for its tests.
package enum Fixtures {
  package static let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    .appending("Fixtures")
  package static let texts = root.appending("texts")

  /// Sound images, in order of their paths.
  package static let goodImages = images.filter { !isDamaged($0) }
  /// Images that every conversion must reject.
  package static let damagedImages = images.filter { isDamaged($0) }

  private static func isDamaged(_ path: FilePath) -> Bool { path.lastComponent!.string.hasPrefix("damaged") }

  private static let images: [FilePath] = {
    var paths: [FilePath] = []
    let walk = DirectoryWalk(root: root.appending("images"))
    while let step = walk.next() {
      if case .file(let file) = step, ["jpg", "png"].contains(file.path.extension) { paths.append(file.path) }
    }
    return paths
  }()

  /// An AVIF by its name without the suffix.
  package static func avif(_ name: String) -> FilePath { root.appending("avif").appending("\(name).avif") }

  /// A sound image by the end of its name.
  package static func image(_ name: String) -> FilePath { goodImages.first { $0.lastComponent?.string == name }! }
}

extension TemporaryFolder {
  /// Gives `file` a second name in this folder, which costs no room; copies it where the file system cannot.
  @discardableResult
  package func link(_ file: FilePath, as name: String) throws -> FilePath {
    let path = self.file(name)
    try Folders.make(path.removingLastComponent())
    let isLinked = file.withPlatformString { from in path.withPlatformString { Glibc.link(from, $0) } } == 0
    return isLinked ? path : try write(name, readFile(file))
  }
}
