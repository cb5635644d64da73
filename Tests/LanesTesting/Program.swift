import Glibc
import LanesCore
import LanesOS
import SystemPackage

/// The built program, `lanes`, run to its end.
package enum Program {
  package typealias Result = RunningProgram.Result

  /// Runs `lanes` with `arguments`.
  ///
  /// - Parameters:
  ///   - directory: the current directory of the program; that of the tests without it.
  ///   - preparation: shell commands that come first, such as `ulimit -n 64`; they must succeed.
  package static func run(
    _ arguments: [String], input: RunningProgram.Input = .nothing, environment: [String: String] = [:],
    directory: FilePath? = nil, preparation: String? = nil, outputLimit: Int = .max
  ) throws -> Result {
    try start(
      arguments, input: input, environment: environment, directory: directory, preparation: preparation,
      outputLimit: outputLimit
    ).finish()
  }

  /// Starts `lanes` and returns at once; see `run`.
  package static func start(
    _ arguments: [String], input: RunningProgram.Input = .nothing, environment: [String: String] = [:],
    directory: FilePath? = nil, preparation: String? = nil, outputLimit: Int = .max
  ) throws -> RunningProgram {
    guard directory != nil || preparation != nil else {
      return try RunningProgram(
        path, arguments, input: input, environment: environment, outputLimit: outputLimit)
    }
    let script = "cd \"$0\" && { \(preparation ?? ":"); } && exec \"$@\""
    return try RunningProgram(
      "/bin/sh", ["-c", script, directory?.string ?? ".", path] + arguments, input: input, environment: environment,
      outputLimit: outputLimit)
  }

  /// Runs a shell script; `arguments` are `$1` and so on, and `$LANES` is the program.
  package static func shell(
    _ script: String, _ arguments: [String] = [], input: RunningProgram.Input = .nothing
  ) throws -> Result {
    try RunningProgram(
      "/bin/sh", ["-c", script, "sh"] + arguments, input: input, environment: ["LC_ALL": "C", "LANES": path]
    ).finish()
  }

  /// What LANES_BINARY names, or else the program beside the test bundle.
  package static let path: String = {
    if let named = Terminal.variable("LANES_BINARY") { return named }
    return builtProgram("lanes")
  }()
}

/// Asks again and again, for at most twenty seconds, and tells whether the answer was ever yes.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<4000 {
    if try condition() { return true }
    usleep(5000)
  }
  return false
}

/// Other processes, as /proc shows them.
package enum Processes {
  /// Children of `pid`, whichever of its threads started them.
  package static func children(of pid: pid_t) -> [pid_t] {
    names(in: "/proc/\(pid)/task").flatMap { thread -> [pid_t] in
      let text = ProcessFile("/proc/\(pid)/task/\(thread)/children")?.text ?? ""
      return text.split(separator: " ").compactMap { pid_t($0) }
    }
  }

  /// True while the process can still do anything; a zombie that nobody reaps cannot.
  package static func isAlive(_ pid: pid_t) -> Bool {
    guard let text = ProcessFile("/proc/\(pid)/stat")?.text, let end = text.lastIndex(of: ")") else { return false }
    return !["Z", "X"].contains(text[text.index(end, offsetBy: 2)...].prefix(1))
  }

  private static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}
