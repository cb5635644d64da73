import CLab
import LanesOS
import LanesReport

extension Experiment {
  static let uring = Experiment(
    "uring", .kernel, title: "io_uring: reads by calls one at a time, and by a ring many at a time",
    short: "io_uring batches calls and waits for none",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .events),
        "a ring hands over many reads in one call: with 64 in flight, 16 or more for each",
        .value("reads a submission", within: .atLeast(16), counts: "reads for each io_uring_enter(2), 64 in flight")),
      LabClaim(
        "b", from: .course(.processes, ostep: .events),
        "so reads from memory are faster: at most 0.8 of the time of calls",
        .ratio(of: "in memory, ring of 64", to: "in memory, pread", within: .atMost(0.8)),
        ifRefuted: "Crossing is the smaller part of such a read; queues and completions cost as well."),
      LabClaim(
        "c", from: .course(.processes, ostep: .events),
        "reads from the disk overlap: 64 at once take a quarter of the time of one after the other, or less",
        .ratio(of: "from the disk, ring of 64", to: "from the disk, pread", within: .atMost(0.25))),
    ],
    method: [
      "4 KiB are read at places by chance of a file of 32 MiB: by pread(2), and by rings of 1, 16 and 64 requests in flight.",
      "In memory the file stays; for the disk its pages are dropped before each batch (posix_fadvise(2)), outside the clock.",
      "The ring is the one that lanes --mode eventloop loads files with; nothing is registered, so bytes are copied once.",
      "Misleading: 'zero-copy' needs registered buffers; and a virtual disk may lie in the memory of the machine beneath.",
    ],
    loop: "if (pread(file->file, file->room, 4096, (off_t)at) != 4096) return -1;"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    guard let file = clab_file_new("/var/tmp", 32 << 20) else {
      result.require(false, "no file of 32 MiB could be made in /var/tmp")
      return result
    }
    defer { clab_file_free(file) }
    let rings = [1, 16, 64].compactMap { depth in RingReader(file, depth: depth) }
    guard rings.count == 3 else {
      result.isFacilityMissing = true
      result.require(false, "this kernel has no io_uring, or refuses it here")
      return result
    }
    func variants(_ place: String, dropping: Bool) -> [LabVariant] {
      [LabVariant("\(place), pread", most: 1, per: 64) { _ in clab_file_reads(file, 64, dropping) }]
        + rings.map { ring in
          LabVariant("\(place), ring of \(ring.depth)", most: 1, per: 64, clock: .wallOfSeveral) { _ in
            ring.read(64, dropping: dropping)
          }
        }
    }
    loop.measure(variants("in memory", dropping: false), share: 0.5, into: &result)
    result.values["reads a submission"] = Double(rings[2].reads) / Double(max(1, rings[2].submissions))
    loop.measure(variants("from the disk", dropping: true), share: 0.5, into: &result)
    // Reads that were still in memory would make both look fast.
    let (memory, disk) = (result["in memory, pread"]?.p50 ?? 0, result["from the disk, pread"]?.p50 ?? 0)
    result.require(
      disk > 4 * memory, "the pages of the file could not be dropped from memory, or lie there anyhow", for: "c")
    return result
  }
}

/// A ring and room for its reads.
private final class RingReader {
  let depth: Int
  private let file: OpaquePointer
  private let ring: CompletionRing
  private let room: UnsafeMutableRawBufferPointer
  private(set) var reads = 0
  private(set) var submissions = 0

  /// Nil where the kernel has no ring for us.
  init?(_ file: OpaquePointer, depth: Int) {
    guard let ring = try? CompletionRing(depth: depth, submit: { $0() }) else { return nil }
    self.file = file
    self.depth = depth
    self.ring = ring
    room = UnsafeMutableRawBufferPointer.allocate(byteCount: depth * 4096, alignment: 4096)
  }

  deinit { room.deallocate() }

  /// Nanoseconds of `count` reads with `depth` in flight at most; below 0 when one failed.
  func read(_ count: Int, dropping: Bool) -> Int64 {
    if dropping { clab_file_drop(file) }
    let number = clab_file_number(file)
    var (asked, done) = (0, 0)
    var free = Array(0..<depth)
    let start = clab_now()
    while done < count {
      while asked < count, let slot = free.popLast() {
        let place = UnsafeMutableRawBufferPointer(rebasing: room[slot * 4096..<(slot + 1) * 4096])
        let offset = Int(clab_file_place(file))
        ring.prepare(.read(number, into: place, at: offset, .whenReady), token: UInt64(slot))
        asked += 1
      }
      if ring.isDirty {
        guard (try? ring.submit()) != nil else { return -1 }
        submissions += 1
      }
      let before = done
      while let (token, result) = ring.nextCompletion() {
        guard result == 4096 else { return -1 }
        free.append(Int(token))
        done += 1
      }
      if done == before {
        guard (try? DescriptorIO.wait(for: [(ring.wakeDescriptor, .readable)])) != nil else { return -1 }
        ring.resetWake()
      }
    }
    reads += count
    return clab_now() - start
  }
}
