import CLinux
import Glibc

/// Waits for many descriptors and timers at once and calls who is concerned; epoll(7), level-triggered.
///
/// Belongs to one thread. A handler may watch, change and forget anything, itself included.
package final class Reactor {
  package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// The other end is gone or the descriptor has an error; always reported.
    package static let closed = Readiness(rawValue: 4)
  }

  package typealias Handler = (Readiness) -> Void

  /// A watched descriptor; forget it before the descriptor is closed.
  package struct Watch: Hashable, Sendable { fileprivate let token: UInt64 }
  package struct Timer: Hashable, Sendable { fileprivate let token: UInt64 }

  private let epoll: Descriptor
  private var handlers: [UInt64: (fd: Int32, handler: Handler)] = [:]
  private var timers: [UInt64: (deadline: Int64, handler: () -> Void)] = [:]
  private var nextToken: UInt64 = 0

  package init() throws(SystemError) {
    epoll = Descriptor(owning: try retrying("epoll_create1") { clinux_epoll_create() })
  }

  /// Calls `handler` whenever `fd` is ready for one of `interests`. Throws EPERM for regular files, which never wait.
  package func watch(
    _ fd: Int32, _ interests: Readiness = .readable, _ handler: @escaping Handler
  ) throws(SystemError) -> Watch {
    nextToken += 1
    let token = nextToken
    _ = try retrying("epoll_ctl") { [number = epoll.number] in
      clinux_epoll_add(number, fd, Self.events(interests), token)
    }
    handlers[token] = (fd, handler)
    return Watch(token: token)
  }

  package func change(_ watch: Watch, to interests: Readiness) throws(SystemError) {
    guard let entry = handlers[watch.token] else { return }
    _ = try retrying("epoll_ctl") { [number = epoll.number] in
      clinux_epoll_modify(number, entry.fd, Self.events(interests), watch.token)
    }
  }

  package func forget(_ watch: Watch) {
    guard let entry = handlers.removeValue(forKey: watch.token) else { return }
    _ = clinux_epoll_remove(epoll.number, entry.fd)
  }

  /// Calls `handler` once, at or after `deadline` of the monotonic clock; earlier deadlines come first.
  package func schedule(at deadline: Int64, _ handler: @escaping () -> Void) -> Timer {
    nextToken += 1
    timers[nextToken] = (deadline, handler)
    return Timer(token: nextToken)
  }

  package func cancel(_ timer: Timer) { timers[timer.token] = nil }

  /// Calls handlers of what is ready; when nothing is and `waiting` is true, blocks until something is.
  ///
  /// - Parameter limit: milliseconds to block at most; nil for any.
  package func turn(waiting: Bool, atMost limit: Int32? = nil) throws(SystemError) {
    var tokens = [UInt64](repeating: 0, count: 64)
    var events = [UInt32](repeating: 0, count: 64)
    let timeout = waiting ? Self.earlier(millisecondsToNextTimer(), limit) : 0
    let count = clinux_epoll_wait(epoll.number, &tokens, &events, 64, timeout)
    let code = errno
    guard count >= 0 || code == EINTR else { throw SystemError("epoll_wait", errno: code) }
    for index in 0..<max(0, Int(count)) {
      // Asked anew each time: an earlier handler of this turn may have forgotten the watch.
      handlers[tokens[index]]?.handler(Self.readiness(events[index]))
    }
    fireTimers()
  }

  /// The shorter of two waits, of which -1 and nil never end.
  private static func earlier(_ timer: Int32, _ limit: Int32?) -> Int32 {
    guard let limit else { return timer }
    return timer < 0 ? limit : min(timer, limit)
  }

  private func millisecondsToNextTimer() -> Int32 {
    guard let first = timers.values.map(\.deadline).min() else { return -1 }
    let left = max(0, first - monotonicNow())
    return Int32(clamping: (left + 999_999) / 1_000_000)
  }

  private func fireTimers() {
    guard !timers.isEmpty else { return }
    let now = monotonicNow()
    let due = timers.filter { $0.value.deadline <= now }.sorted {
      ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key)
    }
    // Asked anew each time: an earlier handler may have cancelled the timer.
    for (token, timer) in due where timers.removeValue(forKey: token) != nil { timer.handler() }
  }

  private static func events(_ interests: Readiness) -> UInt32 {
    var events: UInt32 = 0
    if interests.contains(.readable) { events |= clinux_epollin }
    if interests.contains(.writable) { events |= clinux_epollout }
    return events
  }

  private static func readiness(_ events: UInt32) -> Readiness {
    var ready: Readiness = []
    if events & clinux_epollin != 0 { ready.insert(.readable) }
    if events & clinux_epollout != 0 { ready.insert(.writable) }
    if events & (clinux_epollerr | clinux_epollhup) != 0 { ready.insert(.closed) }
    return ready
  }
}
