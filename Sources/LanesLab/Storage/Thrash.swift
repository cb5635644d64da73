import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  /// Working sets in parts of the memory that there is for them.
  private static let parts = [0.25, 0.5, 0.75, 1.25, 1.5, 2]
  private static func name(_ part: Double) -> String { Readable.fixed(part, digits: 2) + " of memory" }

  static let thrash = Experiment(
    "thrash", .storage, title: "Thrashing: a working set that is larger than memory",
    short: "a working set beyond memory makes all crawl",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, ostep: .replacement),
        "a working set half as large again as memory costs 100 times as much a touch as one that fits, or more",
        .ratio(of: name(1.5), to: name(0.75), within: .atLeast(100))),
      LabClaim(
        "b", from: .course(.glossary, ostep: .replacement),
        "it is a cliff: round and round, a quarter too much makes nearly every touch wait for the disk",
        .value("faults a touch", within: 0.8...1.1, counts: "major faults for each page that was touched"),
        ifConfirmed: "What went out longest ago is what is needed next.",
        ifRefuted: "What makes room is not always what went out longest ago, so that some pages stay."),
      LabClaim(
        "c", from: .course(.glossary, ostep: .replacement),
        "the processor has little to do meanwhile: it is busy for three quarters of the time at most",
        .value("processor", within: 0...0.75, counts: "processor time over wall time, beyond memory"),
        ifConfirmed: "A system that takes an idle processor for a reason to start more makes it worse."),
    ],
    method: [
      "Pages of a file are touched in their order, round and round, through a mapping, by a process that may keep 8 MiB of it in "
        + "memory. A touch of the figure is one page.",
      "The limit is that of a control group, where this process may make one (memory.max, or memory.limit_in_bytes of version 1); "
        + "elsewhere pages that were touched longest ago are dropped by hand (posix_fadvise(2)), outside the clock. The picture says "
        + "which.",
      "The kernel must count major faults beyond memory and none within (ru_majflt); a group counts its refaults as well, "
        + "workingset_refault_file of memory.stat: pages that were fetched again soon after they went out.",
      "Swapping is the same with memory that belongs to no file: it goes out to a swap device and comes back. pswpout and pswpin of "
        + "/proc/vmstat count those pages since the system started; where both go up by hundreds a second (vmstat 1, si and so), the "
        + "machine thrashes. This experiment uses pages of a file, so that it takes memory from nobody and needs no swap.",
      "Misleading: a virtual disk may lie in the memory of the machine beneath; a disk that turns makes the cliff 100 times as high.",
    ],
    loop: "for (int i = 0; i < STEP; i++) (void)memory[(place + (size_t)i) * PAGE];",
    picture: { result, width in
      guard let way = result.texts["way"] else { return [] }
      let values = parts.map { result[name($0)]?.p50 }
      let plot = LabPlot(
        parts.map { Readable.fixed($0, digits: 2) }, .nanoseconds, [LabPlot.Line("a touch, by working set", values)],
        width: width)
      return plot.text + ComparisonText.wrap(way, width: width) + [result.texts["swap"]].compactMap(\.self)
    }
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    let pages = 2_048
    guard let room = clab_room_new("/var/tmp", pages, 2 * pages) else {
      result.require(false, "no file of 16 MiB could be made in /var/tmp")
      return result
    }
    defer { clab_room_free(room) }
    let isGroup = MemoryGroups.parents.contains { clab_room_limit(room, $0.path, $0.isUnified) }
    let swapped = MemoryGroups.swapped
    measureRounds(room, pages, Int64(loop.seconds * 1e9) / Int64(parts.count), into: &result)
    if let before = swapped, let after = MemoryGroups.swapped {
      result.texts["swap"] =
        "pswpin and pswpout of the machine meanwhile: \(after.in - before.in), \(after.out - before.out)."
    }
    let refaults = result.values["refaults"].map { " It counted \(Readable.count(Int($0))) refaults." } ?? ""
    result.texts["way"] =
      isGroup
      ? "Memory is what a control group grants: 8 MiB.\(refaults)"
      : "Memory is a window of 8 MiB: this process may make no control group, so it drops pages by hand."
    return result
  }

  private static func measureRounds(
    _ room: OpaquePointer, _ pages: Int, _ span: Int64, into result: inout LabMeasurements
  ) {
    var (within, beyond, refaults) = (clab_rounds(), clab_rounds(), Int64(0))
    for part in parts {
      var samples = [Double](repeating: 0, count: 20_000)
      var seen = clab_rounds()
      let count = clab_room_rounds(room, Int(part * Double(pages)), span, &samples, 20_000, &seen)
      guard count > 0 else { continue }
      result.figures.append(
        LabFigure(
          name(part), samples: Array(samples.prefix(Int(count))), batch: Double(seen.wall) / Double(count),
          cpuPerWall: Double(seen.processor) / Double(max(1, seen.wall)),
          counters: [
            LabFigure.Counter("operations", Double(seen.touches)),
            LabFigure.Counter("major_faults", Double(seen.majors)),
          ]))
      if part < 1 { within.add(seen) } else { beyond.add(seen) }
      if part > 1, seen.refaults >= 0 { refaults += seen.refaults }
    }
    if refaults > 0 { result.values["refaults"] = Double(refaults) }
    guard within.touches > 0, beyond.touches > 0 else { return }
    let missed = Double(beyond.majors) / Double(beyond.touches)
    result.values["faults a touch"] = result.rate("major_faults", of: name(1.25))
    // What was waited for a core is no idleness.
    result.values["processor"] =
      Double(beyond.processor) / Double(max(1, beyond.wall - min(beyond.delay, beyond.wall / 2)))
    result.require(
      Double(within.majors) < 0.1 * Double(within.touches),
      "pages within memory went to the disk as well: other programs need the memory, or the limit")
    result.require(missed > 0.1, "the kernel counted no major faults: the file lies in memory, whatever is dropped")
  }
}

extension clab_rounds {
  fileprivate mutating func add(_ other: clab_rounds) {
    touches += other.touches
    wall += other.wall
    processor += other.processor
    delay += other.delay
    majors += other.majors
  }
}

/// Where a control group with a limit of memory may be made, and what the machine swapped.
enum MemoryGroups {
  /// Folders of the groups of this process, from its own to the root.
  static var parents: [Cgroups.Folder] {
    Cgroups.folders(of: "memory", membership: ProcessFile.cgroups?.text).map {
      Cgroups.Folder(path: String($0.path.dropLast()), isUnified: $0.isUnified)
    }
  }

  /// Pages that came back from swap and went there since the system started; nil where it is not told.
  static var swapped: (in: Int, out: Int)? {
    let file = ProcessFile("/proc/vmstat")
    guard let came = file?.number(after: "\npswpin "), let went = file?.number(after: "\npswpout ") else { return nil }
    return (came, went)
  }
}
