import LanesOS

/// Memory for a table of `count` slots, every byte 0, at the start of a cache line; the caller deallocates it.
///
/// Large tables are in large pages where there are any: a table that is doubled until it holds a million keys spends over a
/// third of its time on faults otherwise.
func zeroedTable<Slot>(of count: Int, _: Slot.Type = Slot.self) -> UnsafeMutablePointer<Slot> {
  let size = count * MemoryLayout<Slot>.stride
  let memory: UnsafeMutableRawPointer =
    size < LargePages.size
    ? .allocate(byteCount: size, alignment: 64) : UnsafeMutableRawPointer(LargePages.allocate(count: size))
  memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  return memory.assumingMemoryBound(to: Slot.self)
}
