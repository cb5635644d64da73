import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// One run of a compared command: this program again, its output taken in and its record received.
///
/// One thread and one reactor: three pipes are drained, memory is looked at and a stop is passed on while the run
/// lasts.
final class ComparedProcess {
  /// The first number after the standard streams.
  private static let recordDescriptor: Int32 = 3

  private let reactor: Reactor
  private var child: Child
  private var streams: [Stream] = []
  /// What the run measured of itself; nil until `finish`, and where the run sent none that can be read.
  private(set) var record: RunRecord?
  private var stopWatch: Reactor.Watch?
  /// In bytes; nil where /proc told nothing.
  private var proportionalPeak: Int?

  /// A pipe from the child that is read until it ends.
  private final class Stream {
    let descriptor: Descriptor
    var watch: Reactor.Watch?
    let take: (UnsafeRawBufferPointer) -> Void

    init(_ descriptor: consuming Descriptor, _ take: @escaping (UnsafeRawBufferPointer) -> Void) {
      self.descriptor = descriptor
      self.take = take
    }
  }

  private var outputHash = Hasher()
  private var messages = Bytes()
  private var recordBytes = Bytes()
  private let buffer = HeapStorage()

  /// Starts the run. Closures hold it unowned: the reactor that keeps them goes when it does.
  init(_ arguments: [String], cold: Bool) throws(SystemError) {
    reactor = try Reactor()
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
    child = try Child(command)
    // Output is hashed as it arrives and not kept: a list of primes may have gigabytes. Of messages the first are kept
    // for an explanation; what comes later is read and dropped, since a full pipe would stop the run.
    try read(output.readEnd) { [unowned self] in self.outputHash.combine(bytes: $0) }
    try read(errors.readEnd) { [unowned self] in self.messages += $0.prefix(65_536 - min(65_536, self.messages.count)) }
    try read(record.readEnd) { [unowned self] in self.recordBytes += $0 }
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.passOnStop() }
  }

  /// Waits for the end; files written below `outputs` are part of the result. `everySecond` is called while it waits.
  func finish(
    outputs: FilePath?, everySecond: @escaping () -> Void
  ) throws(SystemError) -> (exit: Child.Exit, result: ComparedResult) {
    lookAtMemory(after: Self.firstLook)
    tick(everySecond)
    // All three pipes end when the run does, and when a worker that it left behind does: then the run is not over.
    while streams.contains(where: { $0.watch != nil }) { try reactor.turn(waiting: true) }
    // Usage comes with the record, taken by the run itself; that of wait4 would count its start as well.
    let (exit, _) = try child.wait()
    var reader = WireReader(recordBytes)
    record = try? reader.readRunRecord()
    // Only from outside can all processes of the run be looked at together.
    record?.proportionalPeak = proportionalPeak
    return (exit, ComparedResult(output: outputHash.finalize(), files: outputs.map(TreeDigest.of) ?? 0))
  }

  /// Nanoseconds after which a run's memory is looked at for the first time; each pause after that is half as long
  /// again.
  private static let firstLook: Int64 = 10_000_000
  /// A pause is at least this many times as long as a look, so that looking costs the run less than a hundredth.
  private static let pausesPerLook: Int64 = 200
  private static let longestPause: Int64 = 500_000_000

  /// Looks at the memory of the run and its workers after `pause` nanoseconds, and again until it has ended.
  private func lookAtMemory(after pause: Int64) {
    _ = reactor.schedule(at: monotonicNow() + pause) { [unowned self] in
      // The kernel walks the page tables for a look, with the process's lock held: pauses grow with what looking takes.
      let began = monotonicNow()
      guard let sum = ProcessMemory.proportional(of: self.child.pid) else { return }
      self.proportionalPeak = max(self.proportionalPeak ?? 0, sum)
      let least = (monotonicNow() - began) * Self.pausesPerLook
      self.lookAtMemory(after: max(least, min(pause + pause / 2, Self.longestPause)))
    }
  }

  /// Calls `everySecond` a second from now, and again each second until the run has ended.
  private func tick(_ everySecond: @escaping () -> Void) {
    _ = reactor.schedule(at: monotonicNow() + 1_000_000_000) { [unowned self] in
      everySecond()
      self.tick(everySecond)
    }
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

  private func read(
    _ end: borrowing Descriptor, _ take: @escaping (UnsafeRawBufferPointer) -> Void
  ) throws(SystemError) {
    // The pipe's own ends are closed when it goes out of scope; this copy stays.
    let stream = Stream(try end.duplicated(atLeast: 0), take)
    try stream.descriptor.setNonBlocking()
    streams.append(stream)
    stream.watch = try reactor.watch(stream.descriptor.number) { [unowned self, unowned stream] _ in
      self.drain(stream)
    }
  }

  /// A signal sent to this process alone, other than a terminal's Ctrl-C, must reach the run too.
  private func passOnStop() {
    if let signal = StopSignals.received { child.kill(signal) }
    if let stopWatch { reactor.forget(stopWatch) }
    stopWatch = nil
  }

  private func drain(_ stream: Stream) {
    do {
      try buffer.grow(atLeast: 1 << 18, keeping: 0)
      let room = UnsafeMutableRawBufferPointer(start: buffer.base, count: buffer.capacity)
      while let count = try DescriptorIO.read(stream.descriptor.number, into: room) {
        guard count > 0 else { break }
        stream.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
        // The pipe is empty for now: a read that fills the buffer may have more after it.
        if count < room.count { return }
      }
    } catch {
      // An unreadable pipe is a finished one; a record that is missing then says so.
    }
    // The end of the pipe, or an error.
    guard let watch = stream.watch else { return }
    reactor.forget(watch)
    stream.watch = nil
  }
}

/// One number for a tree of files: relative names and contents, in byte order of names.
enum TreeDigest {
  /// A file that cannot be read counts by its name alone.
  static func of(_ root: FilePath) -> Int {
    var hash = Hasher()
    let walk = DirectoryWalk(root: root)
    let loader = BlockingLoader()
    while let step = walk.next() {
      guard case .file(let file) = step else { continue }
      hash.combine(file.relative.rawBytes)
      guard (try? loader.load(.file(file.path))) != nil else { continue }
      loader.withInput { input in input.withUnsafeBytes { hash.combine(bytes: $0) } }
      // The length tells the end of one file from the beginning of the next name.
      hash.combine(loader.count)
    }
    return hash.finalize()
  }
}
