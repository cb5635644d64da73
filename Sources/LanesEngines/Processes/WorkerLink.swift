import DequeModule
import LanesCore
import LanesOS

/// The coordinator's end of one worker process.
///
/// Writes never block: what the worker does not take now is kept and written when the reactor says so.
final class WorkerLink {
  /// From the start of the process: it says that it is ready, is told to end, and is reaped. It may die in any state.
  enum State { case starting, ready, leaving, dead }

  /// What a worker is killed for.
  enum Offense {
    /// The time of this unit was up.
    case overdue(InFlightUnit)
    /// It sent what no worker of this program sends.
    case garbled
    /// It sent a result of so many bytes, for which there is no memory.
    case oversized(Int)
    /// It cannot be written to, read from or waited for, which is no doing of its units.
    case unreachable
  }

  private enum Segment {
    /// Bytes that the queue itself keeps, such as the head of a frame.
    case bytes(Bytes)
    /// Memory that `owner` keeps alive.
    case memory(UnsafeRawBufferPointer, owner: AnyObject)
  }

  /// Its number from 0, which a worker that replaces it takes over.
  let lane: Int
  /// When the process was asked for, on the monotonic clock.
  let began = monotonicNow()
  let slots: [Slot]
  var state = State.starting
  /// Sent and not answered, in the order in which the worker performs them.
  var running: [InFlightUnit] = []
  /// Goes off when the time of the first running unit is up.
  var timer: Reactor.Timer?
  /// Why the coordinator killed the worker, if it did.
  private(set) var offense: Offense?
  /// Its last words, which come before its death is known.
  var farewell: Farewell?

  private let reactor: Reactor
  private var child: Child
  /// Where frames are written to, without blocking.
  private let orders: Descriptor
  /// Where frames are read from, without blocking.
  private let replies: Descriptor
  /// The socket on which open files are handed over.
  private let passage: Descriptor
  private var reader = FrameReader()
  /// What the kernel has not taken yet.
  private var queue: Deque<Segment> = []
  /// Bytes of the first segment that were written.
  private var segmentWritten = 0
  private var watches: [Reactor.Watch] = []
  /// Asks whether the worker's end takes more, while something is queued.
  private var ordersWatch: Reactor.Watch?
  /// Called on the coordinating thread for every whole frame.
  private let onFrame: (WorkerLink, Frame) -> Void

  /// Starts a worker and greets it.
  init(
    lane: Int, reactor: Reactor, channel: ChannelKind, command: WorkerCommand, hello: Bytes,
    onFrame: @escaping (WorkerLink, Frame) -> Void, onDeath: @escaping (WorkerLink) -> Void
  ) throws(SystemError) {
    self.lane = lane
    self.reactor = reactor
    self.onFrame = onFrame
    var slots: [Slot] = []
    for index in 0..<WorkerDescriptors.slots { slots.append(try Slot(index, channel)) }
    self.slots = slots
    let line = try Line.open(channel)
    let passage = try DescriptorPassage()
    child = try Child(
      Self.command(
        command, slots,
        [
          (WorkerDescriptors.orders, line.workerOrders.number), (WorkerDescriptors.replies, line.workerReplies.number),
          (WorkerDescriptors.passage, passage.receiving.number),
        ]))
    // Copies of this side's ends. The pairs close both of theirs when this returns, the worker's ends among them: only
    // then does the end of the worker show as the end of what it wrote to.
    self.passage = try passage.sending.duplicated(atLeast: 0)
    orders = try line.orders.duplicated(atLeast: 0)
    replies = try line.replies.duplicated(atLeast: 0)
    // Each end of a pipe or a pair has flags of its own, so the worker's ends go on blocking (fcntl(2), O_NONBLOCK).
    try orders.setNonBlocking()
    try replies.setNonBlocking()
    try watch(onDeath)
    send(.hello, hello)
  }

  var pid: Int32 { child.pid }
  /// True when the worker may be sent more, even while it is starting: the kernel keeps what comes before it reads.
  var hasFreeSlot: Bool { state != .leaving && state != .dead && offense == nil && slots.contains { $0.isFree } }
  /// True while it holds a unit that must be alone.
  var isReserved: Bool { slots.contains { $0.units.contains(where: \.deaths.mustBeAlone) } }
  /// Slots that hold units, answered ones that are still being stored included.
  var busySlots: Int { slots.count { !$0.isFree } }

  /// Sends a frame without a payload.
  func send(_ kind: Frame.Kind, _ body: Bytes) {
    queue.append(.bytes(Frame.encode(kind, body: body)))
    flush()
  }

  /// Sends a frame whose payload is the inputs of `units`, each as long as its `inputCount`.
  func send(_ kind: Frame.Kind, _ body: Bytes, payloadOf units: [InFlightUnit]) {
    let length = units.reduce(0) { $0 + $1.inputCount }
    queue.append(.bytes(Frame.encode(kind, body: body, payloadLength: length)))
    for inFlight in units where inFlight.inputCount > 0 {
      if case .bytes(let bytes) = inFlight.unit.source {
        queue.append(.bytes(bytes))
      } else {
        // Written from where it was loaded. The segment keeps the memory alive should the unit be returned meanwhile.
        let memory = UnsafeRawBufferPointer(start: inFlight.input!.base, count: inFlight.inputCount)
        queue.append(.memory(memory, owner: inFlight.input!))
      }
    }
    flush()
  }

  /// Gives the worker an open file; it takes them in the order in which it performs the units of slices.
  func handOver(_ file: Int32) throws(SystemError) { try DescriptorPassage.send(file, over: passage.number) }

  /// Sends SIGKILL; the pidfd tells when the process has ended.
  func kill() { child.kill(Signal.kill) }

  /// Kills the worker for what it did; what it has not said by now is not listened to, unless it was only slow.
  func kill(for offense: Offense) {
    // The first offense is what it is killed for; what follows from it does not count.
    if self.offense == nil { self.offense = offense }
    kill()
    if !isHeard { reactor.forget(repliesWatch) }
  }

  /// Whether what the worker says still counts: an overdue one may have answered just before it was killed.
  private var isHeard: Bool {
    switch offense {
    case nil, .overdue: state != .dead
    case .garbled, .oversized, .unreachable: false
    }
  }

  /// Takes what the dead worker had still said, reaps it and closes what led to it.
  func reap() throws(SystemError) -> (exit: Child.Exit, usage: ProcessUsage) {
    receive()
    // The pidfd is readable, so the child has ended and this does not block.
    let end = try child.wait()
    for watch in watches { reactor.forget(watch) }
    if let timer { reactor.cancel(timer) }
    state = .dead
    queue = []
    return end
  }

  private func watch(_ onDeath: @escaping (WorkerLink) -> Void) throws(SystemError) {
    // The first one, as `repliesWatch` expects. `reap` forgets all of them before the link goes.
    watches.append(try reactor.watch(replies.number) { [unowned self] _ in self.receive() })
    watches.append(try reactor.watch(child.pidfd.number) { [unowned self] _ in onDeath(self) })
    // Asked for nothing until no more is taken.
    let ordersWatch = try reactor.watch(orders.number, []) { [unowned self] _ in self.flush() }
    watches.append(ordersWatch)
    self.ordersWatch = ordersWatch
  }

  private var repliesWatch: Reactor.Watch { watches[0] }

  /// Takes all frames that have arrived whole.
  private func receive() {
    do {
      while isHeard, let frame = try reader.next(from: replies.number) { onFrame(self, frame) }
    } catch .garbled {
      kill(for: .garbled)
    } catch .noMemory(let bytes) {
      kill(for: .oversized(bytes))
    } catch {
      // The end of its answers is not yet the end of the process; the pidfd tells of that. It comes while the process ends,
      // whose status the kill changes no more, unless the worker has closed it to be waited for in vain.
      kill(for: .unreachable)
    }
  }

  /// Writes until nothing is queued or no more is taken; the reactor calls again when there is room.
  private func flush() {
    while let segment = queue.first {
      // A worker that takes nothing any more ends; what it has said is still to be read, and its pidfd tells the rest.
      guard let taken = write(segment) else {
        queue.removeAll(keepingCapacity: true)
        break
      }
      guard taken else { return ask(for: .writable) }
      // Lets go of the memory at once.
      queue.removeFirst()
    }
    if ordersWatch != nil { ask(for: []) }
  }

  /// Is told when more is taken; a worker that could not be waited for would be for ever.
  private func ask(for readiness: Reactor.Readiness) {
    do { try reactor.change(ordersWatch!, to: readiness) } catch { kill(for: .unreachable) }
  }

  /// True when the segment is written, false when no more is taken now, nil when the worker is gone.
  private func write(_ segment: Segment) -> Bool? {
    switch segment {
    case .bytes(let bytes): bytes.withUnsafeBytes { write($0) }
    case .memory(let memory, _): write(memory)
    }
  }

  private func write(_ memory: UnsafeRawBufferPointer) -> Bool? {
    while segmentWritten < memory.count {
      do {
        let rest = UnsafeRawBufferPointer(rebasing: memory[segmentWritten...])
        guard let count = try DescriptorIO.write(orders.number, rest) else { return false }
        segmentWritten += count
      } catch {
        // It may be alive, and would wait for the rest. A worker that takes no orders any more has ended, which the kill does not
        // change, or has closed its end to be waited for; what it has said counts in either case.
        if error.code == .brokenPipe || error.code == .connectionReset { kill() } else { kill(for: .unreachable) }
        return nil
      }
    }
    segmentWritten = 0
    return true
  }

  /// What a worker inherits of the environment: where libraries are, which characters people read, so that its reasons are in the
  /// words of the other engines, what a sanitizer is told, which instructions kernels may use, and
  /// for which caches they are set up.
  private static let inherited: Set<String> = [
    "LD_LIBRARY_PATH", "LC_ALL", "LC_CTYPE", "LANG", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
    "LANES_INSTRUCTIONS", "LANES_CACHES",
  ]

  /// The process to start: the region of a slot goes to the numbers that `WorkerDescriptors` gives it.
  private static func command(
    _ worker: WorkerCommand, _ slots: [Slot], _ descriptors: [(child: Int32, here: Int32)]
  ) -> Child.Command {
    let own = String(WorkerProcess.currentID)
    var command = Child.Command(program: worker.program, arguments: ["lanes"] + worker.arguments + [own])
    // The crash reporter of Swift's runtime would keep a dead worker's descriptors open.
    command.environment = ["SWIFT_BACKTRACE": "enable=no"]
    command.inherited = inherited
    command.directory = "/"
    // Ctrl-C at a terminal signals the foreground group; the coordinator alone decides how its workers stop.
    command.ownGroup = true
    command.descriptors = descriptors
    for slot in slots {
      // Without shared memory there is nothing to inherit but what frames and files come through.
      guard let input = slot.input, let output = slot.output else { continue }
      command.descriptors.append((WorkerDescriptors.input(slot.index), input.descriptor.number))
      command.descriptors.append((WorkerDescriptors.output(slot.index), output.descriptor.number))
    }
    return command
  }
}

/// What frames travel on between coordinator and worker: a pipe for each direction, or one pair of sockets for both.
private struct Line: ~Copyable {
  /// The coordinator's ends.
  let orders: Descriptor
  let replies: Descriptor
  /// The worker's ends.
  let workerOrders: Descriptor
  let workerReplies: Descriptor

  /// 1 MiB, the most that pipe(7) lets an unprivileged process ask for: fewer switches per large payload. Of sockets the
  /// system grants less by default (net.core.wmem_max of socket(7), 208 KiB).
  private static let capacity: Int32 = 1 << 20

  private init(
    orders: consuming Descriptor, replies: consuming Descriptor, workerOrders: consuming Descriptor,
    workerReplies: consuming Descriptor
  ) {
    self.orders = orders
    self.replies = replies
    self.workerOrders = workerOrders
    self.workerReplies = workerReplies
  }

  /// What `channel` needs; pipes also beside shared memory, where frames are short.
  static func open(_ channel: ChannelKind) throws(SystemError) -> Line {
    channel == .socket ? try sockets() : try pipes()
  }

  private static func sockets() throws(SystemError) -> Line {
    let pair = try SocketPair()
    pair.near.setSendCapacity(capacity)
    pair.far.setSendCapacity(capacity)
    return Line(
      orders: try pair.near.duplicated(atLeast: 0), replies: try pair.near.duplicated(atLeast: 0),
      workerOrders: try pair.far.duplicated(atLeast: 0), workerReplies: try pair.far.duplicated(atLeast: 0))
  }

  private static func pipes() throws(SystemError) -> Line {
    let down = try Pipe()
    let up = try Pipe()
    down.writeEnd.setPipeCapacity(capacity)
    up.readEnd.setPipeCapacity(capacity)
    return Line(
      orders: try down.writeEnd.duplicated(atLeast: 0), replies: try up.readEnd.duplicated(atLeast: 0),
      workerOrders: try down.readEnd.duplicated(atLeast: 0), workerReplies: try up.writeEnd.duplicated(atLeast: 0))
  }
}
