import LanesOS
import SystemPackage

/// One input as the user named it.
package enum FileInput: Sendable, Equatable {
  /// Standard input; `named` when the user wrote "-".
  case standardInput(named: Bool)
  /// A file as it was named. A slash at the end is no part of a path, and yet means something to --exclude-dir.
  case path(FilePath, endsInSlash: Bool = false)

  /// What the words of a command line mean: no words are standard input without a name, and "-" is standard input.
  ///
  /// - Parameter path: the file that a word names.
  package static func inputs(
    from words: [String], path: (String) -> FilePath = { FilePath($0) }
  ) -> [FileInput] {
    guard !words.isEmpty else { return [.standardInput(named: false)] }
    return words.map {
      $0 == "-" ? .standardInput(named: true) : .path(path($0), endsInSlash: $0.utf8.last == UInt8(ascii: "/"))
    }
  }

  /// The path of an input that has one.
  package var path: FilePath? {
    guard case .path(let path, _) = self else { return nil }
    return path
  }

  /// True for a path at which there is a directory.
  package var isDirectory: Bool {
    guard case .path = self else { return false }
    return (try? status().kind) == .directory
  }

  /// The name in a row of the table, or nil when there is none.
  var name: FilePath? {
    switch self {
    case .standardInput(let named): named ? FilePath("-") : nil
    case .path(let path, _): path
    }
  }

  /// The status of the file behind it.
  func status() throws(SystemError) -> FileStatus {
    switch self {
    case .standardInput: try FileStatus(of: 0)
    case .path(let path, _): try FileStatus(of: path)
    }
  }

  /// `path`, or what it means in this process where it depends on who opens it: /dev/stdin, /dev/fd/N, /proc/self/fd/N.
  static func pathForOtherProcesses(_ path: FilePath) -> FilePath {
    guard path.rawBytes.starts(with: "/dev/".utf8) || path.rawBytes.starts(with: "/proc/".utf8) else { return path }
    if path == FilePath("/dev/stdin") { return ReadyReader.path(ofDescriptor: 0) }
    guard let name = path.lastComponent?.string, let descriptor = Int32(name) else { return path }
    let folder = path.removingLastComponent()
    guard folder == FilePath("/dev/fd") || folder == FilePath("/proc/self/fd") else { return path }
    return ReadyReader.path(ofDescriptor: descriptor)
  }
}
