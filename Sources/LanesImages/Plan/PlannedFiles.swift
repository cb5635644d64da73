import LanesCore
import LanesOS
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
    let permissions: UInt16
    /// Position of its format in the table, once its first bytes were looked at.
    var content: UInt8?
  }

  let codecs: Codecs
  private var paths: Bytes = []
  private var entries: [Entry] = []
  /// Inputs that cannot be started, by position.
  private var failures: [Int: UnitFailure] = [:]
  /// Set before files are added to have their times, of all of them by position.
  var keepsTimes = false
  private var fileTimes: [FileTimes?] = []

  /// A directory that is not walked where it lies in another.
  var leftOut: FileIdentity?
  /// True once that directory was come by.
  private(set) var hasLeftOut = false

  /// - Parameter codecs: the formats whose files are taken from directories.
  init(codecs: Codecs) { self.codecs = codecs }

  var count: Int { entries.count }

  mutating func note(leavingOut: Bool) { hasLeftOut = hasLeftOut || leavingOut }

  /// Adds a file whose path ends in `relative`.
  ///
  /// - Parameter status: nil where it is not known.
  mutating func add(_ path: FilePath, relative: FilePath, status: FileStatus?) {
    let bytes = path.rawBytes
    entries.append(
      Entry(
        start: paths.count, length: UInt32(bytes.count), tail: UInt32(relative.rawBytes.count), size: status?.size ?? 0,
        permissions: status?.permissions ?? Destination.usualPermissions))
    paths += bytes
    if keepsTimes { fileTimes.append(status?.times) }
  }

  /// Adds an input that fails when its turn comes.
  mutating func add(_ path: FilePath, failing failure: UnitFailure) {
    failures[entries.count] = failure
    add(path, relative: FilePath(""), status: nil)
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

  /// Bytes, as the file system claims; 0 when that is not known.
  func size(_ index: Int) -> Int { entries[index].size }
  func permissions(_ index: Int) -> UInt16 { entries[index].permissions }
  func times(_ index: Int) -> FileTimes? { keepsTimes ? fileTimes[index] : nil }
  /// What the file's first bytes stand for, once that was noted.
  func content(_ index: Int) -> ImageFormat? { entries[index].content.map { codecs.formats[Int($0)] } }
  mutating func note(_ index: Int, content: ImageFormat?) {
    entries[index].content = content.flatMap(codecs.formats.firstIndex).map { UInt8($0) }
  }
  func failure(_ index: Int) -> UnitFailure? { failures[index] }
}

extension PlannedFiles {
  /// Adds a file, or the images below a directory; what cannot be read is added as a failure.
  mutating func take(_ input: FilePath) {
    let status: FileStatus
    do {
      status = try FileStatus(of: input)
    } catch {
      return add(input, failing: .unreadable(error))
    }
    switch status.kind {
    case .directory: walk(input)
    case .regular: add(input, relative: FilePath(root: nil, [input.lastComponent!]), status: status)
    default: add(input, failing: UnitFailure(.input, "it is neither a file nor a directory"))
    }
  }

  private mutating func walk(_ directory: FilePath) {
    let walk = DirectoryWalk(root: directory, leavingOut: leftOut)
    while let step = walk.next() {
      switch step {
      case .file(let file):
        guard codecs.format(suffixOf: file.path) != nil else { continue }
        do {
          add(file.path, relative: file.relative, status: try walk.status(of: file))
        } catch {
          add(file.path, failing: .unreadable(error))
        }
      case .unreadable(let path, let error):
        add(path, failing: .unreadable(error))
      }
    }
    note(leavingOut: walk.hasLeftOut)
  }

  /// Why there is nothing to do.
  func nothingFound(in inputs: [FilePath]) -> String {
    if inputs.isEmpty { return "no images were named" }
    let places = inputs.prefix(3).map(\.forDisplay).joined(separator: ", ")
    return "no images were found in \(places); names ending in \(codecs.suffixes) are taken"
  }
}
