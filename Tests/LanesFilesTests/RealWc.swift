import Glibc
import LanesCore
import SystemPackage

/// Runs commands of the system, so that expectations come from the real `wc`.
enum RealWc {
  /// Standard output of `command` under `sh` in the C locale.
  static func output(of command: String) -> Bytes {
    guard let pipe = popen("export LC_ALL=C; \(command)", "r") else { return [] }
    defer { pclose(pipe) }
    var bytes = Bytes()
    var piece = Bytes(repeating: 0, count: 4096)
    while true {
      let got = fread(&piece, 1, piece.count, pipe)
      if got == 0 { return bytes }
      bytes += piece[..<got]
    }
  }

  /// `word` as one word for the shell.
  static func quoted(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// A directory that goes away with the value.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/lanes-files-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("no temporary directory") }
    path = String(cString: made)
  }

  deinit { _ = RealWc.output(of: "rm -rf \(RealWc.quoted(path))") }

  /// Writes a file and returns its path.
  @discardableResult func write(_ name: String, _ bytes: Bytes) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(file)")
    close(descriptor)
    return file
  }
}

/// The bytes of the file at `path`, read to its end.
func contents(of path: String) -> Bytes? {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = Bytes()
  var piece = Bytes(repeating: 0, count: 65536)
  while true {
    let got = read(descriptor, &piece, piece.count)
    if got <= 0 { return bytes }
    bytes += piece[..<got]
  }
}

/// The texts that the project ships for its tests.
enum Fixture {
  static let folder: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/Fixtures/texts"
  }()
  static let names = [
    "blank.txt", "bytes.bin", "control.txt", "crlf.txt", "empty.txt", "long-line.txt", "no-newline.txt", "utf8.txt",
  ]
}
