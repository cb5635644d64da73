import LanesCore
import LanesOS
import SystemPackage

/// What a run file says of the units that were done already, for the run that goes on from there.
///
/// Partial results and outputs stay in the file until they are asked for. Used by one thread.
package final class EarlierRun {
  /// A record of a unit that counts.
  private struct Known {
    let place: RunFileReader.Place
    let state: SourceState
    /// In the plan of the run that did it.
    let number: Int
    /// A unit of the plan was given this record.
    var isTaken = false
    /// A later record says that this one does not count.
    var isVoid = false
    /// The next record of the same piece of work, where a batch has it several times.
    var next: Int?
  }

  /// What is known of one unit of the plan.
  package enum Finding {
    /// It is done, or its input was found bad.
    case known(UnitEntry, RunFileReader.Place)
    /// There is a record, which the unit's next one takes the place of.
    case again(ordinal: Int, Reason)
    case new
  }

  /// Why a unit with a record is done again.
  package enum Reason {
    /// The source is another than it was.
    case changed
    /// It failed for a reason that may have passed, or its output is not there.
    case open
  }

  /// The first record of the file.
  package let header: RunHeader
  /// Nil unless the run was completed and nothing was written after that.
  package private(set) var totals: RunTotals?
  private let file: any RunFileSource
  /// By ordinal: all records of units, in the order of the file.
  private var known: [Known] = []
  /// The ends of the list of records of one piece of work, which `Known.next` links.
  private var first: [ShortDigest: Int] = [:]
  private var last: [ShortDigest: Int] = [:]
  /// Results that were made, and those that were there before, by their paths.
  private var made: Set<ShortDigest> = []
  private var found: Set<ShortDigest> = []
  /// Results that were there before the run and were left alone.
  package private(set) var foundPaths: [FilePath] = []

  /// Reads all records of `file`.
  package static func read(
    _ file: any RunFileSource
  ) throws(RunFileError) -> (run: EarlierRun, end: RunFileReader.End) {
    var reader = try RunFileReader(file)
    var run: EarlierRun?
    let end = try reader.scan { (entry, place) throws(RunFileError) in
      guard let run else {
        guard case .header(let header) = entry else {
          throw .damaged(offset: place.offset, "the first record is not that of the run")
        }
        run = EarlierRun(header, file)
        return
      }
      guard run.take(entry, place) else {
        throw .damaged(offset: place.offset, "a record that cannot stand here")
      }
    }
    guard let run else { throw .empty }
    return (run, end)
  }

  private init(_ header: RunHeader, _ file: any RunFileSource) {
    self.header = header
    self.file = file
  }

  /// Records of units that count.
  package var count: Int { known.count { !$0.isVoid } }

  /// Records of units in the file, those included that do not count any more: the next one's ordinal.
  package var ordinals: Int { known.count }

  /// Takes one record; false when it refers to one that is not there, or is a second header.
  private func take(_ entry: RunEntry, _ place: RunFileReader.Place) -> Bool {
    totals = nil
    switch entry {
    case .header: return false
    case .unit(let unit):
      if let old = unit.supersedes {
        guard known.indices.contains(old) else { return false }
        known[old].isVoid = true
      }
      link(unit.place, Known(place: place, state: unit.state, number: unit.number))
      for output in unit.outputs { made.insert(ShortDigest(of: output.path)) }
    case .found(let path): if found.insert(ShortDigest(of: path)).inserted { foundPaths.append(path) }
    case .void(let ordinals):
      guard ordinals.allSatisfy(known.indices.contains) else { return false }
      for ordinal in ordinals { known[ordinal].isVoid = true }
    case .complete(let totals): self.totals = totals
    }
    return true
  }

  /// Appends a record to the list of its piece of work.
  private func link(_ place: ShortDigest, _ record: Known) {
    if let before = last.updateValue(known.count, forKey: place) {
      known[before].next = known.count
    } else {
      first[place] = known.count
    }
    known.append(record)
  }

  /// What is known of a unit; each record is given for one unit only.
  package func take(_ place: ShortDigest, _ state: SourceState) throws(RunFileError) -> Finding {
    guard let ordinal = next(at: place) else { return .new }
    known[ordinal].isTaken = true
    guard known[ordinal].state == state, state != .unknown else { return .again(ordinal: ordinal, .changed) }
    let entry = try entry(known[ordinal].place)
    guard entry.isUsable, entry.isFinal, entry.outputs.allSatisfy(\.isThere) else {
      return .again(ordinal: ordinal, .open)
    }
    return .known(entry, known[ordinal].place)
  }

  /// The record of a unit that the plan itself fails, if there is one, and how it ended.
  package func takeAny(_ place: ShortDigest) throws(RunFileError) -> (ordinal: Int, outcome: Outcome)? {
    guard let ordinal = next(at: place) else { return nil }
    known[ordinal].isTaken = true
    return (ordinal, try entry(known[ordinal].place).outcome)
  }

  /// The first record of a piece of work that counts and was not taken.
  private func next(at place: ShortDigest) -> Int? {
    var next = first[place]
    while let ordinal = next, known[ordinal].isTaken || known[ordinal].isVoid { next = known[ordinal].next }
    return next
  }

  /// Reads a unit's record again.
  package func entry(_ place: RunFileReader.Place) throws(RunFileError) -> UnitEntry {
    guard case .unit(let entry) = try RunFileReader.entry(place, in: file) else {
      throw .damaged(offset: place.offset, "it was the record of a unit before")
    }
    return entry
  }

  /// Records that no unit of the plan asked for.
  package var untaken: [Int] { known.indices.filter { !known[$0].isTaken && !known[$0].isVoid } }

  /// All records of units that count, in the order of the file.
  package func forEachUnit(_ body: (UnitEntry) throws(RunFileError) -> Void) throws(RunFileError) {
    for record in known where !record.isVoid { try body(try entry(record.place)) }
  }

  /// Where the record of each unit lies, by its number in a plan of `count` units; nil unless there is exactly one for each.
  package func placesByNumber(count: Int) -> [RunFileReader.Place]? {
    var places = [RunFileReader.Place?](repeating: nil, count: count)
    for record in known where !record.isVoid {
      guard places.indices.contains(record.number), places[record.number] == nil else { return nil }
      places[record.number] = record.place
    }
    let found = places.compactMap { $0 }
    return found.count == count ? found : nil
  }

  /// True for a result that was there before the run and was left alone.
  package func wasFound(_ path: FilePath) -> Bool { found.contains(ShortDigest(of: path)) }
}

extension EarlierRun: EarlierResults {
  /// Who made the file at `output`, as far as records and times tell. See "Results that exist" in ARCHITECTURE.md.
  package func origin(of output: FilePath) -> ResultOrigin {
    let digest = ShortDigest(of: output)
    if found.contains(digest) { return .foreign }
    if made.contains(digest) { return .recorded }
    guard let status = try? FileStatus(of: output, followingLinks: false), status.kind == .regular else {
      return .foreign
    }
    // Some file systems count whole seconds.
    // The time of the last change of status, since nobody can set that one.
    let isCoarse = status.changed % 1_000_000_000 == 0
    return status.changed >= (isCoarse ? header.started / 1_000_000_000 * 1_000_000_000 : header.started)
      ? .unrecorded : .foreign
  }
}

extension UnitEntry {
  /// True when doing the unit again could not come to anything else: what the workload refused it refuses again.
  /// Memory, disks, processes, time and what could not be read are another matter the next time.
  var isFinal: Bool {
    guard case .failed(let failure) = outcome else { return true }
    return failure.kind == .rejected
  }
}

extension StoredOutput {
  /// True when there is a regular file of the same size; what it holds is for `lanes verify`.
  var isThere: Bool {
    guard let status = try? FileStatus(of: path, followingLinks: false) else { return false }
    return status.kind == .regular && status.size == size
  }
}
