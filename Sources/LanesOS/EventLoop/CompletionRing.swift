import CLinux
import Glibc
import LanesCore

/// What a ring can be asked to do.
package enum RingRequest {
  /// Who carries a request out that might have to wait for the disk.
  package enum IssueMode {
    /// The kernel decides: in the submitting thread when nothing is to be waited for.
    case whenReady
    /// The submitting thread, and only what is in the page cache: the result is -EAGAIN or fewer bytes otherwise.
    case ifCached
    /// A thread of the kernel, so that copying the bytes takes no time of the submitting thread either.
    case byWorker

    fileprivate var code: clinux_way {
      switch self {
      case .whenReady: CLINUX_WHEN_READY
      case .ifCached: CLINUX_IF_CACHED
      case .byWorker: CLINUX_BY_WORKER
      }
    }
  }

  /// For reading; the name must stay until the request is submitted.
  case open(UnsafePointer<CChar>)
  /// Opens a file, reads from its start once and closes it, on one thread of the kernel and with one answer: the number of
  /// bytes, or -EBADF where that is to be asked for step by step. Only where `canLoad`.
  case load(UnsafePointer<CChar>, into: UnsafeMutableRawBufferPointer)
  /// `at` is -1 for what has no offsets.
  case read(Int32, into: UnsafeMutableRawBufferPointer, at: Int, IssueMode)
  case write(Int32, from: UnsafeRawBufferPointer, at: Int, IssueMode)
}

/// A submission and a completion queue shared with the kernel.
package final class CompletionRing {
  private let ring: OpaquePointer
  private let submitting: (() -> Int32) -> Int32
  /// Requests for which the queue had no room, oldest first.
  private var waiting: [(request: RingRequest, token: UInt64)] = []
  /// True while the queue holds requests that the kernel has not taken.
  package private(set) var isDirty = false
  /// What the kernel was asked for and has answered.
  package private(set) var traffic = RingTraffic(submitted: 0, completed: 0, calls: 0)
  private let wake: Descriptor

  /// Threads of the kernel that wait for files at most. Cold small files gained up to sixteen on two cores.
  private static let mostWorkers = 32

  /// - Parameter submit: carries out each handing over; the test's place to fail instead.
  package init(depth: Int, submit: @escaping (() -> Int32) -> Int32) throws(SystemError) {
    let wake = try Descriptor.event()
    // A load of a whole file takes three places.
    let entries = UInt32(clamping: 4 * max(2, depth))
    guard let ring = clinux_ring_new(entries, wake.number, UInt32(min(max(4, depth), Self.mostWorkers))) else {
      throw SystemError("io_uring_setup", errno: errno)
    }
    self.wake = wake
    self.ring = ring
    submitting = submit
  }

  deinit { clinux_ring_free(ring) }

  /// Whether files can be loaded by one request.
  package var canLoad: Bool { clinux_ring_can_load(ring) }
  /// Readable when completions may have arrived.
  package var wakeDescriptor: Int32 { wake.number }

  /// Queues a request; `submit` hands it over.
  package func prepare(_ request: RingRequest, token: UInt64) {
    isDirty = true
    if !waiting.isEmpty || !queue(request, token) { waiting.append((request, token)) }
  }

  private func queue(_ request: RingRequest, _ token: UInt64) -> Bool {
    switch request {
    case .open(let path): clinux_ring_open(ring, path, token)
    case .load(let path, let room): clinux_ring_load(ring, path, room.baseAddress, UInt32(room.count), token)
    case .read(let file, let room, let offset, let way):
      clinux_ring_read(ring, file, room.baseAddress, UInt32(room.count), Int64(offset), way.code, token)
    case .write(let file, let bytes, let offset, let way):
      clinux_ring_write(ring, file, bytes.baseAddress, UInt32(bytes.count), Int64(offset), way.code, token)
    }
  }

  /// Hands queued requests to the kernel; no call when there are none.
  ///
  /// EBUSY and EAGAIN of io_uring_enter(2) say that completions are to be taken first, or that the kernel is short of memory
  /// for now: requests then stay queued, `isDirty` stays true, and another call is due once completions were taken.
  package func submit() throws(SystemError) {
    while isDirty {
      let taken = submitting { clinux_ring_submit(ring) }
      if taken == -EINTR { continue }
      if taken == -EAGAIN || taken == -EBUSY { return }
      guard taken >= 0 else { throw SystemError("io_uring_enter", errno: -taken) }
      traffic.calls? += 1
      traffic.submitted? += Int(taken)
      waiting.removeFirst(waiting.prefix { queue($0.request, $0.token) }.count)
      isDirty = clinux_ring_queued(ring) > 0
      if taken == 0 { return }
    }
  }

  /// The result is what the call would have returned, or a negative errno.
  package func nextCompletion() -> (token: UInt64, result: Int32)? {
    var token: UInt64 = 0
    var result: Int32 = 0
    guard clinux_ring_next(ring, &token, &result) else { return nil }
    traffic.completed? += 1
    return (token, result)
  }

  package func resetWake() { wake.drainEvent() }
}
