import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// Into how many stretches a plan is cut.
package enum ShardCount: Sendable, Equatable {
  /// So many, or as many as there are units.
  case number(Int)
  /// As many as are expected to take this time on one core each, in nanoseconds.
  case time(Int)
  /// So many; some are empty where there are fewer units.
  case exactly(Int)

  /// More are of no use to any queue: each costs a start and a file.
  package static let most = 10_000

  func stretches(units: Int, cost: Int) -> Int {
    switch self {
    case .number(let number): min(number, units)
    case .time(let time): min(cost / max(time, 1) + 1, Self.most, units)
    case .exactly(let number): number
    }
  }
}

/// Writes the units of a batch down as its plan gives them, and then the plan, cut into stretches of equal cost.
///
/// Memory does not grow with the number of units. The folder holds no plan until `finish` returns.
package final class PlanWriter {
  private let folder: FilePath
  /// True where the plan stays in the folder, false where it is for this process alone.
  private let isKept: Bool
  private let file: LockedFile
  /// A file that must not be an input: that of units, or the one that a part goes to.
  private let own: FileIdentity?
  private var pending = Bytes()
  private var end = 0
  private var count = 0
  private var cost = 0
  /// When the file of units was made, by its file system's clock.
  package let started: Int64

  /// Bytes that are written at a time.
  private static let blockBytes = 1 << 20

  /// Makes the folder, if it is missing, and the file of units; refuses a folder that holds a plan.
  package init(_ folder: FilePath) throws(ClusterError) {
    self.folder = folder
    isKept = true
    do throws(SystemError) {
      try Folders.make(FrozenPlan.partsFolder(folder))
      guard try FileStatus.ifPresent(FrozenPlan.planFile(folder)) == nil else {
        throw SystemError("open", .fileExists)
      }
    } catch  where error.code == .fileExists {
      throw ClusterError(
        .refused,
        "\(folder.forDisplay) holds a plan already: lanes status tells of it; to plan anew name another folder")
    } catch {
      throw .unwritable(folder, error)
    }
    guard Folders.contents(FrozenPlan.partsFolder(folder)).isEmpty else {
      throw ClusterError(.refused, "\(FrozenPlan.partsFolder(folder).forDisplay) is not empty: name another folder")
    }
    let path = FrozenPlan.unitsFile(folder)
    do throws(LockedFile.Problem) {
      file = try LockedFile(path, makes: true)
    } catch {
      switch error {
      case .inUse: throw ClusterError(.refused, "another process is planning in \(folder.forDisplay)")
      case .system(let error): throw .unwritable(path, error)
      }
    }
    do throws(SystemError) {
      // What a plan that was not finished has left.
      try file.truncate(to: 0)
      let status = try file.status()
      own = status.identity
      started = status.changed
    } catch {
      throw .unwritable(path, error)
    }
  }

  /// Writes units to a file without a name, for a plan that this process alone uses and that any other would make just so.
  ///
  /// - Parameters:
  ///   - folder: for temporary files.
  ///   - refused: a file that must not be an input.
  package init(withoutFolder folder: FilePath, refusing refused: FileIdentity?) throws(ClusterError) {
    self.folder = folder
    isKept = false
    own = refused
    started = 0
    let path = folder.appending("lanes-units-" + String(UInt64.random(in: 0 ... .max), radix: 36))
    do throws(LockedFile.Problem) {
      file = try LockedFile.unnamed(for: path)
    } catch {
      guard case .system(let error) = error else { throw ClusterError(.system, "\(path.forDisplay) is in use") }
      throw .unwritable(folder, error)
    }
    // It has its name where the file system knows no files without one.
    try? Folders.removeFile(path)
  }

  /// The units as they were written; all of them once `finish` has returned.
  package var units: any RunFileSource { file }

  /// Writes all units of a plan down, unless a stop is asked for; refuses one that waits for what comes through a pipe.
  package func add(allOf plan: any UnitPlan) throws(ClusterError) {
    while true {
      if StopSignals.received != nil { throw ClusterError(.system, "planning was stopped") }
      switch plan.next() {
      case .unit(var unit):
        unit.noteStamp()
        try add(unit)
      case .failed(let unit, let failure): try add(unit, failure: failure)
      case .waiting:
        throw ClusterError(
          .refused, "an input comes through a pipe, which cannot be divided: save it to a file first")
      case .end: return
      }
    }
  }

  /// Writes one unit down; refuses one whose input other machines cannot read.
  package func add(_ unit: Unit, failure: UnitFailure? = nil) throws(ClusterError) {
    var planned = PlannedUnit(unit, failure: failure)
    if let own, let stamp = unit.stamp, stamp.identity == own {
      throw ClusterError(
        .refused,
        isKept
          ? "\(folder.forDisplay), which holds the plan, lies among the inputs: name a folder outside of them"
          : "\(planned.unit.label), which the part is written to, is an input itself: write it to another folder")
    }
    if !isKept { planned.leaveOutMoment() }
    if failure == nil, let objection = Self.objection(to: planned) { throw ClusterError(.refused, objection) }
    RunFileFormat.append(planned.wire, to: &pending)
    cost += planned.cost
    count += 1
    if pending.count >= Self.blockBytes { try flush() }
  }

  /// Inputs that are of one machine alone, or of one process.
  private static func objection(to planned: PlannedUnit) -> String? {
    if case .bytes = planned.source {
      return "\(planned.unit.label): what comes through a pipe cannot be divided: save it to a file first"
    }
    if case .files(let paths) = planned.source { return paths.lazy.compactMap { objection(to: planned, $0) }.first }
    return planned.path.flatMap { objection(to: planned, $0) }
  }

  private static func objection(to planned: PlannedUnit, _ path: FilePath) -> String? {
    if isOfKernel(path) {
      return "\(planned.unit.label) belongs to one machine alone and cannot be divided: save it to a file first"
    }
    guard let kind = try? FileStatus(of: path).kind, kind != .regular else { return nil }
    return "\(planned.unit.label) is no regular file, and others cannot be divided: save it to a file first"
  }

  /// True for what the kernel makes up when it is read. Files in /dev/shm are files like any other; that other machines may not
  /// see them holds for most folders.
  private static func isOfKernel(_ path: FilePath) -> Bool {
    // Names from the directory of the plan matter only where that is such a place, or they lead out of it.
    if path.isRelative, !startsInKernel, !path.rawBytes.starts(with: "..".utf8) { return false }
    let whole = current.pushing(path).lexicallyNormalized().rawBytes
    guard !whole.starts(with: "/dev/shm/".utf8) else { return false }
    return kernelFolders.contains { whole.starts(with: $0.utf8) }
  }

  private static let kernelFolders = ["/proc/", "/dev/", "/sys/"]
  private static let current = (try? Folders.current()) ?? FilePath("/")
  private static let startsInKernel = kernelFolders.contains { (current.rawBytes + [0x2F]).starts(with: $0.utf8) }

  private func flush() throws(ClusterError) {
    do throws(SystemError) {
      try pending.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes, at: end) }
    } catch {
      guard isKept else {
        throw ClusterError(
          .system, "the list of units cannot be written to \(folder.forDisplay), which TMPDIR names: \(error.reason)")
      }
      throw .unwritable(FrozenPlan.unitsFile(folder), error)
    }
    end += pending.count
    pending.removeAll(keepingCapacity: true)
  }

  /// Leaves nothing of what was begun.
  package func abandon() {
    guard isKept else { return }
    try? Folders.removeFile(FrozenPlan.unitsFile(folder))
    Folders.removeIfEmpty(FrozenPlan.partsFolder(folder))
    Folders.removeIfEmpty(folder)
  }

  /// Cuts the units into stretches and writes the plan, which is on stable storage when this returns.
  ///
  /// - Parameter plan: all but its stretches.
  package func finish(_ plan: FrozenPlan, _ shards: ShardCount) throws(ClusterError) -> FrozenPlan {
    try flush()
    var plan = plan
    let path = FrozenPlan.planFile(folder)
    do throws(RunFileError) {
      plan.stretches = try cut(into: shards.stretches(units: count, cost: cost))
    } catch {
      throw ClusterError(.system, "\(FrozenPlan.unitsFile(folder).forDisplay) \(error.reason)")
    }
    guard isKept else { return plan }
    do throws(LockedFile.Problem) {
      let whole = try LockedFile.unnamed(for: path)
      do throws(SystemError) {
        try file.sync()
        try plan.file.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try whole.write(bytes, at: 0) }
        try whole.sync()
        try whole.giveName(path)
        try Folders.sync(folder)
      } catch {
        throw .system(error)
      }
    } catch {
      guard case .system(let error) = error else { throw ClusterError(.refused, "\(path.forDisplay) is in use") }
      throw .unwritable(path, error)
    }
    return plan
  }

  /// Goes through the units once more: stretch k ends where the cost so far comes nearest to k + 1 shares of it.
  private func cut(into count: Int) throws(RunFileError) -> [FrozenPlan.Stretch] {
    var stream = RecordStream(file, from: 0, to: end)
    var stretches: [FrozenPlan.Stretch] = []
    var (first, before) = (0, 0)
    var next = try stream.nextUnit(), offset = 0
    for shard in 0..<count {
      var stretch = FrozenPlan.Stretch(first: first, count: 0, offset: offset, bytes: 0, cost: 0, digest: [])
      // Each stretch after this one has a unit at least.
      let most = self.count - first - (count - shard - 1)
      let target = shard == count - 1 ? Int.max : Int(Double(cost) / Double(count) * Double(shard + 1))
      stretch.digest = try SHA256.digest { (add) throws(RunFileError) in
        while let unit = next, stretch.count < most {
          // The unit belongs here when more than half of it lies before the end of the share.
          guard stretch.count == 0 || before + unit.cost / 2 <= target else { break }
          var record = Bytes()
          RunFileFormat.append(unit.wire, to: &record)
          record.withUnsafeBytes(add)
          stretch.count += 1
          stretch.cost += unit.cost
          before += unit.cost
          offset = stream.position
          next = try stream.nextUnit()
        }
      }
      stretch.bytes = offset - stretch.offset
      first += stretch.count
      stretches.append(stretch)
    }
    return stretches
  }
}

extension PlannedUnit {
  /// Leaves out what would be another for each process that plans the same.
  fileprivate mutating func leaveOutMoment() {
    // How names are shown depends on the locale, and so does what stands for "and so on".
    if case .text(let text) = label {
      let isPath = path.map { text == $0.forDisplay } ?? false
      label =
        isPath
        ? .path(path!) : .text(text.split(separator: "…", omittingEmptySubsequences: false).joined(separator: "..."))
    }
    // Reading an input changes the time of its last access, and other shards read.
    func changed(_ destination: Destination) -> Destination {
      guard let times = destination.times else { return destination }
      var destination = destination
      destination.times = FileTimes(accessed: times.modified, modified: times.modified)
      return destination
    }
    switch sink {
    case .none, .standardOutput, .fold: break
    case .file(let destination): sink = .file(changed(destination))
    case .files(let destinations): sink = .files(destinations.map(changed))
    }
  }
}
