import CLinux
import Glibc
import LanesCore
import SystemPackage

/// A process started by this one; killed and reaped, if that did not happen before, when the value goes.
package struct Child: ~Copyable {
  package let pid: pid_t
  /// Becomes readable when the process ends; the only sure sign of its death.
  package let pidfd: Descriptor
  private var isReaped = false

  /// How to start a program.
  package struct Command {
    package var program: String
    package var arguments: [String]
    /// Words behind `arguments`, byte for byte; none holds a zero byte.
    package var rawArguments: [Bytes] = []
    /// Variables set in addition to those that are passed on.
    package var environment: [String: String] = [:]
    /// Names of this process's variables that are passed on; nil for all of them.
    package var inherited: Set<String>?
    /// Where the child starts; nil for where this process is.
    package var directory: FilePath?
    /// Descriptors the child gets: number there, from number here. All others are closed or close-on-exec.
    package var descriptors: [(child: Int32, here: Int32)] = []
    /// True puts the child into a process group of its own, so that a terminal's Ctrl-C does not reach it.
    package var ownGroup = false

    package init(program: String, arguments: [String]) {
      self.program = program
      self.arguments = arguments
    }
  }

  /// Starts the program with default signal handling (posix_spawn(3)); call it from the main thread, because the
  /// parent-death signal follows the thread that started the child.
  package init(_ command: Command) throws(SystemError) {
    let pid = try Spawn.start(command)
    let number = clinux_pidfd_open(pid)
    let code = errno
    guard number >= 0 else {
      Glibc.kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw SystemError("pidfd_open", errno: code)
    }
    self.pid = pid
    pidfd = Descriptor(owning: number)
  }

  package func kill(_ signal: Int32) { clinux_pidfd_kill(pidfd.number, signal) }

  /// How a process ended.
  package enum Exit: Equatable, Sendable {
    case status(Int32)
    case signal(Int32)

    init(waitStatus: Int32) {
      let signal = waitStatus & 0x7F
      self = signal == 0 ? .status((waitStatus >> 8) & 0xFF) : .signal(signal)
    }
  }

  /// Waits for the end and gives what wait4(2) counted; blocks.
  package mutating func wait() throws(SystemError) -> (exit: Exit, usage: ProcessUsage) {
    var status: Int32 = 0
    var counted = clinux_usage()
    _ = try retrying("wait4") { clinux_wait(pid, &status, &counted, false) }
    isReaped = true
    return (Exit(waitStatus: status), ProcessUsage(counted))
  }

  deinit {
    guard !isReaped else { return }
    clinux_pidfd_kill(pidfd.number, SIGKILL)
    waitpid(pid, nil, 0)
  }
}

/// The steps of posix_spawn.
private enum Spawn {
  static func start(_ command: Child.Command) throws(SystemError) -> pid_t {
    // Sources are moved above every target first: a dup2 must not overwrite a source that is still to come.
    let highest = command.descriptors.map(\.child).max() ?? 2
    var moved: [Int32] = []
    defer { for number in moved { close(number) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, here) in command.descriptors {
      let source = try retrying("fcntl") { fcntl(here, F_DUPFD_CLOEXEC, highest + 1) }
      moved.append(source)
      posix_spawn_file_actions_adddup2(&actions, source, target)
    }
    if let directory = command.directory {
      _ = directory.withPlatformString { clinux_spawn_in(&actions, $0) }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    configure(&attributes, command)
    return try spawn(command, &actions, &attributes)
  }

  private static func configure(_ attributes: inout posix_spawnattr_t, _ command: Child.Command) {
    var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    if command.ownGroup { flags |= POSIX_SPAWN_SETPGROUP }
    var everything = sigset_t()
    sigfillset(&everything)
    var nothing = sigset_t()
    sigemptyset(&nothing)
    posix_spawnattr_setsigdefault(&attributes, &everything)
    posix_spawnattr_setsigmask(&attributes, &nothing)
    posix_spawnattr_setflags(&attributes, Int16(flags))
  }

  private static func spawn(
    _ command: Child.Command, _ actions: inout posix_spawn_file_actions_t, _ attributes: inout posix_spawnattr_t
  ) throws(SystemError) -> pid_t {
    let words = command.arguments.map { strdup($0) } + command.rawArguments.map(CString.copy)
    var arguments: [UnsafeMutablePointer<CChar>?] = words + [nil]
    var variables = environmentStrings(command).map { strdup($0) } + [nil]
    defer { for string in arguments + variables { free(string) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, command.program, &actions, &attributes, &arguments, &variables)
    guard code == 0 else { throw SystemError("posix_spawn", errno: code) }
    return pid
  }

  private static func environmentStrings(_ command: Child.Command) -> [String] {
    let extra = command.environment
    var strings: [String] = []
    var entry = environ
    while let pointer = entry.pointee {
      let string = String(cString: pointer)
      entry += 1
      let name = String(string.prefix { $0 != "=" })
      if extra[name] == nil, command.inherited?.contains(name) != false { strings.append(string) }
    }
    return strings + extra.map { "\($0.key)=\($0.value)" }
  }
}
