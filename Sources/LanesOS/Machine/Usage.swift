import CLinux
import Glibc
import LanesCore
import Synchronization

extension ProcessUsage {
  init(_ counted: clinux_usage) {
    self.init()
    user = counted.user_ns
    system = counted.system_ns
    minorFaults = Int(counted.minor_faults)
    majorFaults = Int(counted.major_faults)
    voluntarySwitches = Int(counted.voluntary)
    involuntarySwitches = Int(counted.involuntary)
  }

  /// This process so far: getrusage(2), and VmHWM of /proc/self/status, since the peak of getrusage begins with that of the
  /// program that started this one.
  ///
  /// - Parameter withPeak: false leaves the peak out, which has the kernel write a page of text.
  package static func current(withPeak: Bool = true) -> ProcessUsage {
    var counted = clinux_usage()
    guard clinux_self_usage(&counted) == 0 else { return ProcessUsage() }
    var usage = ProcessUsage(counted)
    if withPeak { usage.peakMemory = ProcessFile("/proc/self/status")?.number(after: "VmHWM:").map { $0 * 1024 } }
    usage.storageRead = Int(counted.storage_read)
    usage.storageWritten = Int(counted.storage_written)
    return usage
  }

  /// What wait4(2) tells of a child that has ended: its own usage and that of its children it waited for; the peak is that of
  /// the largest of them.
  init(ended counted: clinux_usage) {
    self.init(counted)
    peakMemory = Int(counted.peak_memory)
    storageRead = Int(counted.storage_read)
    storageWritten = Int(counted.storage_written)
  }

  /// Lets the peak of memory begin anew (clear_refs of proc(5)); false where the kernel does not.
  package static func forgetPeak() -> Bool {
    guard let file = try? Descriptor.creating("/proc/self/clear_refs") else { return false }
    var five = UInt8(ascii: "5")
    return write(file.number, &five, 1) == 1
  }
}

/// What the calling thread has used so far: two system calls, together about 0.5 µs.
package struct ThreadUsage: Sendable, Equatable {
  /// Nanoseconds of processor time, user and system. From the thread's clock: getrusage(2) counts what runs now only at
  /// the next tick of the scheduler, milliseconds later.
  package let processor: Int64
  /// Times the thread gave up the processor by itself, to wait for something (getrusage(2), RUSAGE_THREAD).
  package let waits: Int

  package static func current() -> ThreadUsage {
    let processor = threadTime()
    var counted = clinux_usage()
    _ = clinux_thread_usage(&counted)
    return ThreadUsage(processor: processor, waits: Int(counted.voluntary))
  }
}

extension PressureStall {
  /// The machine so far; nil where the kernel keeps no such figures or hides them.
  package static func current() -> PressureStall? {
    func total(_ name: String) -> Int64? {
      // The first line is "some", in microseconds.
      ProcessFile("/proc/pressure/\(name)")?.number(after: " total=").map { Int64($0) * 1_000 }
    }
    let pressure = PressureStall(cpu: total("cpu"), io: total("io"), memory: total("memory"))
    return pressure == PressureStall() ? nil : pressure
  }

  /// What has come on top since `earlier`.
  package func since(_ earlier: PressureStall) -> PressureStall {
    func difference(_ now: Int64?, _ before: Int64?) -> Int64? { now.flatMap { now in before.map { now - $0 } } }
    return PressureStall(
      cpu: difference(cpu, earlier.cpu), io: difference(io, earlier.io), memory: difference(memory, earlier.memory))
  }
}

/// Memory of other processes of the same user.
package enum ProcessMemory {
  /// Bytes of a process and its children now, what several of them share divided among those that share it (Pss of
  /// /proc/PID/smaps_rollup, proc(5)). Nil where it cannot be read for the process itself; a child that has just ended
  /// counts nothing. Takes about a millisecond for every gigabyte.
  package static func proportional(of pid: Int32) -> Int? {
    guard let own = one(pid) else { return nil }
    let children = ProcessFile("/proc/\(pid)/task/\(pid)/children")?.text.split(separator: " ") ?? []
    return children.compactMap { Int32($0).flatMap(one) }.reduce(own, +)
  }

  /// The same of all processes below `pid`, itself not included; nil where there are none.
  package static func proportional(below pid: Int32) -> Int? {
    let sums = ProcessTree.children(of: pid).compactMap { child -> Int? in
      let below = proportional(below: child) ?? 0
      return one(child).map { $0 + below } ?? (below > 0 ? below : nil)
    }
    return sums.isEmpty ? nil : sums.reduce(0, +)
  }

  private static func one(_ pid: Int32) -> Int? {
    ProcessFile("/proc/\(pid)/smaps_rollup")?.number(after: "\nPss:").map { $0 * 1024 }
  }
}

/// A small file of /proc or /sys, read whole.
package struct ProcessFile {
  package let text: String

  /// The control groups of this process as they were when somebody first asked: /proc/self/cgroup.
  package static let cgroups = ProcessFile("/proc/self/cgroup")

  private static let mostBytes = 16384
  /// Descriptors of files that stay readable when no file can be opened any more.
  private static let held = Mutex<[String: Int32]?>(nil)

  /// Opens the files for good, those that exist; from now on no other is opened, as if there were none.
  static func hold(_ paths: [String]) {
    held.withLock { held in
      held = [:]
      for path in paths {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        if number >= 0 { held![path] = number }
      }
    }
  }

  /// The highest descriptor that `hold` opened.
  static var highestHeld: Int32 { held.withLock { $0?.values.max() ?? -1 } }

  /// A file that was read already.
  init(text: String) { self.text = text }

  /// Nil when the file is missing or may not be read.
  package init?(_ path: String) {
    let (number, isHeld) = Self.held.withLock { held in
      held.map { ($0[path] ?? -1, true) } ?? (open(path, O_RDONLY | O_CLOEXEC), false)
    }
    guard number >= 0 else { return nil }
    defer { if !isHeld { close(number) } }
    self.init(of: number)
  }

  /// What an open file holds now; nothing where it cannot be read.
  init(of number: Int32) {
    text = withUnsafeTemporaryAllocation(byteCount: Self.mostBytes, alignment: 1) { bytes in
      var count = 0
      while count < bytes.count {
        let got = pread(number, bytes.baseAddress! + count, bytes.count - count, off_t(count))
        guard got > 0 else { break }
        count += got
      }
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  /// The decimal number after `key`, past spaces and tabs.
  package func number(after key: String) -> Int? {
    var text = text
    return text.withUTF8 { text in
      let length = key.utf8.count
      let place = clinux_find(text.baseAddress, text.count, key, length)
      guard place >= 0 else { return nil }
      let start = place + length
      let digits = text[start...].drop { $0 == 0x20 || $0 == 0x09 }.prefix { (0x30...0x39).contains($0) }
      return Int(String(decoding: digits, as: UTF8.self))
    }
  }
}
