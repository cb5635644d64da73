import LanesCore
import LanesOS

/// The life of a worker process: learn the workload, perform units until told to end.
///
/// It reads and writes frames with blocking calls and has no other thread. It ends when its coordinator does.
package final class Worker {
  /// Why a worker cannot go on; it exits with status 70 (EX_SOFTWARE) and the coordinator reports the rest.
  package struct Failure: Error {
    package let reason: String
  }

  private let channel: ChannelKind
  private let timeout: Duration?
  private let isolation: IsolationLevel
  private let workload: any Workload
  /// One for each slot, as are `outputs`; none without shared memory.
  private let inputs: [SharedRegion]
  private let outputs: [SharedRegion]
  /// Reads or maps the slices of files that the worker is handed.
  private let slices = BlockingLoader()
  /// The outputs of the frame that is being made, without shared memory.
  private let heapOutput = HeapStorage()
  private var reader: FrameReader
  /// Answers that have not been sent yet.
  private var replies = WireWriter()
  private var lastFlush = monotonicNow()
  private var clock = LaneClock()
  /// Nanoseconds spent on sending payloads.
  private var sending: Int64 = 0

  /// Replies wait at most this long for others to share their frame: 1 ms is far below what a person sees and
  /// three hundred times the cost of a frame.
  private static let longestWait: Int64 = 1_000_000

  /// False in a process that no coordinator has started: its descriptors are not the ends of pipes or sockets.
  package static var hasCoordinator: Bool {
    [WorkerDescriptors.orders, WorkerDescriptors.replies].allSatisfy {
      switch (try? FileStatus(of: $0))?.kind {
      case .pipe, .socket: true
      default: false
      }
    }
  }

  /// Serves the coordinator on the inherited descriptors until it says so or goes away.
  ///
  /// - Parameters:
  ///   - parent: the coordinator's process number.
  ///   - workloads: the types that may be asked for.
  package static func serve(parent: Int32, workloads: [any Workload.Type]) throws {
    try WorkerProcess.settle(parent: parent)
    var reader = FrameReader()
    WorkerProcess.closeDescriptors(from: WorkerCommand.firstGivenDescriptor)
    guard let frame = try reader.next(from: WorkerDescriptors.orders), frame.kind == .hello else {
      throw Failure(reason: "the coordinator did not say hello")
    }
    let hello = try Hello(frame.body)
    try Worker(hello, workloads, reader).run()
  }

  /// Rebuilds the workload; throws when it is not among `workloads` or cannot read its description.
  private init(_ hello: Hello, _ workloads: [any Workload.Type], _ reader: FrameReader) throws {
    guard let type = workloads.first(where: { $0.name == hello.workloadName }) else {
      throw Failure(reason: "the workload \(hello.workloadName) is unknown")
    }
    var description = WireReader(hello.description)
    workload = try type.init(from: &description)
    channel = hello.channel
    timeout = hello.timeout
    isolation = hello.isolation
    self.reader = reader
    let slots = channel.isShared ? 0..<WorkerDescriptors.slots : 0..<0
    inputs = slots.map { SharedRegion(inheriting: WorkerDescriptors.input($0)) }
    outputs = slots.map { SharedRegion(inheriting: WorkerDescriptors.output($0)) }
    // Without shared memory there are no regions: what has their numbers was left open by whoever started the program.
    if !channel.isShared { WorkerProcess.closeDescriptors(from: WorkerDescriptors.firstRegion) }
  }

  /// Serves until the coordinator says that no more units come, or closes its end.
  private func run() throws {
    // After the workload is rebuilt, which may need what the sandbox takes away, and before any input is read.
    guard try isolate() else { return }
    try send(.ready, Bytes())
    while true {
      let frame: Frame
      do {
        guard let next = try reader.next(from: WorkerDescriptors.orders) else { continue }
        frame = next
      } catch FrameReader.Problem.closed {
        // The coordinator is gone, so there is nobody to send a farewell to.
        return
      }
      switch frame.kind {
      case .units:
        try performAll(frame)
        reader.recycle(frame.payload)
      case .end:
        let farewell = Farewell(ProcessUsage.current(), transferring: sending + reader.receiving)
        return try send(.farewell, farewell.bytes)
      default: throw Failure(reason: "a frame of an unknown kind arrived")
      }
    }
  }

  /// Gives up what this level leaves; false when the system would not have it, which the coordinator was told then.
  private func isolate() throws -> Bool {
    guard isolation == .sandbox else { return true }
    let limits = Sandbox.Limits(
      outputBytes: channel.isShared ? FrameReader.largestPayload : 0, memory: Self.mostMemory,
      receiving: WorkerDescriptors.passage, moreDescriptors: Self.filesHeld)
    do throws(SystemError) {
      try Sandbox.enter(limits)
      return true
    } catch {
      var reason = WireWriter()
      reason.write("\(error.call): \(error.reason)")
      try send(.refused, reason.bytes)
      return false
    }
  }

  /// A worker may use all memory that is free now, and map a file beside it: the machine has no more, and less would
  /// fail images that fit.
  private static var mostMemory: Int? { availableMemory(includingSwap: true).map { max($0, 1 << 30) + 1 << 30 } }

  /// Files that it holds at a time: the one it reads.
  private static let filesHeld: Int32 = 4

  /// Performs the units of one frame, in its order.
  private func performAll(_ frame: Frame) throws {
    var body = WireReader(frame.body)
    let slot = Int(try body.read(UInt8.self))
    let count = Int(try body.read(UInt32.self))
    // The slot's region, or this process's own memory that goes into the frame's payload.
    let output = OutputBuffer(channel.isShared ? outputs[slot] : heapOutput)
    var end = 0
    for _ in 0..<count {
      let request = try UnitRequest(from: &body)
      // Outputs of one frame follow each other, 64-byte aligned, until they are sent.
      output.restart(at: (end + 63) / 64 * 64)
      let reply = perform(request, slot, frame, output)
      reply.write(to: &replies)
      if output.count > 0 { end = output.start + output.count }
      // What was sent makes room. A region keeps all outputs of the frame until the coordinator stored them.
      if try flushIfDue(outputBytes: end), !channel.isShared { end = 0 }
    }
    try flush(outputBytes: end)
  }

  private func perform(_ request: UnitRequest, _ slot: Int, _ frame: Frame, _ output: OutputBuffer) -> Reply {
    var times = UnitRecord(lane: 0)
    // Times are readings of the clock that coordinator and workers share.
    times.perform.start = monotonicNow()
    clock.begin(mapped: request.input.isMapped, at: times.perform.start)
    let outcome: Outcome
    do throws(UnitFailure) {
      let unit = Unit(number: request.number, label: request.label, task: request.task)
      outcome = .done(
        try perform(unit, request.input, slot, frame, &times) { (input) throws(UnitFailure) in
          try workload.perform(unit, input: input, output: output, deadline: Deadline(timeout: timeout))
        })
    } catch {
      // What a failed unit had written is no output.
      output.restart(at: output.start)
      outcome = .failed(error)
    }
    times.perform.end = monotonicNow()
    (times.queued, times.stalled) = clock.end(at: times.perform.end)
    return Reply(
      slot: slot, number: request.number, times: times, outcome: outcome,
      outputOffset: output.start, outputLength: output.count, partEnds: output.partEnds)
  }

  /// Calls `body` with the input of a unit, wherever that lies, or reads a slice piece by piece.
  private func perform(
    _ unit: Unit, _ input: UnitRequest.Input, _ slot: Int, _ frame: Frame, _ times: inout UnitRecord,
    _ body: (RawSpan) throws(UnitFailure) -> Bytes
  ) throws(UnitFailure) -> Bytes {
    switch input {
    case .none, .at(_, length: 0): return try body(RawSpan())
    case .at(let offset, let length):
      let base = try inputBase(slot, offset + length, frame)
      times.bytesIn = length
      return try body(UnsafeRawBufferPointer(start: base + offset, count: length).bytes)
    case .slice(let slice):
      defer { slices.release() }
      // Taken before anything else can fail: files come in the order of the units, and one that is left would be
      // taken for the next unit's.
      let file: Descriptor
      do {
        file = try DescriptorPassage.receive(over: WorkerDescriptors.passage)
      } catch {
        throw .unreadable(error)
      }
      times.bytesIn = slice.length
      if let taker = try workload.pieces(of: unit) {
        try slices.take(slice, of: file, by: taker, Deadline(timeout: timeout))
        return try taker.finish()
      }
      try slices.load(slice, of: file)
      let partial = try slices.withInput(body)
      // The file may have been cut short while it was worked on: mapped pages beyond its end read as zeros.
      try slices.verify(.slice(slice))
      return partial
    }
  }

  /// Where offsets of inputs count from; the region is mapped up to `end` first.
  private func inputBase(_ slot: Int, _ end: Int, _ frame: Frame) throws(UnitFailure) -> UnsafeMutableRawPointer {
    guard channel.isShared else { return frame.payload.base! }
    do {
      try inputs[slot].view(end)
      return inputs[slot].base!
    } catch {
      throw UnitFailure(.resources, "the shared input cannot be mapped: \(error.reason)")
    }
  }

  /// Sends what there is when it is much or old; true when it was sent.
  private func flushIfDue(outputBytes: Int) throws -> Bool {
    let isLarge = !channel.isShared && outputBytes >= 65536
    guard isLarge || monotonicNow() - lastFlush > Self.longestWait else { return false }
    try flush(outputBytes: outputBytes)
    return true
  }

  private func flush(outputBytes: Int) throws {
    // Every frame of replies has at least one.
    guard !replies.bytes.isEmpty else { return }
    let payload = channel.isShared ? 0 : outputBytes
    try send(.replies, replies.bytes, payload: UnsafeRawBufferPointer(start: heapOutput.base, count: payload))
    replies = WireWriter()
    lastFlush = monotonicNow()
  }

  private func send(
    _ kind: Frame.Kind, _ body: Bytes, payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) throws {
    // The head is written first, so that the payload is not copied to stand after it.
    let head = Frame.encode(kind, body: body, payloadLength: payload.count)
    try head.withUnsafeBytes { try DescriptorIO.writeAll(WorkerDescriptors.replies, $0) }
    guard payload.count > 0 else { return }
    let start = monotonicNow()
    try DescriptorIO.writeAll(WorkerDescriptors.replies, payload)
    sending += monotonicNow() - start
  }
}
