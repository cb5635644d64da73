import Glibc

/// What machine this is, for reports: names and values, those that can be read.
package enum MachineFacts {
  /// Processor, CPUs, memory, kernel, and the time in UTC.
  package static func all() -> [(name: String, value: String)] {
    let facts: [(String, String?)] = [
      ("Processor", field("model name", of: "/proc/cpuinfo")),
      ("CPUs", String(CPUs.available)),
      ("Memory", ProcessFile("/proc/meminfo")?.number(after: "MemTotal:").map { "\(($0 + 524_288) / 1_048_576) GiB" }),
      ("Kernel", ProcessFile("/proc/sys/kernel/osrelease").map { "Linux " + trimmed($0.text) }),
      ("Time", now()),
    ]
    return facts.compactMap { name, value in value.map { (name, $0) } }
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
