import LanesCore

/// A run as the block of text that `--stats` prints to standard error.
package enum StatsText {
  /// Lines without their ends: the totals, then one line per lane, a picture of the lanes over time where timelines were
  /// kept, then what there is to remark.
  package static func lines(_ record: RunRecord, width: Int = 80) -> [String] {
    let picture = Swimlanes([record], width: min(max(width, 40), 100) - 2).lines()
    return [title(record)] + totals(record).map { "  " + $0.0.rightPadded(to: 11) + $0.1 } + laneTable(record)
      + picture.map { "  " + $0 } + remarks(record)
  }

  private static func title(_ record: RunRecord) -> String {
    let failed = record.unitsFailed > 0 ? ", \(Readable.count(record.unitsFailed)) failed" : ""
    return "\(record.setup.title): \(Readable.counted(record.unitsDone, "unit")) done\(failed)"
  }

  private static func totals(_ record: RunRecord) -> [(String, String)] {
    let usage = record.usage
    return [
      ("wall", Readable.duration(nanoseconds: record.wall)),
      ("processor", processor(record)),
      (
        "switches",
        "\(Readable.count(usage.voluntarySwitches)) voluntary, "
          + "\(Readable.count(usage.involuntarySwitches)) involuntary"
      ),
      ("faults", "\(Readable.count(usage.minorFaults)) minor, \(Readable.count(usage.majorFaults)) major"),
      ("memory", memory(record)),
      (
        "bytes",
        "\(Readable.bytes(record.bytesIn)) in, \(Readable.bytes(record.bytesOut)) out, "
          + "\(Readable.bytes(record.bytesBetween)) between processes"
      ),
      ("storage", "\(bytes(usage.storageRead)) read, \(bytes(usage.storageWritten)) written"),
    ] + pressure(record) + startUp(record)
  }

  /// The machine's, other programs included; nothing where the kernel does not say.
  private static func pressure(_ record: RunRecord) -> [(String, String)] {
    guard let pressure = record.pressure else { return [] }
    let kinds = [("cores", pressure.cpu), ("storage", pressure.io), ("memory", pressure.memory)]
    let words = kinds.compactMap { name, time in time.map { "\(name) \(Readable.duration(nanoseconds: $0))" } }
    return words.isEmpty ? [] : [("pressure", "the machine was short of " + words.joined(separator: ", of "))]
  }

  private static func startUp(_ record: RunRecord) -> [(String, String)] {
    guard let slowest = record.lanes.compactMap(\.startUp).max() else { return [] }
    return [("start-up", "\(Readable.duration(nanoseconds: slowest)) until the last worker was ready")]
  }

  private static func processor(_ record: RunRecord) -> String {
    let usage = record.usage
    let lanes = record.setup.lanes
    let use = record.wall > 0 ? Double(usage.user + usage.system) / Double(record.wall) / Double(max(lanes, 1)) : 0
    return
      "\(Readable.duration(nanoseconds: usage.user)) user, \(Readable.duration(nanoseconds: usage.system)) system, "
      + "\(Readable.percent(use)) of \(Readable.counted(lanes, "lane"))"
  }

  private static func memory(_ record: RunRecord) -> String {
    guard !record.workers.isEmpty else { return "\(bytes(record.coordinator.peakMemory)) peak" }
    let peaks = record.workers.map { bytes($0.peakMemory) }
    let shown = peaks.prefix(8).joined(separator: ", ") + (peaks.count > 8 ? ", \(Glyphs.ellipsis)" : "")
    return
      "\(bytes(record.usage.peakMemory)) peak: coordinator \(bytes(record.coordinator.peakMemory)), workers \(shown)"
  }

  private static func laneTable(_ record: RunRecord) -> [String] {
    guard !record.lanes.isEmpty else { return [] }
    var table = TextTable(
      ["lane", "units", "load", "perform", "store", "idle"].map { .init([$0]) })
    for (number, share) in LaneShare.all(of: record).enumerated() {
      let shares = [share.loading, share.performing, share.storing, share.idling].map(Readable.percent)
      table.rows.append([String(number + 1), Readable.count(share.usage.units)] + shares)
    }
    return table.lines().map { "  " + $0 }
  }

  private static func remarks(_ record: RunRecord) -> [String] {
    var remarks = record.notes.map { "  note: \($0)" }
    if record.workersLost > 0 {
      let died = Readable.counted(record.workersLost, "worker process", "worker processes")
      remarks.append("  note: \(died) died and had to be replaced")
    }
    switch record.ending {
    case .complete: break
    case .signalled(let signal): remarks.append("  note: stopped early by signal \(signal)")
    case .satisfied: remarks.append("  note: ended early, since nothing more was asked")
    case .outputClosed: remarks.append("  note: stopped early, since standard output was closed")
    case .halted(let reason): remarks.append("  note: stopped early: \(reason)")
    }
    return remarks
  }

  private static func bytes(_ value: Int?) -> String { value.map(Readable.bytes) ?? "unknown" }
}
