import Glibc

/// What the memory cgroups of this process grant (cgroups(7)); a process that takes more is killed.
package struct MemoryLimit: Equatable, Sendable {
  /// Bytes that the tightest group on the way to the root may hold, and the fewest that are left in one of them; page cache
  /// that nobody uses counts as left, since the kernel takes it back.
  package let bytes: Int
  package let left: Int

  /// Of this process now; nil without a limit.
  package static var current: MemoryLimit? { MemoryLimit() }

  /// - Parameters:
  ///   - membership: the groups of the process, as /proc/self/cgroup lists them.
  ///   - read: what a file holds; nil where there is none.
  init?(
    membership: String? = ProcessFile.cgroups?.text, read: (String) -> ProcessFile? = { ProcessFile($0) }
  ) {
    var bytes: Int?
    var left: Int?
    for group in Cgroups.folders(of: "memory", membership: membership) {
      let names = group.isUnified ? Self.unified : Self.legacy
      // Version 1 says "no limit" by a number that no machine has, and then nothing is to be asked of how much is used.
      guard let limit = read(group.path + names.limit)?.number(after: ""), limit < 1 << 60 else { continue }
      let used = read(group.path + names.used)?.number(after: "") ?? 0
      let cached = read(group.path + "memory.stat")?.number(after: names.cached) ?? 0
      bytes = min(bytes ?? limit, limit)
      left = min(left ?? limit, max(0, limit - max(0, used - cached)))
    }
    guard let bytes, let left else { return nil }
    self.bytes = bytes
    self.left = left
  }

  private typealias Names = (limit: String, used: String, cached: String)
  private static let unified: Names = ("memory.max", "memory.current", "\ninactive_file ")
  private static let legacy: Names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "\ntotal_inactive_file ")
}
