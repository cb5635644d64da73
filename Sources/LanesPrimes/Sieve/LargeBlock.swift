import LanesOS
import Synchronization

/// Memory in large pages that goes to whoever needs such a block next when it is released.
///
/// Where each of many units needs the same few blocks, the system would otherwise clear their pages anew for each. No more
/// memory is kept than was in use at one time.
struct LargeBlock: ~Copyable {
  /// What it holds is undefined.
  let start: UnsafeMutablePointer<UInt8>
  private let count: Int

  /// A block that nobody uses.
  private struct Spare: @unchecked Sendable {
    // Only whoever takes it out of the list touches the memory.
    let start: UnsafeMutablePointer<UInt8>
    let count: Int
  }

  private static let spares = Mutex<[Spare]>([])

  /// At least `count` bytes. Any thread.
  init(count: Int) {
    let rounded = (count + LargePages.size - 1) / LargePages.size * LargePages.size
    let spare = Self.spares.withLock { spares -> Spare? in
      // The smallest that fits: a bitmap that took the buckets' larger block would leave them none, in every unit.
      let fitting = spares.indices.filter { spares[$0].count >= rounded && spares[$0].count <= 2 * rounded }
      if let index = fitting.min(by: { spares[$0].count < spares[$1].count }) { return spares.remove(at: index) }
      // Another size is asked for now: those left over would only stay.
      for spare in spares { spare.start.deallocate() }
      spares = []
      return nil
    }
    start = spare?.start ?? LargePages.allocate(count: rounded)
    self.count = spare?.count ?? rounded
  }

  deinit {
    let spare = Spare(start: start, count: count)
    Self.spares.withLock { $0.append(spare) }
  }
}
