import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// A child process of a comparison while it works: its pipes are drained, its memory is looked at, and a stop or the end of
/// its time is passed on. It may live for one run or, as a supervisor of commands does, for many.
///
/// One thread and one reactor.
final class WatchedChild {
  private let reactor: Reactor
  private var child: Child
  private var streams: [Stream] = []
  private var stopWatch: Reactor.Watch?
  /// What is to happen while the child works.
  private var timers: [Duty: Reactor.Timer] = [:]
  /// The most memory of its processes together that was seen, in bytes; nil where /proc told nothing.
  private(set) var proportionalPeak: Int?
  /// True when it was ended because its time was over.
  private(set) var isOverdue = false
  private let buffer = HeapStorage()
  /// What its processes hold together now, in bytes.
  private let memory: (Int32) -> Int?

  private enum Duty { case look, tick, end }

  /// A pipe from the child that is read until it ends.
  private final class Stream {
    let descriptor: Descriptor
    /// False where somebody else may hold the other end for longer than the child lasts.
    let isAwaited: Bool
    let take: (UnsafeRawBufferPointer) -> Void
    let atEnd: () -> Void
    var watch: Reactor.Watch?

    init(
      _ descriptor: consuming Descriptor, isAwaited: Bool, atEnd: @escaping () -> Void,
      _ take: @escaping (UnsafeRawBufferPointer) -> Void
    ) {
      self.descriptor = descriptor
      self.isAwaited = isAwaited
      self.atEnd = atEnd
      self.take = take
    }
  }

  /// Starts the process. Closures hold this object unowned: the reactor that keeps them goes when it does.
  ///
  /// - Parameter passesStopOn: false lets it work on after a stop was asked for.
  init(
    _ command: Child.Command, memory: @escaping (Int32) -> Int?, passesStopOn: Bool = true
  ) throws(SystemError) {
    self.memory = memory
    reactor = try Reactor()
    child = try Child(command)
    guard passesStopOn else { return }
    stopWatch = try reactor.watch(StopSignals.wakeDescriptor) { [unowned self] _ in self.passOnStop() }
  }

  /// Has `take` called with what comes out of `end`, and `atEnd` when nothing will any more; to be called before `finish`.
  ///
  /// - Parameter isAwaited: whether `finish` waits for the pipe's end; one that is not awaited belongs to one run.
  func read(
    _ end: borrowing Descriptor, isAwaited: Bool = true, atEnd: @escaping () -> Void = {},
    _ take: @escaping (UnsafeRawBufferPointer) -> Void
  ) throws(SystemError) {
    // The pipe's own ends are closed when it goes out of scope; this copy stays.
    let stream = Stream(try end.duplicated(atLeast: 0), isAwaited: isAwaited, atEnd: atEnd, take)
    try stream.descriptor.setNonBlocking()
    streams.append(stream)
    stream.watch = try reactor.watch(stream.descriptor.number) { [unowned self, unowned stream] _ in
      self.drain(stream)
    }
  }

  /// Waits until the pipes have ended and the process has; `everySecond` is called meanwhile.
  func finish(everySecond: @escaping () -> Void) throws(SystemError) -> Child.Exit {
    try attend(limit: nil, everySecond: everySecond) { [unowned self] in
      !self.streams.contains { $0.isAwaited && $0.watch != nil }
    }
    let (exit, _) = try child.wait()
    drainOthers()
    return exit
  }

  /// Attends to the child until `isDone`, for instance because it has told the outcome of a run; pipes that are not awaited are
  /// then read as far as they have come, and read no more. `everySecond` is called meanwhile.
  ///
  /// - Parameter limit: nanoseconds after which the process is asked to end what it does; nil for any time.
  func finishRun(
    limit: Int64?, everySecond: @escaping () -> Void, isDone: @escaping () -> Bool
  ) throws(SystemError) {
    try attend(limit: limit, everySecond: everySecond, isDone: isDone)
    drainOthers()
    for stream in streams where !stream.isAwaited { forget(stream) }
    streams.removeAll { !$0.isAwaited }
  }

  private func attend(
    limit: Int64?, everySecond: @escaping () -> Void, isDone: () -> Bool
  ) throws(SystemError) {
    proportionalPeak = nil
    isOverdue = false
    lookAtMemory(after: Self.firstLook)
    tick(everySecond)
    if let limit {
      timers[.end] = reactor.schedule(at: monotonicNow() + limit) { [unowned self] in
        self.isOverdue = true
        self.stop()
      }
    }
    defer {
      for timer in timers.values { reactor.cancel(timer) }
      timers = [:]
    }
    while !isDone() { try reactor.turn(waiting: true) }
  }

  /// The child's number.
  var pid: Int32 { child.pid }

  /// Asks the child to end what it does.
  func stop() { child.kill(Signal.terminate) }

  /// Reads what others hold open as far as it has come.
  private func drainOthers() { for stream in streams where stream.watch != nil && !stream.isAwaited { drain(stream) } }

  /// Nanoseconds after which memory is looked at for the first time; each pause after that is half as long again.
  private static let firstLook: Int64 = 10_000_000
  /// A pause is at least this many times as long as a look, so that looking costs the run less than a hundredth.
  private static let pausesPerLook: Int64 = 200
  private static let longestPause: Int64 = 500_000_000

  /// Looks at the memory of the process and its children after `pause` nanoseconds, and again until it has ended.
  private func lookAtMemory(after pause: Int64) {
    timers[.look] = reactor.schedule(at: monotonicNow() + pause) { [unowned self] in
      // The kernel walks the page tables for a look, with the process's lock held: pauses grow with what looking takes.
      let began = monotonicNow()
      guard let sum = self.memory(self.child.pid) else { return }
      self.proportionalPeak = max(self.proportionalPeak ?? 0, sum)
      let least = (monotonicNow() - began) * Self.pausesPerLook
      self.lookAtMemory(after: max(least, min(pause + pause / 2, Self.longestPause)))
    }
  }

  /// Calls `everySecond` a second from now, and again each second until the run has ended.
  private func tick(_ everySecond: @escaping () -> Void) {
    timers[.tick] = reactor.schedule(at: monotonicNow() + 1_000_000_000) { [unowned self] in
      everySecond()
      self.tick(everySecond)
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
    forget(stream)
    stream.atEnd()
  }

  private func forget(_ stream: Stream) {
    guard let watch = stream.watch else { return }
    reactor.forget(watch)
    stream.watch = nil
  }
}
