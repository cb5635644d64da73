import CLab
import LanesReport

extension Experiment {
  static let fault = Experiment(
    "fault", .storage, title: "Page faults: what the first touch of a page costs",
    short: "a minor fault costs 1 µs, a major one 10 ms",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .swapping), "a minor fault costs about 1 µs",
        .quantity(of: "first write", within: .about(1_000))),
      LabClaim(
        "b", from: .course(.processes, ostep: .swapping), "a major fault, which waits for the disk, costs about 10 ms",
        .quantity(of: "from the disk", within: .about(10_000_000)),
        ifRefuted: "That is the time of a disk that turns; flash memory answers within tens of microseconds."),
      LabClaim(
        "c", from: .course(.processes, ostep: .swapping),
        "a page costs its fault once: the second touch is 100 times cheaper, or more",
        .ratio(of: "first write", to: "second write", within: .atLeast(100))),
    ],
    published: [
      LabPublished(
        "first write", 1_013...4_025, source: "i7, Linux 6.6, median and 95th percentile",
        address: "https://ddumbying.vercel.app/experiments/pagefault-latency"),
      LabPublished(
        "flash", 150_000, source: "latency numbers, 4 KiB at random",
        address: "https://sylab-srv.cs.fiu.edu/_export/xhtml/resources/latencies"),
      LabPublished(
        "disk", 10_000_000, source: "latency numbers, one seek",
        address: "https://sylab-srv.cs.fiu.edu/_export/xhtml/resources/latencies"),
    ],
    method: [
      "Pages are mapped and a byte of each is written, 32 to a batch, without huge pages.",
      "The kernel must count one minor fault for each page that is written first (ru_minflt).",
      "For major faults a file of chance bytes is written below the folder for temporary files that stay, its pages are "
        + "dropped from memory (posix_fadvise(2)), and pages are touched at random through a mapping. The kernel must count "
        + "nine major faults of ten touches (ru_majflt), or the claim stays open: the pages were still in memory.",
      "Misleading: a virtual disk may lie in the memory of the machine beneath; a file system may map 16 pages at a fault.",
    ],
    loop: "for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 2;"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    let pages = 32
    func variant(_ name: String, _ kind: clab_touch) -> LabVariant {
      LabVariant(name, most: 1, per: Double(pages)) { _ in clab_touch(pages, kind) }
    }
    loop.measure(
      [
        variant("first write", CLAB_FIRST), variant("first read", CLAB_ZERO_PAGE),
        LabVariant("second write", most: 1, per: Double(pages * Int(CLAB_PASSES))) { _ in clab_touch(pages, CLAB_AGAIN)
        },
        variant("filled in advance", CLAB_POPULATED),
      ], share: 0.7, into: &result)
    result.require(
      result.rate("minor_faults", of: "first write") > Double(pages) * 0.9,
      "the kernel counted fewer faults than pages were touched", for: "a")
    measureMajorFaults(into: &result)
    return result
  }

  private static func measureMajorFaults(into result: inout LabMeasurements) {
    let limit = 400
    var times = [Int64](repeating: 0, count: limit)
    var major: Int64 = 0
    let count = clab_major("/var/tmp", &times, Int32(limit), &major)
    guard count > 0 else { return }
    result.figures.append(
      LabFigure(
        "from the disk", samples: times.prefix(Int(count)).map(Double.init), needed: 100,
        counters: [LabFigure.Counter("operations", Double(count)), LabFigure.Counter("major_faults", Double(major))]))
    result.require(
      Double(major) >= 0.9 * Double(count),
      "only \(major) of \(count) touches went to the disk: the file was still in memory, or lies in it", for: "b")
  }
}
