import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

/// Commands of somebody else's and the supervisor that runs them, one run at a time, and measures them.
///
/// One thread, the main one: the supervisor is told when that ends.
final class CommandSession {
  /// What becomes of a command's standard output.
  enum Output: String, CaseIterable {
    /// /dev/null.
    case null
    /// A pipe that is read and dropped, for programs that look at where they write.
    case pipe
  }

  /// How a command is started, beside its words.
  struct Surroundings {
    /// What it reads from standard input; nil for nothing.
    var input: FilePath?
    var output = Output.null
    /// True where its output is taken in and hashed.
    var isHashed = false
    /// Nanoseconds that it may take; nil for any time.
    var limit: Int64?
  }

  /// What is known of a run.
  struct Run {
    let outcome: CommandOutcome
    /// One number for all that it wrote on standard output, where that was taken in.
    let output: Int
    /// True when it was ended because its time was over.
    let isOverdue: Bool
    /// The most memory of all its processes together that was seen, in bytes.
    let proportionalPeak: Int?
    /// The last line that it wrote on standard error; nil when it wrote none.
    let lastMessage: String?
  }

  private let child: WatchedChild
  private let socket: Descriptor
  private var outcome = Bytes()
  private var isGone = false
  private var isRunning = false
  private var outputHash = Hasher()
  /// The end of what the run wrote on standard error.
  private var messages = Bytes()
  private static let mostMessages = 65_536

  /// Starts the supervisor. Closures hold this object unowned: the child that keeps them goes when it does.
  ///
  /// - Parameter passesStopOn: false lets a run go on after a stop was asked for.
  init(
    _ commands: [[Bytes]], leftovers: Supervisor.Leftovers, passesStopOn: Bool = true
  ) throws(SystemError) {
    let passage = try DescriptorPassage()
    let null = try Descriptor.creating("/dev/null")
    var command = Supervisor.command(commands, leftovers: leftovers)
    command.descriptors = [
      (0, null.number), (1, null.number), (2, null.number), (Supervisor.socketDescriptor, passage.receiving.number),
    ]
    child = try WatchedChild(command, memory: ProcessMemory.proportional(below:), passesStopOn: passesStopOn)
    socket = try passage.sending.duplicated(atLeast: 0)
    try child.read(socket, atEnd: { [unowned self] in self.isGone = true }) { [unowned self] in self.outcome += $0 }
  }

  /// Ends the supervisor and waits for it, since it has things to put away; to be called last.
  func close() {
    if isRunning { child.stop() }
    Supervisor.dismiss(socket.number)
    // One that was killed could put nothing away.
    if (try? child.finish {}) != .status(0) { CommandGroup.remove(of: child.pid) }
  }

  /// Runs a command, given by its place among all, and waits for the end of it and of what it started; nil where somebody has
  /// killed the supervisor, so that nobody knows what became of it. `everySecond` is called while it waits.
  func run(
    _ command: Int, _ surroundings: Surroundings, everySecond: @escaping () -> Void = {}
  ) throws(SystemError) -> Run? {
    let isRead = surroundings.isHashed || surroundings.output == .pipe
    isRunning = true
    try start(command, surroundings, isRead: isRead)
    try child.finishRun(limit: surroundings.limit, everySecond: everySecond) { [unowned self] in
      !self.outcome.isEmpty || self.isGone
    }
    isRunning = false
    guard let outcome = CommandOutcome(outcome) else { return nil }
    return Run(
      outcome: outcome, output: outputHash.finalize(), isOverdue: child.isOverdue,
      proportionalPeak: child.proportionalPeak, lastMessage: lastMessage)
  }

  private func start(_ command: Int, _ surroundings: Surroundings, isRead: Bool) throws(SystemError) {
    outcome = []
    outputHash = Hasher()
    messages = []
    let input = try Descriptor.reading(surroundings.input ?? FilePath("/dev/null"))
    let errors = try Pipe()
    // Nobody waits for the ends of these: a process that a preparation left behind may hold them open for as long as it likes.
    try child.read(errors.readEnd, isAwaited: false) { [unowned self] in
      self.messages += $0
      if self.messages.count > 2 * Self.mostMessages { self.messages = self.messages.suffix(Self.mostMessages) }
    }
    if isRead {
      let output = try Pipe()
      let isHashed = surroundings.isHashed
      try child.read(output.readEnd, isAwaited: false) { [unowned self] in
        if isHashed { self.outputHash.combine(bytes: $0) }
      }
      try ask(command, input, output.writeEnd, errors.writeEnd)
    } else {
      try ask(command, input, Descriptor.creating("/dev/null"), errors.writeEnd)
    }
  }

  private func ask(
    _ command: Int, _ input: borrowing Descriptor, _ output: borrowing Descriptor, _ errors: borrowing Descriptor
  ) throws(SystemError) {
    try Supervisor.ask(socket.number, for: command, streams: [input.number, output.number, errors.number])
  }

  private var lastMessage: String? {
    let lines = String(decoding: messages, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last { !$0.allSatisfy(\.isWhitespace) }.map { Readable.oneLine(String($0)) }
  }
}
