import CLinux
import Glibc
import LanesCore

/// What a command of somebody else's needed, from its start to its end.
package struct CommandOutcome: Sendable, Equatable {
  package enum Exit: Sendable, Equatable {
    case status(Int32)
    case signal(Int32)
    /// The program could not be started; an errno.
    case notStarted(Int32)
    /// It was stopped by this signal, such as for reading from the terminal, and would have waited for ever.
    case stopped(Int32)
  }

  package var exit: Exit
  /// Nanoseconds from the start of the first process to its end.
  package var wall: Int64
  /// The command, its children, theirs, and what they left behind; peak memory is that of the largest process.
  package var usage: ProcessUsage
  /// Nanoseconds in which the first process's main thread wanted a core and had none; nil where the kernel does not say.
  package var queued: Int64?
  /// Processes that were still there when the command had ended, and that were killed.
  package var leftBehind: Int

  package init(exit: Exit, wall: Int64, usage: ProcessUsage, queued: Int64?, leftBehind: Int) {
    self.exit = exit
    self.wall = wall
    self.usage = usage
    self.queued = queued
    self.leftBehind = leftBehind
  }
}

/// A process of this program between a comparison and a command: it starts the command, measures it, and leaves nothing of
/// it behind.
///
/// It is a process of its own because the kernel counts what all children of a process used together, which is then this
/// command and nothing else; because processes that a command leaves behind become its children (PR_SET_CHILD_SUBREAPER of
/// prctl(2)); and because it outlives a comparison that is killed by the moment that it takes to end the command.
///
///     comparison ──words──▶ supervisor ──fork, exec──▶ command ──▶ its children
///         ◀──outcome on descriptor 3──┘     standard streams are those that the comparison gave
package enum Supervisor {
  /// The first of the words that make this program a supervisor.
  package static let word = "supervise"
  /// Where the outcome goes: the first number after the standard streams.
  package static let outcomeDescriptor: Int32 = 3
  /// Nanoseconds that a command has to end after SIGINT or SIGTERM, before it is killed.
  private static let grace: Int64 = 1_000_000_000

  /// What becomes of processes that the command leaves behind.
  package enum Leftovers: String, Sendable { case kill, keep }

  /// How to start a supervisor of a command.
  ///
  /// - Parameter words: the program, found as a shell finds it, and its arguments.
  package static func command(_ words: [Bytes], leftovers: Leftovers) -> Child.Command {
    var command = Child.Command(
      program: "/proc/self/exe",
      arguments: ["lanes", word, String(WorkerProcess.currentID), leftovers.rawValue])
    command.rawArguments = words
    command.ownGroup = true
    return command
  }

  /// Carries the words out, those behind `word`; returns the supervisor's own status, 0 when it could tell the outcome.
  package static func serve(_ words: ArraySlice<Bytes>) -> Int32 {
    let head = words.prefix(2).map { String(decoding: $0, as: UTF8.self) }
    guard words.count > 2, let parent = Int32(head[0]), let leftovers = Leftovers(rawValue: head[1]) else { return 64 }
    _ = fcntl(outcomeDescriptor, F_SETFD, FD_CLOEXEC)
    guard clinux_supervise(parent) == 0 else { return 74 }
    let outcome = run(Array(words.dropFirst(2)), leftovers)
    var writer = WireWriter()
    outcome.write(to: &writer)
    let isTold: Void? = writer.bytes.withUnsafeBytes { try? DescriptorIO.writeAll(outcomeDescriptor, $0) }
    return isTold == nil ? 74 : 0
  }

  private static func run(_ words: [Bytes], _ leftovers: Leftovers) -> CommandOutcome {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map(CString.copy) + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var trouble: Int32 = -1
    let began = monotonicNow()
    let pid = clinux_fork_group(&pointers, &trouble)
    let code = errno
    guard pid > 0 else {
      return CommandOutcome(exit: .notStarted(code), wall: 0, usage: ProcessUsage(), queued: nil, leftBehind: 0)
    }
    let stoppedBy = awaitEnd(of: pid)
    let wall = monotonicNow() - began
    // Readable as long as nobody has waited for the process.
    let queued = ProcessFile("/proc/\(pid)/schedstat").flatMap {
      Int64($0.text.split(separator: " ").dropFirst().first ?? "")
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let leftBehind = leftovers == .kill ? ProcessTree.killChildren(andGroup: pid) : 0
    return CommandOutcome(
      exit: exit(status, stoppedBy, failure(trouble)), wall: wall, usage: .ofChildren(), queued: queued,
      leftBehind: leftBehind)
  }

  /// Waits until the child has ended, and sees to it after a signal. Returns what had stopped it, if something had.
  private static func awaitEnd(of pid: pid_t) -> Int32? {
    var stop: Int32 = 0
    var deadline: Int64?
    while clinux_peek(pid, &stop) == 0 {
      if stop != 0 {
        // Nobody will continue it: it asked for the terminal, which belongs to the comparison.
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        let reason = stop
        while clinux_peek(pid, &stop) == 0 { _ = clinux_next_signal(-1) }
        return reason
      }
      let signal = clinux_next_signal(deadline.map { max(0, $0 - monotonicNow()) } ?? -1)
      if let deadline, monotonicNow() >= deadline {
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
      } else if signal != 0, signal != SIGCHLD, deadline == nil {
        kill(-pid, signal)
        deadline = monotonicNow() + grace
      }
    }
    return nil
  }

  /// The errno with which the program could not be started; nil where it was.
  private static func failure(_ trouble: Int32) -> Int32? {
    defer { close(trouble) }
    var code: Int32 = 0
    return read(trouble, &code, MemoryLayout<Int32>.size) == MemoryLayout<Int32>.size ? code : nil
  }

  private static func exit(_ status: Int32, _ stoppedBy: Int32?, _ failure: Int32?) -> CommandOutcome.Exit {
    if let failure { return .notStarted(failure) }
    if let stoppedBy { return .stopped(stoppedBy) }
    return switch Child.Exit(waitStatus: status) {
    case .status(let code): .status(code)
    case .signal(let number): .signal(number)
    }
  }
}

/// Processes below another one.
package enum ProcessTree {
  /// Children now; none where the kernel does not list them (/proc/PID/task/TID/children, proc(5)).
  package static func children(of pid: Int32) -> [Int32] {
    let text = ProcessFile("/proc/\(pid)/task/\(pid)/children")?.text ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  /// Kills a process group and all children of this process, waits for them, and goes on until no child is left: those of a
  /// killed child become children of this process. Returns how many were still alive.
  fileprivate static func killChildren(andGroup group: pid_t) -> Int {
    var killed = 0
    Glibc.kill(-group, SIGKILL)
    while true {
      let alive = children(of: getpid())
      for child in alive { Glibc.kill(child, SIGKILL) }
      var status: Int32 = 0
      // Where the kernel lists no children, only those are waited for that have ended already.
      let pid = waitpid(-1, &status, alive.isEmpty ? WNOHANG : 0)
      if pid > 0 {
        if status & 0x7F == SIGKILL { killed += 1 }
      } else if pid == 0 || errno != EINTR {
        return killed
      }
    }
  }
}

/// Strings for calls that take C's.
enum CString {
  /// A copy to be freed.
  static func copy(_ bytes: Bytes) -> UnsafeMutablePointer<CChar>? {
    (bytes + [0]).withUnsafeBytes { strdup($0.bindMemory(to: CChar.self).baseAddress!) }
  }
}

extension CommandOutcome {
  /// Writes what `init(_:)` reads.
  package func write(to writer: inout WireWriter) {
    let (kind, number): (UInt8, Int32) =
      switch exit {
      case .status(let code): (0, code)
      case .signal(let number): (1, number)
      case .notStarted(let code): (2, code)
      case .stopped(let number): (3, number)
      }
    writer.write(kind)
    writer.write(number)
    writer.write(wall)
    for (_, field) in Metric.ofProcesses { writer.write(optional: field.value(of: usage)) }
    writer.write(optional: queued)
    writer.write(leftBehind)
  }

  /// Reads what a supervisor wrote; nil for anything else.
  package init?(_ bytes: Bytes) {
    var reader = WireReader(bytes)
    do {
      let kind = try reader.read(UInt8.self)
      let number = try reader.read(Int32.self)
      let exits: [Exit] = [.status(number), .signal(number), .notStarted(number), .stopped(number)]
      guard exits.indices.contains(Int(kind)) else { return nil }
      exit = exits[Int(kind)]
      wall = try reader.read()
      usage = ProcessUsage()
      for (_, field) in Metric.ofProcesses {
        if let value = try reader.readOptional(Int64.self) { field.set(value, in: &usage) }
      }
      queued = try reader.readOptional(Int64.self)
      leftBehind = try reader.read()
    } catch {
      return nil
    }
  }
}
