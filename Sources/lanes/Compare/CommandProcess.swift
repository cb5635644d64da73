import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

/// One run of a command of somebody else's, behind a supervisor that measures it.
final class CommandProcess {
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
    var leftovers = Supervisor.Leftovers.kill
  }

  private let run: WatchedChild
  private let limit: Int64?
  private var outcome = Bytes()
  private var outputHash = Hasher()
  /// The end of what it wrote on standard error.
  private var messages = Bytes()
  private static let mostMessages = 65_536

  /// Starts the command. Closures hold this object unowned: the child that keeps them goes when it does.
  init(_ words: [Bytes], _ surroundings: Surroundings) throws(SystemError) {
    limit = surroundings.limit
    let input = try Descriptor.reading(surroundings.input ?? FilePath("/dev/null"))
    let output = try Pipe()
    let errors = try Pipe()
    let record = try Pipe()
    let null = try Descriptor.creating("/dev/null")
    let isRead = surroundings.isHashed || surroundings.output == .pipe
    var command = Supervisor.command(words, leftovers: surroundings.leftovers)
    command.descriptors = [
      (0, input.number), (1, isRead ? output.writeEnd.number : null.number), (2, errors.writeEnd.number),
      (Supervisor.outcomeDescriptor, record.writeEnd.number),
    ]
    run = try WatchedChild(command, memory: ProcessMemory.proportional(below:))
    // Only the supervisor holds the record's pipe, and it ends last. What the others tell is there by then, although a
    // process that a preparation left behind may hold them open for as long as it likes.
    if isRead {
      let isHashed = surroundings.isHashed
      try run.read(output.readEnd, isAwaited: false) { [unowned self] in
        if isHashed { self.outputHash.combine(bytes: $0) }
      }
    }
    try run.read(errors.readEnd, isAwaited: false) { [unowned self] in
      self.messages += $0
      if self.messages.count > 2 * Self.mostMessages { self.messages = self.messages.suffix(Self.mostMessages) }
    }
    try run.read(record.readEnd) { [unowned self] in self.outcome += $0 }
  }

  /// Waits for the end of the command and of all that it started; nil where the supervisor could not tell what became of it.
  /// `everySecond` is called while it waits.
  func finish(everySecond: @escaping () -> Void) throws(SystemError) -> CommandOutcome? {
    _ = try run.finish(limit: limit, everySecond: everySecond)
    return CommandOutcome(outcome)
  }

  /// One number for all that it wrote on standard output, where that was taken in.
  var output: Int { outputHash.finalize() }

  /// True when it was ended because its time was over.
  var isOverdue: Bool { run.isOverdue }

  /// The most memory of all its processes together that was seen, in bytes.
  var proportionalPeak: Int? { run.proportionalPeak }

  /// The last line that it wrote on standard error; nil when it wrote none.
  var lastMessage: String? {
    let lines = String(decoding: messages, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last { !$0.allSatisfy(\.isWhitespace) }.map { Readable.oneLine(String($0)) }
  }
}
