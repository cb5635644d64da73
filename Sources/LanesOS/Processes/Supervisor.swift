import CLinux
import Glibc
import LanesCore

/// A process of this program between a comparison and its commands: it starts them, one after the other, measures them, and
/// leaves nothing of them behind.
///
/// It is a process of its own because processes that a command leaves behind become its children (PR_SET_CHILD_SUBREAPER of
/// prctl(2)), which are then this command's and nobody else's; and because it outlives a comparison that is killed by the
/// moment that it takes to end the command. It stays for all runs: to start it takes longer than many a command.
///
///     comparison ──number, streams──▶ supervisor ──vfork, exec──▶ command ──▶ its children
///         ◀────────outcome on the same socket──┘     and again, until the comparison closes the socket
package enum Supervisor {
  /// The first of the words that make this program a supervisor.
  package static let word = "supervise"
  /// The socket's number: the first after the standard streams.
  package static let socketDescriptor: Int32 = 3
  /// What becomes of processes that a command leaves behind.
  package enum Leftovers: String, Sendable { case kill, keep }

  /// How to start a supervisor of commands.
  ///
  /// - Parameter commands: of each the program, found as a shell finds it, and its arguments.
  package static func command(_ commands: [[Bytes]], leftovers: Leftovers) -> Child.Command {
    var command = Child.Command(
      program: "/proc/self/exe",
      arguments: ["lanes", word, String(WorkerProcess.currentID), leftovers.rawValue])
    command.rawArguments = commands.flatMap { [Bytes(String($0.count).utf8)] + $0 }
    command.ownGroup = true
    return command
  }

  /// Asks the supervisor at the other end of `socket` for a run, whose outcome comes back there. Throws EPIPE when it is gone.
  ///
  /// - Parameter streams: what the command reads from, writes to, and writes messages to.
  package static func ask(_ socket: Int32, for command: Int, streams: [Int32]) throws(SystemError) {
    precondition(streams.count == 3, "a command has three standard streams")
    _ = try retrying("sendmsg") { clinux_ask_run(socket, UInt32(command), streams) }
  }

  /// Tells the supervisor at the other end that no run will be asked for any more, which ends it.
  package static func dismiss(_ socket: Int32) { shutdown(socket, Int32(SHUT_WR)) }

  /// Carries runs out until nobody asks for one any more, of the commands in the words behind `word`; returns the supervisor's
  /// own status, 0 when it could tell all outcomes.
  package static func serve(_ words: ArraySlice<Bytes>) -> Int32 {
    let head = words.prefix(2).map { String(decoding: $0, as: UTF8.self) }
    guard words.count > 2, let parent = Int32(head[0]), let leftovers = Leftovers(rawValue: head[1]),
      let commands = commands(words.dropFirst(2))
    else { return 64 }
    _ = fcntl(socketDescriptor, F_SETFD, FD_CLOEXEC)
    guard clinux_supervise(parent) == 0 else { return 74 }
    clinux_drop_program()
    _ = ProcessUsage.forgetPeak()
    // What a preparation starts is not measured, and may stay.
    var supervised = Supervised(leftovers: leftovers, group: leftovers == .kill ? CommandGroup() : nil)
    while true {
      var number: UInt32 = 0
      var streams: [Int32] = [-1, -1, -1]
      // A signal between two runs waits: it is meant for the next one, which it then ends.
      let got = clinux_next_run(socketDescriptor, &number, &streams)
      let code = errno
      if got < 0, code == EINTR { continue }
      guard got > 0, commands.indices.contains(Int(number)) else { return got == 0 ? 0 : 74 }
      let outcome = supervised.run(commands[Int(number)], streams)
      for stream in streams { close(stream) }
      var writer = WireWriter()
      outcome.write(to: &writer)
      let bytes = writer.bytes
      guard clinux_tell_outcome(socketDescriptor, bytes, bytes.count) >= 0 else { return 74 }
    }
  }

  /// The commands that `command(_:leftovers:)` wrote: of each the number of its words, and these.
  private static func commands(_ words: ArraySlice<Bytes>) -> [[Bytes]]? {
    var commands: [[Bytes]] = []
    var rest = words
    while let first = rest.popFirst() {
      guard let count = Int(String(decoding: first, as: UTF8.self)), (1...rest.count).contains(count) else {
        return nil
      }
      commands.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return commands
  }
}

/// The runs of a supervisor.
private struct Supervised: ~Copyable {
  let leftovers: Supervisor.Leftovers
  var group: CommandGroup?
  /// Nanoseconds that a command has to end after SIGINT or SIGTERM, before it is killed.
  private static let grace: Int64 = 1_000_000_000

  init(leftovers: Supervisor.Leftovers, group: consuming CommandGroup?) {
    self.leftovers = leftovers
    self.group = group
  }

  mutating func run(_ words: [Bytes], _ streams: [Int32]) -> CommandOutcome {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map(CString.copy) + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let before = counts()
    var trouble: Int32 = 0
    var began = monotonicNow()
    var pid = clinux_start_group(&pointers, streams, before == nil ? -1 : groupDescriptor, &trouble)
    if pid < 0, before != nil {
      // No clone3(2), or no right to start anything there: then without.
      group = nil
      began = monotonicNow()
      pid = clinux_start_group(&pointers, streams, -1, &trouble)
    }
    let code = errno
    guard pid > 0 else { return .notStarted(code) }
    let stoppedBy = Self.awaitEnd(of: pid)
    let wall = monotonicNow() - began
    // Readable as long as nobody has waited for the process.
    let queued = ProcessFile("/proc/\(pid)/schedstat").flatMap {
      Int64($0.text.split(separator: " ").dropFirst().first ?? "")
    }
    // Before the number of the group can come to mean another one.
    if leftovers == .kill { kill(-pid, SIGKILL) }
    var ended = EndedProcesses()
    let status = ended.wait(for: pid)
    guard trouble == 0 else { return .notStarted(trouble) }
    let leftBehind = leftovers == .kill ? ended.killAll() : 0
    var outcome = CommandOutcome(
      exit: Self.exit(status, stoppedBy), wall: wall, usage: ended.usage, queued: queued, leftBehind: leftBehind)
    if let before, let now = counts() { outcome.take(now.since(before)) }
    return outcome
  }

  private func counts() -> CommandGroup.Counts? {
    switch group {
    case .some(let group): group.counts()
    case .none: nil
    }
  }

  private var groupDescriptor: Int32 {
    switch group {
    case .some(let group): group.descriptor.number
    case .none: -1
    }
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

  private static func exit(_ status: Int32, _ stoppedBy: Int32?) -> CommandOutcome.Exit {
    if let stoppedBy { return .stopped(stoppedBy) }
    return switch Child.Exit(waitStatus: status) {
    case .status(let code): .status(code)
    case .signal(let number): .signal(number)
    }
  }
}

/// Children of this process that it has waited for, and what they used together.
private struct EndedProcesses {
  private(set) var usage = ProcessUsage()
  private var isEmpty = true

  /// Waits for a child; returns its status as wait4(2) tells it.
  mutating func wait(for pid: pid_t) -> Int32 {
    var status: Int32 = 0
    var counted = clinux_usage()
    while clinux_wait(pid, &status, &counted, false) < 0 { guard errno == EINTR else { return status } }
    add(counted)
    return status
  }

  /// Kills all children of this process, waits for them, and goes on until no child is left: those of a killed child become
  /// children of this process. Returns how many were still alive.
  mutating func killAll() -> Int {
    var killed = 0
    while true {
      var status: Int32 = 0
      var counted = clinux_usage()
      // Nearly always there is none, which this call tells sooner than /proc does.
      var pid = clinux_wait(-1, &status, &counted, true)
      if pid == 0 {
        let alive = ProcessTree.children(of: getpid())
        for child in alive { kill(child, SIGKILL) }
        // Where the kernel lists no children, only those are waited for that have ended already.
        guard !alive.isEmpty else { return killed }
        pid = clinux_wait(-1, &status, &counted, false)
      }
      if pid > 0 {
        add(counted)
        if status & 0x7F == SIGKILL { killed += 1 }
      } else if errno != EINTR {
        return killed
      }
    }
  }

  private mutating func add(_ counted: clinux_usage) {
    let one = ProcessUsage(ended: counted)
    let peak = max(one.peakMemory ?? 0, usage.peakMemory ?? 0)
    usage = isEmpty ? one : usage + one
    // They need not have lived at the same time.
    usage.peakMemory = peak
    isEmpty = false
  }
}

/// Processes below another one.
package enum ProcessTree {
  /// Children now; none where the kernel does not list them (/proc/PID/task/TID/children, proc(5)).
  package static func children(of pid: Int32) -> [Int32] {
    let text = ProcessFile("/proc/\(pid)/task/\(pid)/children")?.text ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }
}

/// Strings for calls that take C's.
enum CString {
  /// A copy to be freed.
  static func copy(_ bytes: Bytes) -> UnsafeMutablePointer<CChar>? {
    (bytes + [0]).withUnsafeBytes { strdup($0.bindMemory(to: CChar.self).baseAddress!) }
  }
}
