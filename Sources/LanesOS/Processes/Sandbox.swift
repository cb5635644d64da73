import CLinux
import Glibc
import LanesCore

/// What a worker process gives up for good before it looks at anybody's data: files, connections, programs and other processes.
///
/// Three layers, each of which would do alone: limits (setrlimit(2)), Landlock with an empty ruleset (landlock(7)), and a list of
/// the few system calls that are left (seccomp(2)), any other of which ends the process by SIGSYS.
package enum Sandbox {
  /// What the kernel lacks for it, such as "Landlock"; empty when it is complete.
  package static var missing: [String] {
    var missing: [String] = []
    if landlockVersion == nil { missing.append("Landlock (Linux 5.13 or later, enabled at boot)") }
    if !clinux_seccomp_available() { missing.append("seccomp filters that end a process (Linux 4.14 or later)") }
    return missing
  }

  /// The version of Landlock's interface; nil where the kernel has none or was started without it.
  package static var landlockVersion: Int? {
    let version = clinux_landlock_version()
    return version < 1 ? nil : Int(version)
  }

  /// What is left to a worker.
  package struct Limits {
    /// Bytes that the shared memory of an output may grow to.
    package var outputBytes: Int
    /// Bytes of address space beyond those in use; nil leaves it to the machine.
    package var memory: Int?
    /// The socket on which it is handed descriptors.
    package var receiving: Int32
    /// Descriptors that it may hold beside those open now.
    package var moreDescriptors: Int32

    package init(outputBytes: Int, memory: Int?, receiving: Int32, moreDescriptors: Int32) {
      self.outputBytes = outputBytes
      self.memory = memory
      self.receiving = receiving
      self.moreDescriptors = moreDescriptors
    }
  }

  /// Gives everything up; there is no way back. Call it in a process with one thread.
  ///
  /// Standard input, output and error become /dev/null. Files of /proc about this process and the memory of the machine stay
  /// open, so that it can still tell what it used.
  package static func enter(_ limits: Limits) throws(SystemError) {
    try closeStandardStreams()
    Mapping.installGuard
    ProcessFile.hold(["/proc/self/status", "/proc/self/statm", "/proc/meminfo"])
    let highest = max(ProcessFile.highestHeld, limits.receiving)
    var kept = clinux_limits()
    kept.file_size = UInt64(limits.outputBytes)
    kept.descriptors = UInt64(highest + 1 + limits.moreDescriptors)
    if !clinux_is_sanitized, let memory = limits.memory {
      let used = ProcessFile("/proc/self/statm")?.number(after: "") ?? 0
      kept.address_space = UInt64(used * Int(getpagesize())) + UInt64(memory)
    }
    _ = try once("setrlimit") { clinux_limit_self(&kept) }
    _ = try once("prctl") { clinux_no_new_privileges() }
    _ = try once("landlock_restrict_self") { clinux_landlock_self() }
    clinux_ask_ahead()
    // A sanitizer's runtime reads /proc when it has something to tell.
    if !clinux_is_sanitized { _ = try once("seccomp") { clinux_seccomp_self(limits.receiving) } }
  }

  private static func closeStandardStreams() throws(SystemError) {
    let null = try once("open /dev/null") { open("/dev/null", O_RDWR | O_CLOEXEC) }
    defer { close(null) }
    for stream: Int32 in 0...2 { _ = try once("dup2") { dup2(null, stream) } }
  }
}

/// Two connected sockets that carry descriptors from one process to another (unix(7), SCM_RIGHTS).
package struct DescriptorPassage: ~Copyable {
  package let sending: Descriptor
  package let receiving: Descriptor

  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    _ = try once("socketpair") { clinux_socket_pair(&ends, true) }
    sending = Descriptor(owning: ends[0])
    receiving = Descriptor(owning: ends[1])
  }

  /// Hands `descriptor` over; does not wait for the receiver. Throws EAGAIN when some hundreds are on their way.
  package static func send(_ descriptor: Int32, over socket: Int32) throws(SystemError) {
    _ = try retrying("sendmsg") { clinux_send_descriptor(socket, descriptor) }
  }

  /// The next descriptor handed over; waits for it.
  package static func receive(over socket: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("recvmsg") { clinux_receive_descriptor(socket) })
  }
}
