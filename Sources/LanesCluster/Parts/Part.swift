import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// A file in the folder of parts, as far as a plan is concerned.
package struct Part: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// All units of its stretch, in their order; nothing is damaged.
    case complete(RunTotals)
    /// Written down by a run that was stopped, or is under way; units so far.
    case unfinished(units: Int)
    /// A clause that follows the file's name.
    case damaged(String)
    /// Part of another plan, likewise.
    case foreign(String)
  }

  package let path: FilePath
  /// Nil where the file does not tell.
  package let shard: Int?
  package let state: State

  package init(path: FilePath, shard: Int?, state: State) {
    self.path = path
    self.shard = shard
    self.state = state
  }

  /// True for a name that a part has, done or under way.
  package static func isNamedAsPart(_ path: FilePath) -> Bool {
    let name = path.lastComponent?.string ?? ""
    return !name.hasPrefix(".") && (name.hasSuffix(".run") || name.hasSuffix(".unfinished"))
  }

  /// The name of the part of a shard.
  package static func path(_ folder: FilePath, shard: Int) -> FilePath {
    FrozenPlan.partsFolder(folder).appending("\(digits(shard)).run")
  }

  /// A name for an attempt at a shard that no other attempt has.
  package static func attempt(_ folder: FilePath, shard: Int) -> FilePath {
    let own = String(UInt64.random(in: 0 ... .max), radix: 36)
    return FrozenPlan.partsFolder(folder).appending("\(digits(shard)).\(own).unfinished")
  }

  /// Attempts at a shard that were begun.
  package static func attempts(_ folder: FilePath, shard: Int) -> [FilePath] {
    Folders.contents(FrozenPlan.partsFolder(folder)).filter {
      let name = $0.lastComponent?.string ?? ""
      return name.hasPrefix("\(digits(shard)).") && name.hasSuffix(".unfinished")
    }
  }

  /// Five digits at least, so that names sort by number.
  private static func digits(_ shard: Int) -> String {
    let digits = String(shard)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}

extension Part {
  /// Reads a file to its end and says what it is; every byte of it is checked.
  ///
  /// - Parameter body: hears of each unit's record in its order.
  package static func examine(
    _ path: FilePath, _ plan: FrozenPlan, _ fingerprint: Bytes, _ body: (UnitEntry) -> Void = { _ in }
  ) -> Part {
    var scan = Scan(plan: plan, fingerprint: fingerprint)
    do throws(RunFileError) {
      let file: StoredFile
      do { file = try StoredFile(path) } catch { throw .system(error) }
      guard file.isRegular else { throw .foreign }
      var reader = try RunFileReader(file)
      _ = try reader.scan { (entry, place) throws(RunFileError) in
        try scan.take(entry, place.offset)
        if case .unit(let unit) = entry { body(unit) }
      }
    } catch {
      // A file that was begun and never written to.
      if error == .empty { return Part(path: path, shard: nil, state: .unfinished(units: 0)) }
      return Part(
        path: path, shard: scan.binding?.shard, state: scan.foreign.map { .foreign($0) } ?? .damaged(error.reason))
    }
    if let reason = scan.foreign { return Part(path: path, shard: nil, state: .foreign(reason)) }
    guard let totals = scan.totals, scan.isInOrder, totals.units == scan.units, scan.units == scan.binding?.count else {
      return Part(path: path, shard: scan.binding?.shard, state: .unfinished(units: scan.units))
    }
    return Part(path: path, shard: scan.binding?.shard, state: .complete(totals))
  }

  /// The first record of a file, which says whose part it is.
  package static func header(_ path: FilePath) throws(RunFileError) -> RunHeader {
    var header: RunHeader?
    do throws(RunFileError) {
      let file: StoredFile
      do { file = try StoredFile(path) } catch { throw .system(error) }
      guard file.isRegular else { throw .foreign }
      var reader = try RunFileReader(file)
      _ = try reader.scan { (entry, _) throws(RunFileError) in
        if case .header(let found) = entry { header = found }
        // The rest of the file is read when it is known what it should hold.
        throw .empty
      }
    } catch {
      if header == nil { throw error }
    }
    guard let header else { throw .empty }
    return header
  }

  /// True where something else has the name of a shard's part: the part of another shard or another plan, which only a person
  /// may remove.
  package static func isTaken(_ folder: FilePath, shard: Int, _ plan: FrozenPlan, _ fingerprint: Bytes) -> Bool {
    let path = path(folder, shard: shard)
    guard ((try? FileStatus.ifPresent(path, followingLinks: false)) ?? nil) != nil else { return false }
    let part = examine(path, plan, fingerprint)
    switch part.state {
    case .foreign: return true
    case .complete: return part.shard != shard
    case .unfinished, .damaged: return false
    }
  }

  /// What is known of a file so far.
  private struct Scan {
    let plan: FrozenPlan
    let fingerprint: Bytes
    var binding: PartBinding?
    var foreign: String?
    var units = 0
    var failed = 0
    var isInOrder = true
    var totals: RunTotals?

    mutating func take(_ entry: RunEntry, _ offset: Int) throws(RunFileError) {
      totals = nil
      switch entry {
      case .header(let header):
        binding = header.part
        foreign = plan.objection(to: header, fingerprint)
        // Nothing more of it matters.
        if foreign != nil { throw .foreign }
      case .unit(let unit):
        if binding == nil { throw .damaged(offset: offset, "the first record is not that of the run") }
        isInOrder = isInOrder && unit.number == units && unit.supersedes == nil && unit.isUsable
        units += 1
        if case .failed = unit.outcome { failed += 1 }
      case .found, .void: isInOrder = false
      case .complete(let told):
        guard told.failed == failed || !isInOrder else { throw .damaged(offset: offset, "its totals are wrong") }
        totals = told
      }
    }
  }
}

extension Part {
  /// Copies what the farthest of these attempts has written down, as far as it is intact, to a new one; makes nothing where
  /// there is none. Nobody's file is written to: another machine may still be at it, whatever locks tell.
  package static func copyAttempt(
    of begun: [FilePath], _ binding: PartBinding, to path: FilePath
  ) throws(ClusterError) {
    var best: (file: StoredFile, end: RunFileReader.End, count: Int)?
    for path in begun {
      guard let file = try? StoredFile(path), let (run, end) = try? EarlierRun.read(file), run.header.part == binding,
        run.count > best?.count ?? 0
      else { continue }
      best = (file, end, run.count)
    }
    guard let best else { return }
    do throws(LockedFile.Problem) {
      let copy = try LockedFile.unnamed(for: path)
      do throws(SystemError) {
        var end = 0
        func append(_ bytes: Bytes) throws(SystemError) {
          try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try copy.write(bytes, at: end) }
          end += bytes.count
        }
        while end < best.end.whole {
          let block = try best.file.read(min(1 << 20, best.end.whole - end), at: end)
          guard !block.isEmpty else { throw SystemError("read", .ioError) }
          try append(block)
        }
        if best.end.intactCount > 0 {
          try append(
            RunFileFormat.groupHead(bytes: best.end.intact.count, count: best.end.intactCount) + best.end.intact)
        }
        try copy.sync()
        try copy.giveName(path)
      } catch {
        throw .system(error)
      }
    } catch {
      guard case .system(let error) = error else { return }
      throw .unwritable(path, error)
    }
  }
}

extension FrozenPlan {
  /// Why a run file is no part of this plan; nil for one that is.
  func objection(to header: RunHeader, _ fingerprint: Bytes) -> String? {
    guard let part = header.part else { return "is the run file of a whole run, and no part of this plan" }
    guard part.fingerprint == fingerprint else {
      guard header.program == program else {
        return "was made by lanes \(header.program), and the plan by lanes \(program)"
      }
      return "is a part of another plan"
    }
    // Not by `binding(of:)`, which would take the plan's digest again for each part.
    guard stretches.indices.contains(part.shard), part.first == stretches[part.shard].first,
      part.count == stretches[part.shard].count
    else { return "is a part of another plan" }
    return nil
  }
}
