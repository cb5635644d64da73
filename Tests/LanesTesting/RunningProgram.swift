import Glibc
import LanesCore
import LanesOS
import SystemPackage

/// A program that a test has started: it can be watched and signalled while it runs, and tells in the end how it ended.
package final class RunningProgram {
  /// What standard input is.
  package enum Input {
    /// A pipe that holds these bytes and then ends.
    case bytes(Bytes)
    /// A file opened for reading.
    case file(FilePath)
    case nothing
  }

  /// How a program ended and what it said.
  package struct Result {
    package let exit: Child.Exit
    package let output: Bytes
    package let errors: String

    package var text: String { String(decoding: output, as: UTF8.self) }
    package var lines: [String] { text.split(separator: "\n").map(String.init) }
    package var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  private var child: Child
  private let output: PipeReader
  private let errors: PipeReader
  private let feeder: WorkerThread?

  /// - Parameters:
  ///   - environment: variables set in addition to those of the tests; text is UTF-8 unless they say otherwise.
  ///   - outputLimit: the reader of standard output goes away after this many bytes, as `head` does.
  package init(
    _ program: String, _ arguments: [String], input: Input = .nothing, environment: [String: String] = [:],
    outputLimit: Int = .max
  ) throws {
    StopSignals.ignoreWriteSignals()
    let output = try Pipe()
    let errors = try Pipe()
    let feed = try Pipe()
    var command = Child.Command(program: program, arguments: [program] + arguments)
    command.environment = ["LC_ALL": "C.UTF-8"].merging(environment) { $1 }
    let file =
      switch input {
      case .bytes: try feed.readEnd.duplicated(atLeast: 3)
      case .file(let path): try Descriptor.reading(path)
      case .nothing: try Descriptor.reading(FilePath("/dev/null"))
      }
    command.descriptors = [(0, file.number), (1, output.writeEnd.number), (2, errors.writeEnd.number)]
    command.ownGroup = true
    child = try Child(command)
    self.output = try PipeReader(output.readEnd.duplicated(atLeast: 3), limit: outputLimit)
    self.errors = try PipeReader(errors.readEnd.duplicated(atLeast: 3), limit: .max)
    if case .bytes(let bytes) = input {
      let end = try feed.writeEnd.duplicated(atLeast: 3).release()
      feeder = try WorkerThread {
        // A program that does not read to the end is none of the writer's business.
        bytes.withUnsafeBytes { try? DescriptorIO.writeAll(end, $0) }
        close(end)
      }
    } else {
      feeder = nil
    }
  }

  package var pid: pid_t { child.pid }

  package func kill(_ signal: Int32) { child.kill(signal) }

  /// What it has written to standard output so far.
  package var outputSoFar: String { output.text }

  /// What it has written to standard error so far.
  package var errorsSoFar: String { errors.text }

  /// Waits for the end. A program that does not end within a minute is killed, so that the test fails instead of hanging.
  package func finish() throws -> Result {
    var entry = pollfd(fd: child.pidfd.number, events: Int16(POLLIN), revents: 0)
    while true {
      let count = poll(&entry, 1, 60_000)
      if count < 0, errno == EINTR { continue }
      if count == 0 { child.kill(SIGKILL) }
      break
    }
    let (exit, _) = try child.wait()
    feeder?.join()
    return Result(exit: exit, output: output.finish(), errors: String(decoding: errors.finish(), as: UTF8.self))
  }
}

/// Takes in what arrives on a pipe, on a thread of its own.
private final class PipeReader {
  private let thread: WorkerThread
  private let collected: Monitor<Bytes>

  init(_ end: consuming Descriptor, limit: Int) throws {
    let number = end.release()
    let collected = Monitor(Bytes())
    self.collected = collected
    thread = try WorkerThread {
      var piece = Bytes(repeating: 0, count: min(limit, 65536))
      var total = 0
      while total < limit {
        let got = piece.withUnsafeMutableBytes { try? DescriptorIO.read(number, into: $0) }
        guard let got = got ?? nil, got > 0 else { break }
        collected.withLock { $0 += piece[..<got] }
        total += got
      }
      close(number)
    }
  }

  var text: String { String(decoding: collected.withLock { $0 }, as: UTF8.self) }

  func finish() -> Bytes {
    thread.join()
    return collected.withLock { $0 }
  }
}
