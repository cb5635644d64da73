import CLinux
import Glibc
import LanesCore

/// What a ring can be asked to do.
enum RingRequest {
  /// Who carries a request out that might have to wait for the disk.
  enum Way {
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
  /// `at` is -1 for what has no offsets.
  case read(Int32, into: UnsafeMutableRawBufferPointer, at: Int, Way)
  case write(Int32, from: UnsafeRawBufferPointer, at: Int, Way)
}

/// A submission and a completion queue shared with the kernel.
final class CompletionRing {
  private let ring: OpaquePointer
  private var isDirty = false
  private let wake: Descriptor

  /// Threads of the kernel that wait for files at most. Cold small files gained up to sixteen on two cores.
  private static let mostWorkers = 32

  init(depth: Int) throws(SystemError) {
    let wake = try Descriptor.event()
    let entries = UInt32(clamping: max(8, depth))
    guard let ring = clinux_ring_new(entries, wake.number, UInt32(min(max(4, depth), Self.mostWorkers))) else {
      throw SystemError("io_uring_setup", errno: errno)
    }
    self.wake = wake
    self.ring = ring
  }

  deinit { clinux_ring_free(ring) }

  /// Readable when completions may have arrived.
  var wakeDescriptor: Int32 { wake.number }

  /// Queues a request; the queue is submitted when it is full.
  func prepare(_ request: RingRequest, token: UInt64) {
    isDirty = true
    if queue(request, token) { return }
    submit()
    isDirty = true
    let isQueued = queue(request, token)
    precondition(isQueued, "the kernel did not take submitted requests")
  }

  private func queue(_ request: RingRequest, _ token: UInt64) -> Bool {
    switch request {
    case .open(let path): clinux_ring_open(ring, path, token)
    case .read(let file, let room, let offset, let way):
      clinux_ring_read(ring, file, room.baseAddress, UInt32(room.count), Int64(offset), way.code, token)
    case .write(let file, let bytes, let offset, let way):
      clinux_ring_write(ring, file, bytes.baseAddress, UInt32(bytes.count), Int64(offset), way.code, token)
    }
  }

  /// Hands queued requests to the kernel; no call when there are none.
  func submit() {
    guard isDirty else { return }
    isDirty = false
    do {
      _ = try retrying("io_uring_enter") { clinux_ring_submit(ring) }
    } catch {
      preconditionFailure("\(error.call) failed: \(error.reason)")
    }
  }

  /// The result is what the call would have returned, or a negative errno.
  func nextCompletion() -> (token: UInt64, result: Int32)? {
    var token: UInt64 = 0
    var result: Int32 = 0
    return clinux_ring_next(ring, &token, &result) ? (token, result) : nil
  }

  func resetWake() { wake.drainEvent() }
}
