import CLab
import LanesCore
import LanesOS
import LanesReport

/// An experiment in a process of its own: this program started again. What it pins, exhausts, crashes or hangs goes with
/// that process, which ends by itself at a deadline.
package enum LabProcess {
  /// The first of the words that make this program run one experiment.
  package static let word = "lab-process"
  /// Where the process writes what it measured.
  private static let output: Int32 = 3
  /// Seconds after which the process is ended, beside those that it was told to measure.
  private static let patience = 40.0

  /// The words of a process, behind the program's name.
  private static func words(_ name: String, _ loop: LabLoop) -> [String] {
    [word, String(WorkerProcess.currentID), name, "\(loop.seconds)", "\(loop.rounds)", loop.pin?.rawValue ?? "-"]
  }

  /// Runs an experiment and returns what it measured, or why it measured nothing. Blocks; main thread only.
  package static func run(_ experiment: Experiment, _ loop: LabLoop) throws(SystemError) -> LabMeasurements {
    let pipe = try Pipe()
    var command = Child.Command(program: "/proc/self/exe", arguments: ["lanes"] + words(experiment.name, loop))
    command.descriptors = [(child: 0, here: 0), (child: 2, here: 2), (child: output, here: pipe.writeEnd.number)]
    // A crash that an experiment provokes is no news, and the runtime's report of it would take seconds.
    command.environment = ["SWIFT_BACKTRACE": "enable=no"]
    return try collect(command, pipe)
  }

  private static func collect(_ command: Child.Command, _ pipe: consuming Pipe) throws(SystemError) -> LabMeasurements {
    var child = try Child(command)
    let readEnd = pipe.closingWriteEnd()
    var bytes = Bytes()
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
    defer { room.deallocate() }
    while let count = try DescriptorIO.read(readEnd.number, into: room), count > 0 {
      bytes += room[..<count]
    }
    let exit = try child.wait().exit
    if exit == .status(0), let measurements = try? LabMeasurements(decoding: bytes) { return measurements }
    var nothing = LabMeasurements()
    nothing.require(false, "the experiment's process \(reason(exit))")
    return nothing
  }

  private static func reason(_ exit: Child.Exit) -> String {
    switch exit {
    case .status(let status): "ended early, with status \(status)"
    case .signal(let signal) where Signal.name(signal) == "signal 14": "was not done at its deadline and was ended"
    case .signal(let signal): "was ended by \(Signal.name(signal))"
    }
  }

  /// What a process that was started with `word` does; `words` are those behind the program's name. Returns its status.
  package static func serve(_ words: [String]) -> Int32 {
    guard words.count == 6, let parent = Int32(words[1]), let experiment = Experiment.named(words[2]),
      let seconds = Double(words[3]), let rounds = Int(words[4]),
      (try? WorkerProcess.settle(parent: parent)) != nil
    else { return 70 }
    clab_keep(output)
    clab_end_after(UInt32(patience + seconds * 5))
    let measurements = experiment.run(LabLoop(seconds: seconds, rounds: rounds, pin: LabPin(rawValue: words[5])))
    do {
      try deliver(measurements.encoded)
    } catch {
      return 70
    }
    // Lanes of a pool may still wait for work that never comes; they go with the process.
    return 0
  }

  private static func deliver(_ bytes: Bytes) throws(SystemError) {
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try DescriptorIO.writeAll(output, bytes) }
  }
}
