import CLinux
import Glibc
import LanesCore

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

  /// This process so far: getrusage(2), VmHWM of /proc/self/status and /proc/self/io.
  package static func current() -> ProcessUsage {
    var counted = clinux_usage()
    guard clinux_self_usage(&counted) == 0 else { return ProcessUsage() }
    var usage = ProcessUsage(counted)
    usage.peakMemory = ProcessFile("/proc/self/status")?.number(after: "VmHWM:").map { $0 * 1024 }
    let io = ProcessFile("/proc/self/io")
    usage.storageRead = io?.number(after: "\nread_bytes:")
    usage.storageWritten = io?.number(after: "\nwrite_bytes:")
    return usage
  }

  /// What was used since `earlier`; the peak stays the peak.
  package func since(_ earlier: ProcessUsage) -> ProcessUsage {
    var usage = self
    usage.user -= earlier.user
    usage.system -= earlier.system
    usage.voluntarySwitches -= earlier.voluntarySwitches
    usage.involuntarySwitches -= earlier.involuntarySwitches
    usage.minorFaults -= earlier.minorFaults
    usage.majorFaults -= earlier.majorFaults
    usage.storageRead = storageRead.flatMap { now in earlier.storageRead.map { now - $0 } }
    usage.storageWritten = storageWritten.flatMap { now in earlier.storageWritten.map { now - $0 } }
    return usage
  }
}

/// A small file of /proc or /sys, read whole.
package struct ProcessFile {
  package let text: String

  /// Nil when the file is missing or may not be read.
  package init?(_ path: String) {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16384)
    let count = fread(&bytes, 1, bytes.count, file)
    text = String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The decimal number behind `key`, past spaces and tabs.
  package func number(after key: String) -> Int? {
    let text = Array(text.utf8)
    let key = Array(key.utf8)
    guard text.count >= key.count else { return nil }
    for start in 0...(text.count - key.count) where text[start..<start + key.count].elementsEqual(key) {
      let digits = text[(start + key.count)...].drop { $0 == 0x20 || $0 == 0x09 }.prefix { (0x30...0x39).contains($0) }
      return Int(String(decoding: digits, as: UTF8.self))
    }
    return nil
  }
}
