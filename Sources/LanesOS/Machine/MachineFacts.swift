import Glibc
import LanesCore

/// What machine this is, for reports: names and values, those that can be read.
package enum MachineFacts {
  /// Processor, CPUs, memory, kernel, and the time in UTC.
  package static func all() -> [(name: String, value: String)] {
    let facts: [(String, String?)] = [
      ("Processor", field("model name", of: "/proc/cpuinfo")),
      ("CPUs", String(CPUs.available)),
      ("Memory", memory),
      ("Kernel", ProcessFile("/proc/sys/kernel/osrelease").map { "Linux " + trimmed($0.text) }),
      ("Time", now()),
    ]
    return facts.compactMap { name, value in value.map { (name, $0) } }
  }

  /// Such as "16 GiB", or "16 GiB, of which a cgroup grants 512 MiB".
  private static var memory: String? {
    let all = ProcessFile("/proc/meminfo")?.number(after: "MemTotal:").map { "\(($0 + 524_288) / 1_048_576) GiB" }
    guard let all, let limit = MemoryLimit.current else { return all }
    return "\(all), of which a cgroup grants \(ByteCount.text(limit.bytes))"
  }

  /// When the kernel gives huge pages without being asked, such as "madvise"; nil where it does not say.
  package static var hugePages: String? {
    let choices = ProcessFile("/sys/kernel/mm/transparent_hugepage/enabled")?.text
    return choices?.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("[") }.map {
      String($0.dropFirst().dropLast())
    }
  }

  /// The limits of this process that batches meet first (getrlimit(2)), such as "1,024 descriptors, 512 MiB of address space".
  package static var limits: String {
    func soft(_ resource: __rlimit_resource) -> Int? {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
        return nil
      }
      return Int(clamping: limit.rlim_cur)
    }
    let descriptors = soft(RLIMIT_NOFILE).map { "\($0) descriptors" } ?? "any number of descriptors"
    let space = soft(RLIMIT_AS).map { "\(ByteCount.text($0)) of address space" } ?? "any address space"
    return "\(descriptors), \(space)"
  }

  /// The value behind the first "name : value" of a file.
  private static func field(_ name: String, of path: String) -> String? {
    let line = ProcessFile(path)?.text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: ":", maxSplits: 1).last.map { trimmed(String($0)) }
  }

  private static func trimmed(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Such as 2026-01-31 12:00 UTC.
  private static func now() -> String? {
    var seconds = time(nil)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return nil }
    var text = [CChar](repeating: 0, count: 64)
    guard strftime(&text, text.count, "%Y-%m-%d %H:%M UTC", &parts) > 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
