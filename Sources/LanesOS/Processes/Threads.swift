import Glibc
import Synchronization

/// A POSIX thread of our own. Join it once; a thread that is never joined is detached when the handle goes.
package final class WorkerThread: Sendable {
  private let handle: pthread_t
  private let isJoined = Atomic<Bool>(false)

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts `body` on a new thread with a stack of `stackBytes`.
  package init(stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    let context = Unmanaged.passRetained(Body(body))
    var handle = pthread_t()
    let code = pthread_create(&handle, &attributes, Self.main, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw SystemError("pthread_create", errno: code)
    }
    self.handle = handle
  }

  /// Waits until the body has returned; the second call does nothing.
  package func join() {
    // Relaxed would do: only the value decides who joins, nothing is published through it.
    guard !isJoined.exchange(true, ordering: .relaxed) else { return }
    pthread_join(handle, nil)
  }

  deinit { if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) } }

  private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
    CrashReports.withStack(body.run)
    return nil
  }
}

/// A value behind a POSIX mutex with one condition to wait for.
///
/// `Synchronization.Mutex` has no condition variable, which a queue with back-pressure needs.
package final class Monitor<Value>: @unchecked Sendable {
  // Sendable: `value` is touched only while `mutex` is held.
  private var value: Value
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init(_ value: Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    // Deadlines are on the clock of `monotonicNow`, which nobody sets.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` alone.
  package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }

  /// Waits until `body` gives a result; it runs alone, and again after every `wake`.
  package func wait<Result>(until body: (inout Value) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      pthread_cond_wait(changed, mutex)
    }
  }

  /// As above, but gives up with nil when `nanoseconds` have gone by.
  package func wait<Result>(atMost nanoseconds: Int64, until body: (inout Value) -> Result?) -> Result? {
    let deadline = monotonicNow() + nanoseconds
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      if pthread_cond_timedwait(changed, mutex, &time) != 0 { return body(&value) }
    }
  }

  package func wakeOne() { pthread_cond_signal(changed) }
  package func wakeAll() { pthread_cond_broadcast(changed) }
}
