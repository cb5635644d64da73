import LanesOS

/// Memory for a table of `count` slots, every byte 0, at the start of a cache line; the caller deallocates it.
///
/// Large tables are in huge pages where there are any: a table that is doubled until it holds a million keys spends over a third of its
/// time on faults otherwise.
func zeroedTable<Slot>(of count: Int, _: Slot.Type = Slot.self) -> UnsafeMutablePointer<Slot> {
  let size = count * MemoryLayout<Slot>.stride
  let isLarge = size >= HugePages.size
  let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: isLarge ? HugePages.size : 64)
  if isLarge { HugePages.advise(memory, byteCount: size) }
  memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  return memory.assumingMemoryBound(to: Slot.self)
}
