import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// One run of a compared command: this program again, its output taken in and its record received.
final class ComparedProcess {
  /// The first number after the standard streams.
  private static let recordDescriptor: Int32 = 3

  private let run: WatchedChild
  /// What the run measured of itself; nil until `finish`, and where the run sent none that can be read.
  private(set) var record: RunRecord?
  private var outputHash = Hasher()
  private var messages = Bytes()
  private var recordBytes = Bytes()

  /// Starts the run. Closures hold it unowned: the child that keeps them goes when it does.
  init(_ arguments: [String], cold: Bool) throws(SystemError) {
    let output = try Pipe()
    let errors = try Pipe()
    let record = try Pipe()
    // The very program that compares, whatever PATH says and although its file may have been replaced meanwhile.
    var command = Child.Command(program: "/proc/self/exe", arguments: ["lanes"] + arguments)
    let request = ComparedRun(
      parent: WorkerProcess.currentID, recordDescriptor: Self.recordDescriptor, isCold: cold)
    command.environment = [ComparedRun.variable: request.text]
    command.descriptors = [
      (1, output.writeEnd.number), (2, errors.writeEnd.number), (Self.recordDescriptor, record.writeEnd.number),
    ]
    run = try WatchedChild(command, memory: ProcessMemory.proportional(of:))
    // Output is hashed as it arrives and not kept: a list of primes may have gigabytes. Of messages the first are kept
    // for an explanation; what comes later is read and dropped, since a full pipe would stop the run. All three pipes end
    // when the run does, and when a worker that it left behind does: then the run is not over.
    try run.read(output.readEnd) { [unowned self] in self.outputHash.combine(bytes: $0) }
    try run.read(errors.readEnd) { [unowned self] in
      self.messages += $0.prefix(65_536 - min(65_536, self.messages.count))
    }
    try run.read(record.readEnd) { [unowned self] in self.recordBytes += $0 }
  }

  /// Waits for the end; files written below `outputs` are part of the result. `everySecond` is called while it waits.
  func finish(
    outputs: FilePath?, everySecond: @escaping () -> Void
  ) throws(SystemError) -> (exit: Child.Exit, result: ComparedResult) {
    // Usage comes with the record, taken by the run itself; that of wait4 would count its start as well.
    let exit = try run.finish(everySecond: everySecond)
    var reader = WireReader(recordBytes)
    record = try? reader.readRunRecord()
    // Only from outside can all processes of the run be looked at together.
    record?.proportionalPeak = run.proportionalPeak
    return (exit, ComparedResult(output: outputHash.finalize(), files: outputs.map(TreeDigest.of) ?? 0))
  }

  /// What went wrong, as the run itself put it.
  func explanation(_ exit: Child.Exit) -> String {
    switch exit {
    case .status(let code): "the run ended with status \(code)\(firstMessage)"
    case .signal(let number): "the run was ended by \(Signal.name(number))\(firstMessage)"
    }
  }

  /// The first line that the run wrote on standard error, after a colon; empty when it wrote none.
  var firstMessage: String {
    let lines = String(decoding: messages, as: UTF8.self).split(separator: "\n").map(String.init)
    return lines.first { !$0.isEmpty }.map { ": \($0)" } ?? ""
  }
}
