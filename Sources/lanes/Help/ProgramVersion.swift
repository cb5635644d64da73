import CBuild
import LanesFiles
import LanesImages
import LanesOS

/// What `lanes --version` prints.
enum ProgramVersion {
  static let number = "0.1.0"

  /// The program's version and commit; its libraries; the instruction set that its kernels use here.
  static var text: String {
    let commit = String(cString: cbuild_commit())
    let version = "lanes \(number) (\(commit == "unknown" ? "unknown commit" : "commit \(commit)"))"
    var libraries = Codecs.standard.libraries + FileLibraries.versions
    // Headers older than 2.4 do not say their version; the package does, where the build could ask it.
    libraries.append(("liburing", RingLibrary.version ?? namedRingVersion))
    let list = libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
    return "\(version)\nlibraries: \(list)\ninstructions: \(FileLibraries.instructions)"
  }

  /// What the package of liburing says, where the build asked it.
  private static var namedRingVersion: String {
    let name = String(cString: cbuild_liburing())
    return name.isEmpty ? "before 2.4" : name
  }
}
