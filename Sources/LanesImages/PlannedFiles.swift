import LanesCore
import SystemPackage

/// The inputs of a plan in little memory: all paths lie in one run of bytes.
///
/// The end of an input's path is also the path of its result below the destination: the file's name, or its path below
/// the directory that was walked.
struct PlannedFiles {
  private struct Entry {
    let start: Int
    let length: UInt32
    let tail: UInt32
    let size: Int
  }

  private var paths: Bytes = []
  private var entries: [Entry] = []
  /// Inputs that cannot be started, by position.
  private var failures: [Int: UnitFailure] = [:]

  /// A directory that is not walked where it lies in another.
  var leftOut: FileIdentity?
  /// True once that directory was come by.
  private(set) var hasLeftOut = false

  var count: Int { entries.count }

  mutating func note(leavingOut: Bool) { hasLeftOut = hasLeftOut || leavingOut }

  /// Adds a file whose path ends in `relative`.
  mutating func add(_ path: FilePath, relative: FilePath, size: Int) {
    let bytes = path.rawBytes
    entries.append(
      Entry(start: paths.count, length: UInt32(bytes.count), tail: UInt32(relative.rawBytes.count), size: size))
    paths += bytes
  }

  /// Adds an input that fails when its turn comes.
  mutating func add(_ path: FilePath, failing failure: UnitFailure) {
    failures[entries.count] = failure
    add(path, relative: FilePath(""), size: 0)
  }

  /// Makes an input fail when its turn comes.
  mutating func fail(_ index: Int, _ failure: UnitFailure) { failures[index] = failure }

  func path(_ index: Int) -> FilePath {
    let entry = entries[index]
    return FilePath(rawBytes: paths[entry.start..<entry.start + Int(entry.length)])
  }

  /// The result's path below the destination, with the suffix of the input.
  func tail(_ index: Int) -> Bytes {
    let entry = entries[index]
    let end = entry.start + Int(entry.length)
    return Bytes(paths[end - Int(entry.tail)..<end])
  }

  func size(_ index: Int) -> Int { entries[index].size }
  func failure(_ index: Int) -> UnitFailure? { failures[index] }
}
