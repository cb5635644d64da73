import CLinux
import Glibc

/// How many CPUs this process may use.
package enum CPUs {
  /// The affinity mask's size, or the cgroup's CPU quota rounded up where that is less; at least 1.
  package static var available: Int {
    let allowed = max(1, Int(clinux_cpu_count()))
    guard let quota = cgroupQuota() else { return allowed }
    return max(1, min(allowed, Int(quota.rounded(.up))))
  }

  /// CPUs that cgroup version 2 (cpu.max) or 1 (cpu.cfs_quota_us) grants on the way from this process's group to the root;
  /// nil without a limit.
  static func cgroupQuota(
    membership: String? = ProcessFile.cgroups?.text, read: (String) -> String? = { ProcessFile($0)?.text }
  ) -> Double? {
    let quotas = Cgroups.folders(of: "cpu", membership: membership).compactMap { folder in
      folder.isUnified ? unified(folder.path, read) : legacy(folder.path, read)
    }
    return quotas.min()
  }

  /// "max 100000" or "150000 100000": quota and period in microseconds.
  private static func unified(_ folder: String, _ read: (String) -> String?) -> Double? {
    guard let text = read(folder + "cpu.max") else { return nil }
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
      return nil
    }
    return quota / period
  }

  private static func legacy(_ folder: String, _ read: (String) -> String?) -> Double? {
    let base = folder + "cpu.cfs_"
    func value(_ name: String) -> Double? {
      read(base + name).flatMap { $0.split(whereSeparator: \.isWhitespace).first }.flatMap { Double($0) }
    }
    guard let quota = value("quota_us"), let period = value("period_us"), quota > 0, period > 0 else { return nil }
    return quota / period
  }
}

/// Memory that a new allocation could use without swapping, in bytes, and no more than this process's address space
/// (RLIMIT_AS, `ulimit -v`) and memory cgroups have left; nil where /proc does not say.
///
/// - Parameter includingSwap: counts swap space that is free as well.
package func availableMemory(includingSwap: Bool = false) -> Int? {
  let facts = ProcessFile("/proc/meminfo")
  let swap = includingSwap ? facts?.number(after: "SwapFree:") ?? 0 : 0
  let free = facts?.number(after: "MemAvailable:").map { ($0 + swap) * 1024 }
  return [free, addressSpaceLeft(), MemoryLimit.current?.left].compactMap { $0 }.min()
}

/// Bytes that may still be mapped; nil without a limit.
private func addressSpaceLeft() -> Int? {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max,
    let used = ProcessFile("/proc/self/statm")?.number(after: "")
  else { return nil }
  return max(0, Int(clamping: limit.rlim_cur) - used * Int(getpagesize()))
}

/// How many more descriptors this process may open.
package func descriptorsLeft() -> Int {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 64 }
  return max(0, Int(clamping: limit.rlim_cur) - openDescriptorCount())
}

/// Descriptors open now, as /proc/self/fd lists them.
package func openDescriptorCount() -> Int {
  guard let directory = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(directory) }
  var count = 0
  while readdir(directory) != nil { count += 1 }
  return count - 3  // ".", ".." and the listing's own descriptor
}
