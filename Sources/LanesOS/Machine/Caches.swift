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

  /// Those of the machine this runs on; nil when the system does not say.
  package static let found: Caches? = {
    let level1 = sysconf(Int32(_SC_LEVEL1_DCACHE_SIZE))
    let level2 = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
    return level1 > 0 && level2 > 0 ? Caches(level1: level1, level2: level2) : nil
  }()
}
