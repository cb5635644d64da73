import Glibc

/// Sizes of the data caches that one CPU sees, in bytes.
package struct Caches: Sendable, Equatable {
  package let level1: Int
  package let level2: Int

  package init(level1: Int, level2: Int) {
    self.level1 = level1
    self.level2 = level2
  }

  /// What most machines have; taken where the system says nothing, as in some virtual machines.
  package static let usual = Caches(level1: 32 << 10, level2: 256 << 10)

  /// An environment variable that names other sizes than the machine's, in bytes: `LANES_CACHES=32768,1048576`.
  package static let variable = "LANES_CACHES"

  /// Those that the environment names, else those of the machine this runs on; nil when the system does not say.
  package static let found: Caches? = {
    if let given { return Caches(level1: given[0], level2: given[1]) }
    let level1 = sysconf(Int32(_SC_LEVEL1_DCACHE_SIZE))
    let level2 = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
    return level1 > 0 && level2 > 0 ? Caches(level1: level1, level2: level2) : nil
  }()

  /// What is wrong with the environment variable; nil where it is right or missing.
  package static var problem: String? {
    text.isEmpty || given != nil
      ? nil : "\(variable) names no caches: the bytes of L1 and of L2 are expected, such as 32768,1048576"
  }

  private static let text = getenv(variable).map { String(cString: $0) } ?? ""

  /// Both sizes: at least 4 KiB, and at most 1 GiB.
  private static let given: [Int]? = {
    let sizes = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    return sizes.count == 2 && sizes.allSatisfy((4 << 10...1 << 30).contains) ? sizes : nil
  }()
}
