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
  /// How long its processes were short of cores, storage and memory; nil where they had no control group of their own.
  package var pressure: PressureStall?
  /// True where some of its processes were waited for by nobody: processor time is that of the control group then, and
  /// everything else that is counted leaves them out.
  package var hasUnwaited = false

  /// What became of a program that could not be started, for which `code` is the errno.
  static func notStarted(_ code: Int32) -> CommandOutcome {
    CommandOutcome(exit: .notStarted(code), wall: 0, usage: ProcessUsage(), queued: nil, leftBehind: 0)
  }

  package init(exit: Exit, wall: Int64, usage: ProcessUsage, queued: Int64?, leftBehind: Int) {
    self.exit = exit
    self.wall = wall
    self.usage = usage
    self.queued = queued
    self.leftBehind = leftBehind
  }
}

extension CommandOutcome {
  /// A group that counts this much more than the processes that were waited for has some that were not.
  private static let leastUnwaited: Int64 = 2_000_000

  /// Takes over what the control group counted of the run's processes.
  mutating func take(_ counts: CommandGroup.Counts) {
    pressure = counts.pressure
    let waited = usage.user + usage.system
    let counted = counts.user + counts.system
    // Below that it is how the two are rounded.
    guard counted - waited > max(Self.leastUnwaited, waited / 20) else { return }
    hasUnwaited = true
    usage.user = counts.user
    usage.system = counts.system
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
    writer.write(pressure != nil)
    for stall in [pressure?.cpu, pressure?.io, pressure?.memory] { writer.write(optional: stall) }
    writer.write(hasUnwaited)
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
      let hasGroup = try reader.readBool()
      let stall = PressureStall(
        cpu: try reader.readOptional(), io: try reader.readOptional(), memory: try reader.readOptional())
      pressure = hasGroup ? stall : nil
      hasUnwaited = try reader.readBool()
    } catch {
      return nil
    }
  }
}
