import Glibc
import LanesCore
import SystemPackage

/// Which files are passed over on account of their names: rules that include or exclude files, and excluded directories.
///
/// Globs are those of fnmatch(3), in which `*` and `?` match slashes too. A file or directory that a walk comes by is known by the
/// last part of its path; one that was named is known by all of it, or by what follows any slash in it. A slash that it was named
/// with at its end belongs to that: `sub` does not match `sub/`, and `s*` does.
package struct NameFilter: Sendable, Equatable {
  package struct Rule: Sendable, Equatable {
    package let glob: Bytes
    package let isIncluding: Bool

    package init(_ glob: Bytes, isIncluding: Bool) {
      self.glob = glob
      self.isIncluding = isIncluding
    }
  }

  /// The last rule that matches a file decides; where none does the file is passed over if the first rule includes others.
  private let files: [Rule]
  private let directories: [Bytes]

  /// Nil where there is no rule.
  package init?(files: [Rule], excludedDirectories directories: [Bytes]) {
    guard !(files.isEmpty && directories.isEmpty) else { return nil }
    self.files = files
    self.directories = directories.map { glob in
      let end = glob.lastIndex { $0 != UInt8(ascii: "/") } ?? 0
      return Bytes(glob.prefix(end + 1))
    }
  }

  /// Whether a file or directory that was named is passed over.
  package func leavesOut(_ path: FilePath, isDirectory: Bool, endsInSlash: Bool = false) -> Bool {
    let bytes = path.rawBytes
    let parts = [bytes[...]] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { bytes[($0 + 1)...] }
    let names = parts.filter { $0.first != UInt8(ascii: "/") || $0.startIndex == 0 }.map {
      Bytes($0) + (endsInSlash ? [UInt8(ascii: "/"), 0] : [0])
    }
    return decide(isDirectory) { glob in
      names.contains { name in
        name.withUnsafeBytes { Self.matches(glob, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
      }
    }
  }

  /// Whether a file or directory that a walk came by is passed over.
  func leavesOut(_ name: UnsafePointer<CChar>, isDirectory: Bool) -> Bool {
    decide(isDirectory) { Self.matches($0, name) }
  }

  private func decide(_ isDirectory: Bool, _ matches: (Bytes) -> Bool) -> Bool {
    if isDirectory { return directories.contains(where: matches) }
    guard let first = files.first else { return false }
    return files.last { matches($0.glob) }.map { !$0.isIncluding } ?? first.isIncluding
  }

  private static func matches(_ glob: Bytes, _ name: UnsafePointer<CChar>) -> Bool {
    (glob + [0]).withUnsafeBytes { fnmatch($0.baseAddress!.assumingMemoryBound(to: CChar.self), name, 0) == 0 }
  }
}
