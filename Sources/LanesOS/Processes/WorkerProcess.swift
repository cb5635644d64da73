import CLinux
import Glibc

/// What a worker process does about itself before it starts to work.
package enum WorkerProcess {
  /// Ties this process to the coordinator: it is killed when the coordinator ends. Throws ESRCH when it has ended already.
  package static func settle(parent: Int32) throws(SystemError) {
    _ = try once("prctl") { clinux_die_with_parent(parent) }
  }

  /// Closes every descriptor from `first` on: those that whoever started `lanes` left open, such as ends of pipes.
  package static func closeDescriptors(from first: Int32) { _ = clinux_close_from(UInt32(first)) }

  /// This process's number, which a worker compares with its parent's.
  package static var currentID: Int32 { getpid() }

  /// The number of the calling thread (gettid(2)), its name in /proc/PID/task.
  package static var currentThreadID: Int32 { clinux_thread_id() }
}
