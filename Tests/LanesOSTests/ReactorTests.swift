import Glibc
import LanesOS
import Testing

@Suite struct ReactorTests {
  private let reactor: Reactor

  init() throws { reactor = try Reactor() }

  @Test func `a pipe is readable once something is in it`() throws {
    let pipe = try Pipe()
    var seen: [Reactor.Readiness] = []
    _ = try reactor.watch(pipe.readEnd.number) { seen.append($0) }
    try reactor.turn(waiting: false)
    #expect(seen.isEmpty)
    try write(to: pipe.writeEnd.number)
    try reactor.turn(waiting: true)
    #expect(seen == [.readable])
  }

  @Test func `a pipe is writable until it is full`() throws {
    let pipe = try Pipe()
    try pipe.writeEnd.setNonBlocking()
    var seen: [Reactor.Readiness] = []
    _ = try reactor.watch(pipe.writeEnd.number, .writable) { seen.append($0) }
    try reactor.turn(waiting: true)
    #expect(seen == [.writable])
    let page = [UInt8](repeating: 0, count: 4096)
    while try page.withUnsafeBytes({ try DescriptorIO.write(pipe.writeEnd.number, $0) }) != nil {}
    try reactor.turn(waiting: false)
    #expect(seen.count == 1)
  }

  @Test func `a turn that may wait ends in time although nothing happens`() throws {
    let pipe = try Pipe()
    _ = try reactor.watch(pipe.readEnd.number) { _ in Issue.record("nothing was written") }
    try reactor.turn(waiting: true, atMost: 1)
    _ = reactor.schedule(at: .max) { Issue.record("a timer that is far away") }
    try reactor.turn(waiting: true, atMost: 1)
  }

  @Test func `the end of the other side is told`() throws {
    let pipe = try Pipe()
    var seen: [Reactor.Readiness] = []
    _ = try reactor.watch(pipe.readEnd.number) { seen.append($0) }
    try closeWriteEnd(pipe)
    try reactor.turn(waiting: true)
    #expect(seen.count == 1 && seen[0].contains(.closed))
  }

  @Test func `a change of interests takes effect`() throws {
    let event = try Descriptor.event()
    var seen: [Reactor.Readiness] = []
    let watch = try reactor.watch(event.number, []) { seen.append($0) }
    event.raiseEvent()
    try reactor.turn(waiting: false)
    #expect(seen.isEmpty)
    try reactor.change(watch, to: [.readable, .writable])
    try reactor.turn(waiting: true)
    #expect(seen == [[.readable, .writable]])
    event.drainEvent()
    try reactor.change(watch, to: .readable)
    try reactor.turn(waiting: false)
    #expect(seen.count == 1)
  }

  @Test func `a handler may forget itself and others of the same turn`() throws {
    let events = [try Box(), try Box(), try Box()]
    var watches: [Reactor.Watch] = []
    var calls = 0
    for event in events {
      event.descriptor.raiseEvent()
      watches.append(
        try reactor.watch(event.descriptor.number) { _ in
          calls += 1
          for watch in watches { reactor.forget(watch) }
        })
    }
    try reactor.turn(waiting: true)
    try reactor.turn(waiting: false)
    #expect(calls == 1)
    // A number that was forgotten can be watched again.
    _ = try reactor.watch(events[1].descriptor.number) { _ in calls += 10 }
    try reactor.turn(waiting: true)
    #expect(calls == 11)
    withExtendedLifetime(events) {}
  }

  @Test func `a handler may watch more`() throws {
    let event = try Descriptor.event()
    let later = try Descriptor.event()
    event.raiseEvent()
    later.raiseEvent()
    var seen: [String] = []
    var first: Reactor.Watch?
    first = try reactor.watch(event.number) { [number = later.number] _ in
      seen.append("first")
      reactor.forget(first!)
      _ = try? reactor.watch(number) { _ in seen.append("second") }
    }
    try reactor.turn(waiting: true)
    try reactor.turn(waiting: true)
    #expect(seen == ["first", "second"])
  }

  @Test func `timers fire once, in the order of their deadlines`() throws {
    let now = monotonicNow()
    var fired: [Int] = []
    // All have passed, so that one turn fires them all.
    for delay in [5, 1, 4, 2, 3] { _ = reactor.schedule(at: now - 1_000_000 + Int64(delay)) { fired.append(delay) } }
    try reactor.turn(waiting: true)
    try reactor.turn(waiting: false)
    #expect(fired == [1, 2, 3, 4, 5])
  }

  @Test func `a turn waits for a timer and not longer`() throws {
    var fired = false
    let deadline = monotonicNow() + 20_000_000
    _ = reactor.schedule(at: deadline) { fired = true }
    while !fired { try reactor.turn(waiting: true) }
    #expect(monotonicNow() >= deadline)
  }

  @Test func `a cancelled timer does not fire, not even when another cancels it in the same turn`() throws {
    let now = monotonicNow()
    var fired: [Int] = []
    let cancelled = reactor.schedule(at: now - 5) { fired.append(0) }
    reactor.cancel(cancelled)
    var timers: [Reactor.Timer] = []
    for number in 1...2 {
      timers.append(
        reactor.schedule(at: now - 5 + Int64(number)) {
          fired.append(number)
          for timer in timers { reactor.cancel(timer) }
        })
    }
    try reactor.turn(waiting: true)
    #expect(fired == [1])
  }

  @Test func `a regular file cannot be watched`() throws {
    let file = try Descriptor.reading("/proc/self/exe")
    #expect(throws: SystemError("epoll_ctl", errno: EPERM)) { try reactor.watch(file.number) { _ in } }
  }

  /// Descriptors cannot stand in arrays themselves.
  private final class Box {
    let descriptor: Descriptor
    init() throws { descriptor = try Descriptor.event() }
  }

  private func write(to number: Int32) throws {
    try [UInt8](repeating: 7, count: 3).withUnsafeBytes { try DescriptorIO.writeAll(number, $0) }
  }

  /// Puts another file in the place of the write end, which closes it while the pipe's value lives on.
  private func closeWriteEnd(_ pipe: borrowing Pipe) throws {
    let other = try Descriptor.reading("/dev/null")
    _ = try retrying("dup3") { [from = other.number, to = pipe.writeEnd.number] in dup2(from, to) }
  }
}
