import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// Makes a part of the run file of a shard that is through: units in their order, each once, and of workloads that allow
/// it one partial result for each row.
///
/// The part has its name only when it is whole and on stable storage. Memory holds places of records, one block of the
/// part, and the row in hand.
package struct PartSealer {
  private let plan: FrozenPlan
  private let shard: Int

  /// Bytes of records that are written as one group.
  private static let groupBytes = 4 << 20

  package init(_ plan: FrozenPlan, shard: Int) {
    self.plan = plan
    self.shard = shard
  }

  /// Writes the part to a plan's folder; where another attempt was quicker, its part stays.
  ///
  /// - Parameters:
  ///   - run: what the attempt has written down.
  ///   - compactor: of the workload, if it has one.
  /// - Throws: where a unit has no record that counts, or nothing can be written.
  package func seal(
    _ run: EarlierRun, _ compactor: (any Compactor)?, units: any RunFileSource, in folder: FilePath
  ) throws(ClusterError) {
    let path = Part.path(folder, shard: shard)
    let places = try places(of: run)
    do throws(LockedFile.Problem) {
      let file = try LockedFile.unnamed(for: path)
      do throws(SystemError) {
        var end = 0
        try write(run, places, compactor, units) { (bytes) throws(SystemError) in
          try file.write(bytes, at: end)
          end += bytes.count
        }
        try file.sync()
        try file.giveName(path)
        try Folders.sync(FrozenPlan.partsFolder(folder))
      } catch {
        throw .system(error)
      }
    } catch {
      switch error {
      case .inUse: throw ClusterError(.system, "\(path.forDisplay) is in use")
      // Another attempt at the same shard was quicker; its part is as good.
      case .system(let error) where error.code == .fileExists: return
      case .system(let error): throw .unwritable(path, error)
      }
    }
  }

  /// Hands the part to `put`, piece by piece; see `seal`. Whoever reads it knows a part that is cut off.
  package func write(
    _ run: EarlierRun, _ compactor: (any Compactor)?, units: any RunFileSource,
    _ put: (UnsafeRawBufferPointer) throws(SystemError) -> Void
  ) throws(ClusterError) {
    let places = try places(of: run)
    do throws(SystemError) {
      try write(run, places, compactor, units, put)
    } catch {
      throw ClusterError(.system, "the part of shard \(shard) cannot be written: \(error.reason)")
    }
  }

  private func places(of run: EarlierRun) throws(ClusterError) -> [RunFileReader.Place] {
    guard run.header.part == plan.binding(of: shard),
      let places = run.placesByNumber(count: plan.stretches[shard].count)
    else {
      throw ClusterError(
        .system, "the part of shard \(shard) cannot be made: the attempt does not hold every unit once")
    }
    return places
  }

  /// What can go wrong while records are copied, as an error of the call that copies them.
  private static func failure(_ reason: String) -> SystemError {
    StandardError.line("lanes: \(reason)")
    return SystemError("copying records", .ioError)
  }

  private func write(
    _ run: EarlierRun, _ places: [RunFileReader.Place], _ compactor: (any Compactor)?, _ units: any RunFileSource,
    _ put: (UnsafeRawBufferPointer) throws(SystemError) -> Void
  ) throws(SystemError) {
    try withoutActuallyEscaping(put) { (put) throws(SystemError) in
      try write(run, places, compactor, units, GroupWriter(put, groupBytes: Self.groupBytes))
    }
  }

  private func write(
    _ run: EarlierRun, _ places: [RunFileReader.Place], _ compactor: (any Compactor)?, _ units: any RunFileSource,
    _ writer: GroupWriter
  ) throws(SystemError) {
    var writer = writer
    try writer.begin(run.header)
    var stream = plan.units(of: shard, in: units)
    var totals = RunTotals(done: 0, failed: 0)
    /// The record that the next one may be put behind.
    var held: UnitEntry?
    for (number, place) in places.enumerated() {
      var entry: UnitEntry
      let unit: Unit
      do throws(RunFileError) {
        entry = try run.entry(place)
        guard let planned = try stream.nextUnit() else { throw .damaged(offset: place.offset, "units are missing") }
        unit = planned.unit
      } catch {
        throw Self.failure("shard \(shard): its records cannot be copied: it \(error.reason)")
      }
      entry.number = number
      entry.supersedes = nil
      switch entry.outcome {
      case .done: totals.done += 1
      case .failed: totals.failed += 1
      }
      guard let compactor else {
        try writer.add(.unit(entry))
        continue
      }
      try add(entry, unit, compactor, &held, &writer)
    }
    if let held { try writer.add(.unit(with(compactor!.partial, held))) }
    try writer.end(totals)
  }

  /// Puts the record behind the one that is held, or writes that one and holds this.
  private func add(
    _ entry: UnitEntry, _ unit: Unit, _ compactor: any Compactor, _ held: inout UnitEntry?, _ writer: inout GroupWriter
  ) throws(SystemError) {
    do throws(UnitFailure) {
      if let before = held, case .done(let own) = before.outcome {
        if case .done(let partial) = entry.outcome, try compactor.append(unit, partial) {
          try push(with(compactor.remainder(of: own), before), &writer)
          held = entry
          return
        }
        try push(with(compactor.partial, before), &writer)
        held = nil
      }
      if case .done(let partial) = entry.outcome, try compactor.begin(unit, partial) {
        held = entry
      } else {
        try push(entry, &writer)
      }
    } catch {
      throw Self.failure("shard \(shard): \(unit.label): \(error.reason)")
    }
  }

  private func push(_ entry: UnitEntry, _ writer: inout GroupWriter) throws(UnitFailure) {
    do throws(SystemError) {
      try writer.add(.unit(entry))
    } catch {
      throw UnitFailure(.output, "its part cannot be written: \(error.reason)")
    }
  }

  private func with(_ partial: Bytes, _ entry: UnitEntry) -> UnitEntry {
    var entry = entry
    entry.outcome = .done(partial)
    return entry
  }
}

/// Writes records as a new run file, in groups.
private struct GroupWriter {
  typealias Put = (UnsafeRawBufferPointer) throws(SystemError) -> Void

  private let put: Put
  private let groupBytes: Int
  private var records = Bytes()
  private var count = 0

  init(_ put: @escaping Put, groupBytes: Int) {
    self.put = put
    self.groupBytes = groupBytes
  }

  mutating func begin(_ header: RunHeader) throws(SystemError) {
    try append(RunFileFormat.prologue + RunFileFormat.group([.header(header)]))
  }

  mutating func add(_ entry: RunEntry) throws(SystemError) {
    RunFileFormat.append(entry.wire, to: &records)
    count += 1
    if records.count >= groupBytes { try flush() }
  }

  mutating func end(_ totals: RunTotals) throws(SystemError) {
    try flush()
    try append(RunFileFormat.group([.complete(totals)]))
  }

  private mutating func flush() throws(SystemError) {
    guard count > 0 else { return }
    try append(RunFileFormat.groupHead(bytes: records.count, count: count) + records)
    records.removeAll(keepingCapacity: true)
    count = 0
  }

  private func append(_ bytes: Bytes) throws(SystemError) {
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try put(bytes) }
  }
}
