import LanesCore
import LanesOS
import SystemPackage

/// A program of somebody else's that is run to its end, such as `squeue`.
enum Tool {
  struct Result {
    let exit: Child.Exit
    let output: String
    /// The last line of its messages; empty without any.
    let message: String
  }

  /// What the shell says where there is no such program.
  static let missing: Int32 = 127

  /// The words with which the shell runs what follows, looked up in `PATH` as everybody expects, and tells one that is missing
  /// by its status.
  static let shell = ["sh", "-c", "exec \"$@\"", "sh"]

  /// The file of this very program, which every machine must have under the same name.
  static func ownProgram() throws -> String {
    do { return try Folders.target(ofLink: FilePath("/proc/self/exe")).string } catch {
      throw ExitStatus.stoppedEarly.failing("this program's own file cannot be found: \(error.reason)")
    }
  }

  /// These words as one line for a shell.
  static func quoted(_ words: [String]) -> String {
    words.map { "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'" }
      .joined(separator: " ")
  }

  /// Runs the program that `PATH` has under this name. What it prints is small; it gets no input.
  static func run(_ words: [String]) throws(SystemError) -> Result {
    let output = try Pipe()
    let errors = try Pipe()
    let nothing = try Descriptor.reading("/dev/null")
    var command = Child.Command(program: "/bin/sh", arguments: shell + words)
    command.descriptors = [(0, nothing.number), (1, output.writeEnd.number), (2, errors.writeEnd.number)]
    command.ownGroup = true
    var child = try Child(command)
    // Ends of this process, so that reading ends when the program does.
    let text = try readAll(output)
    let messages = try readAll(errors)
    let (exit, _) = try child.wait()
    return Result(exit: exit, output: text, message: messages.split(separator: "\n").last.map(String.init) ?? "")
  }

  /// Closes the end that writes, and reads what the other process has written.
  private static func readAll(_ pipe: consuming Pipe) throws(SystemError) -> String {
    let end = try pipe.readEnd.duplicated(atLeast: 3)
    _ = consume pipe
    var bytes = Bytes()
    var room = Bytes(repeating: 0, count: 1 << 14)
    while true {
      var span = room.mutableSpan
      let count = try span.withUnsafeMutableBytes { (room) throws(SystemError) in
        try DescriptorIO.read(end.number, into: room)
      }
      guard let count, count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += room[..<count]
    }
  }
}
