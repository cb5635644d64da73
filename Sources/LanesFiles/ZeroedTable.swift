/// Memory for a kernel's table of `count` slots, every byte 0, at the start of a cache line; the caller deallocates it.
func zeroedTable<Slot>(of count: Int, _: Slot.Type = Slot.self) -> UnsafeMutablePointer<Slot> {
  let size = count * MemoryLayout<Slot>.stride
  let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
  memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  return memory.assumingMemoryBound(to: Slot.self)
}
