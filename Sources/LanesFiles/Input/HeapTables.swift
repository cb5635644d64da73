import LanesCore
import LanesOS

/// Memory for `count` slots, every byte 0 at first, at the start of a cache line.
///
/// Large tables are in large pages where there are any: a table that is doubled until it holds a million keys spends over a
/// third of its time on faults otherwise. Memory that is refused is a failure of the unit, not the end of the process.
struct ZeroedTable<Slot: BitwiseCopyable>: ~Copyable {
  private let memory: HeapMemory
  let count: Int

  /// No slots at all, and no memory.
  init() {
    memory = HeapMemory()
    count = 0
  }

  init(count: Int) throws(UnitFailure) {
    do throws(MemoryShortage) {
      memory = try HeapMemory(zeroed: count * MemoryLayout<Slot>.stride)
    } catch {
      throw .noMemory(error)
    }
    self.count = count
  }

  /// The first slot; not to be asked for where there is none.
  var base: UnsafeMutablePointer<Slot> { memory.base.unsafelyUnwrapped.assumingMemoryBound(to: Slot.self) }

  /// Adds slots, every byte 0, behind those there are. When it throws the table is as before.
  mutating func grow(to larger: Int) throws(UnitFailure) {
    let new = try ZeroedTable(count: larger)
    new.base.update(from: base, count: count)
    self = new
  }
}

/// A list that grows as an array does, except that memory that is refused is a failure of the unit, not the end of the process.
struct HeapList<Element>: ~Copyable {
  private var memory = HeapMemory()
  private(set) var base: UnsafeMutablePointer<Element>?
  private var capacity = 0
  private(set) var count = 0

  deinit { base?.deinitialize(count: count) }

  subscript(index: Int) -> Element {
    @inline(__always) get { base.unsafelyUnwrapped[index] }
    @inline(__always) nonmutating _modify { yield &base.unsafelyUnwrapped[index] }
  }

  @inline(__always) mutating func append(_ element: Element) throws(UnitFailure) {
    if count == capacity { try grow(to: count + 1) }
    (base.unsafelyUnwrapped + count).initialize(to: element)
    count += 1
  }

  /// Takes all elements away; the memory stays.
  mutating func removeAll() {
    base?.deinitialize(count: count)
    count = 0
  }

  /// Room for `needed` elements at least, and for twice as many as there was room for.
  private mutating func grow(to needed: Int) throws(UnitFailure) {
    let room = max(needed, 2 * capacity, 64)
    let larger: HeapMemory
    do throws(MemoryShortage) {
      larger = try HeapMemory(room * MemoryLayout<Element>.stride)
    } catch {
      throw .noMemory(error)
    }
    let new = larger.base.unsafelyUnwrapped.bindMemory(to: Element.self, capacity: room)
    if let base { new.moveInitialize(from: base, count: count) }
    memory = larger
    base = new
    capacity = room
  }
}

extension HeapList<UInt8> {
  @inline(__always) mutating func append(contentsOf bytes: UnsafeRawBufferPointer) throws(UnitFailure) {
    if count + bytes.count > capacity { try grow(to: count + bytes.count) }
    // Without bytes there may be no memory to copy to.
    guard let from = bytes.baseAddress, !bytes.isEmpty else { return }
    UnsafeMutableRawPointer(base.unsafelyUnwrapped + count).copyMemory(from: from, byteCount: bytes.count)
    count += bytes.count
  }
}

extension UnitFailure {
  /// Throws where `bytes` of memory would be refused now; see `HeapMemory.check`.
  static func checkMemory(_ bytes: Int) throws(UnitFailure) {
    do throws(MemoryShortage) {
      try HeapMemory.check(bytes)
    } catch {
      throw .noMemory(error)
    }
  }
}
