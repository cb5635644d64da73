import CLab
import LanesOS
import LanesReport

extension Experiment {
  static let tlb = Experiment(
    "tlb", .storage, title: "Address translation: what a page costs that the TLB does not know",
    short: "a TLB miss costs 10,000 cycles",
    claims: [
      LabClaim(
        "a", from: .course(.lab, ostep: .tlbs), "a page that the TLB has forgotten costs about 10,000 cycles",
        .quantity(of: "extra a step, cycles", within: .about(10_000)),
        ifRefuted: "The processor walks the tables itself, mostly in its caches."),
      LabClaim(
        "b", from: .course(.manual("madvise(2)"), ostep: .smallerTables),
        "huge pages need fewer entries, so that a chase through 128 MiB is quicker",
        .ratio(of: "32,768 pages, huge", to: "32,768 pages", within: .atMost(0.9))),
    ],
    method: [
      "A chain of pointers leads through all pages in an order by chance, one cache line of each: the next address is known "
        + "only when this one was read, so nothing can be fetched ahead.",
      "The same lines lie on pages of 4 KiB and, where the kernel gives them (it must say so in smaps), of 2 MiB.",
      "Misleading: far fewer pages miss the TLB than miss the caches; on a virtual machine tables are walked twice.",
    ],
    loop: "for (long i = 0; i < n; i++) place = *place;"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    guard let free = availableMemory(), free > 1 << 30 else {
      result.require(false, "less than 1 GiB of memory is free")
      return result
    }
    var chases: [OpaquePointer] = []
    var variants: [LabVariant] = []
    for (pages, text) in [(64, "64"), (1_024, "1,024"), (32_768, "32,768")] {
      for isHuge in pages == 64 ? [false] : [false, true] {
        guard let chase = clab_chase_new(pages, isHuge) else { continue }
        chases.append(chase)
        if isHuge, !clab_chase_is_huge(chase) {
          result.require(false, "the kernel gave no huge pages")
          continue
        }
        // Once around, so that caches hold what they can.
        _ = clab_chase_steps(chase, pages)
        variants.append(LabVariant("\(text) pages" + (isHuge ? ", huge" : "")) { clab_chase_steps(chase, $0) })
      }
    }
    loop.measure(variants, into: &result)
    for chase in chases { clab_chase_free(chase) }
    if let gigahertz = LabMachine.gigahertz, let small = result["32,768 pages"], let huge = result["32,768 pages, huge"]
    {
      result.figures.append(
        LabFigure("extra a step, cycles", .count, sumOf: [small], less: [huge], times: gigahertz))
    } else {
      result.require(false, "the kernel does not tell the processor's frequency, or gave no huge pages", for: "a")
    }
    return result
  }

  static let mmap = Experiment(
    "mmap", .storage, title: "Mapping and reading: two ways to the same bytes of a file in memory",
    short: "mmap copies nothing, so it is faster",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .completeSystems),
        "bytes in order: a mapping is faster than read, at most 0.8 of its time",
        .ratio(of: "1 KiB mapped", to: "1 KiB read, 64 KiB each", within: .atMost(0.8)),
        ifRefuted:
          "It copies nothing, but each page that is touched first has to be put into the table: a fault for 16 pages, or one."
      ),
      LabClaim(
        "b", from: .course(.processes, ostep: .completeSystems),
        "64 bytes here and there: a mapping is five times as fast as calls, or more",
        .ratio(of: "64 B at random, pread", to: "64 B at random, mapped", within: .atLeast(5)),
        ifConfirmed: "No call for each."),
    ],
    method: [
      "A file of 32 MiB that is in memory is summed from its beginning to its end, again and again: by read(2) into one buffer, "
        + "and through a mapping that is made anew each time, filled page by page or at once (MAP_POPULATE).",
      "Then 64 bytes at places by chance, by pread(2) and through one mapping that stays.",
      "All ways must come to the same sum for the same bytes.",
      "Misleading: it depends on how many pages the file system maps at a fault. A mapped file that shrinks ends the reader by SIGBUS.",
    ],
    loop: "*sum += sum_words(file->fresh + place, bytes);"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    let whole = 32 << 20
    let step = 256 << 10
    let kinds: [(String, clab_reading, Int, Double)] = [
      ("1 KiB read, 4 KiB each", CLAB_READ, 4096, 1), ("1 KiB read, 64 KiB each", CLAB_READ, 65_536, 1),
      ("1 KiB mapped", CLAB_MAP, 0, 1), ("1 KiB mapped, filled at once", CLAB_MAP_POPULATED, 0, 1),
      ("64 B at random, pread", CLAB_PREAD_RANDOM, 64, 0), ("64 B at random, mapped", CLAB_MAP_RANDOM, 64, 0),
    ]
    let files = kinds.map { _ in clab_file_new("/var/tmp", whole) }
    defer { for file in files.compactMap({ $0 }) { clab_file_free(file) } }
    guard files.allSatisfy({ $0 != nil }) else {
      result.require(false, "no file of 32 MiB could be made in /var/tmp")
      return result
    }
    // The same bytes, the same sum, whichever way.
    var sums = [UInt64](repeating: 0, count: 4)
    for index in 0..<4 {
      for _ in 0..<whole / step { _ = clab_file_sum(files[index], kinds[index].1, step, kinds[index].2, &sums[index]) }
    }
    result.require(Set(sums).count == 1, "the ways of reading did not come to the same sum")
    var sum: UInt64 = 0
    loop.measure(
      zip(kinds, files).map { kind, file in
        let (name, reading, piece, ordered) = kind
        if ordered == 1 {
          return LabVariant(name, most: 1, per: Double(step / 1024)) { _ in
            clab_file_sum(file, reading, step, piece, &sum)
          }
        }
        return LabVariant(name, most: 4_000) { clab_file_sum(file, reading, 64 * $0, 64, &sum) }
      }, into: &result)
    return result
  }
}
