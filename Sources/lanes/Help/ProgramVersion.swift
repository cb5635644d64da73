import CBuild
import LanesFiles
import LanesImages
import LanesOS

/// What `lanes --version` prints.
enum ProgramVersion {
  static let number = "0.2.0"

  /// The program's version and commit; its libraries; the instruction set that its kernels use here.
  static var text: String {
    // Headers older than 2.4 do not say their version; the package does, where the build could ask it.
    let ring = "liburing \(RingLibrary.version ?? namedRingVersion)"
    return "lanes \(program)\nlibraries: \(libraries), \(ring)\ninstructions: \(Instructions.name)"
  }

  /// Such as "0.2.0 (commit 1a2b3c4)". Only the same program resumes a run: see `RunDifference`.
  static var program: String {
    let commit = String(cString: cbuild_commit())
    return "\(number) (\(commit == "unknown" ? "unknown commit" : "commit \(commit)"))"
  }

  /// The libraries that results may depend on, with their versions.
  static var libraries: String {
    (Codecs.standard.libraries + FileLibraries.versions).map { "\($0.name) \($0.version)" }.joined(separator: ", ")
  }

  /// What the package of liburing says, where the build asked it.
  private static var namedRingVersion: String {
    let name = String(cString: cbuild_liburing())
    return name.isEmpty ? "before 2.4" : name
  }
}
