import LanesCore
import LanesOS
import SystemPackage

/// How compressed inputs are unpacked.
package struct UnpackingSettings: Sendable, Equatable {
  /// Bytes that the window of one file may take.
  package var memory: Int
  /// True where every file is unpacked by the units that it becomes: those go to other machines, or unpacking is to be
  /// isolated.
  package var isInUnits = false
  /// True where a file may become several units.
  package var divides = true
  /// True where every file is unpacked by a thread of its own, whatever its size: none becomes a unit, or several.
  package var streamsAll = false
  /// True where members may be guessed, which takes a fold that finds out whether they are (`MemberPlan`).
  package var guesses = false
  /// Bytes that a file among several may have to be one unit; a larger one, like one that is alone, is unpacked by a thread
  /// of its own while lanes work on what comes of it.
  package var mostWhole = 256 << 20

  /// Files of at most so many bytes are units, alone or not: a thread would not pay.
  package var smallBytes = 1 << 20

  /// Bytes that one of several files has to have to be divided where members seem to begin: all of its parts have to be
  /// absorbed before the next file is begun.
  package var leastGuessed = 64 << 20

  /// Bytes that a line may have in units that are unpacked.
  package var longestLine = FilePlan.Settings.longestLine

  package init(memory: Int) { self.memory = memory }
}

extension FilePlan.Settings {
  /// Compressed bytes of a part, which become several times as many.
  var packedBytes: Int { max(sliceBytes / 8, 1) }

  /// What performing on compressed units needs to know.
  package var unpackingLimits: UnpackingLimits? {
    unpacking.map { UnpackingLimits(ends: cut.ends, memory: $0.memory, longestLine: $0.longestLine) }
  }
}

extension FilePlan {
  /// What became of a file that is compressed: a unit or a failure, or nil where it is in hand now.
  struct Begun {
    var step: PlanStep?
  }

  /// Begins a compressed file at `offset`; nil where it is not compressed.
  ///
  /// Parts of it become units where it has any, and lanes share them. Otherwise it is one unit, or it is unpacked by a thread
  /// of this process, and chunks of what comes are units.
  func begin(packed task: FileTask, _ path: FilePath, _ status: FileStatus, from offset: Int) -> Begun? {
    guard let unpacking = settings.unpacking else { return nil }
    var task = task
    let whole = FileSlice(
      path: path, offset: offset, length: status.size - offset, identity: status.identity, access: settings.access)
    do throws(SystemError) {
      let file = try Descriptor.reading(path)
      let head = try DescriptorIO.bytes(file.number, at: offset, count: PackedFormat.headBytes)
      guard let format = PackedFormat(head: head) else { return nil }
      guard format.isSupported else { return Begun(step: .failed(makeUnit(task, .none, 0), format.refusal)) }
      task.packing = Packing(offset: offset)
      if unpacking.divides, !unpacking.streamsAll, whole.length > settings.packedBytes * 2 {
        if let cursor = PackedCursor(
          task, whole, format, try Descriptor.reading(path), memory: unpacking.memory, partBytes: settings.packedBytes)
        {
          divide(by: cursor)
          return Begun(step: nil)
        }
        if let members, isAlone || whole.length > unpacking.leastGuessed,
          let cursor = MemberCursor(
            task, whole, format, file, partBytes: settings.packedBytes, isTried: !unpacking.isInUnits)
        {
          members.begin(row: task.row, at: offset)
          divide(by: cursor)
          return Begun(step: nil)
        }
      }
    } catch {
      return Begun(step: failed(task, error))
    }
    return Begun(step: undivided(task, whole, unpacking, status))
  }

  /// Takes a compressed file, or the rest of one, that is not to be divided: as a unit, or as a stream.
  ///
  /// - Parameter rest: has the fold give away what it holds of the file, which a stream goes on from.
  private func undivided(
    _ task: FileTask, _ file: FileSlice, _ unpacking: UnpackingSettings, _ status: FileStatus?,
    rest: (() -> MemberChain.Rest)? = nil
  ) -> PlanStep? {
    let isUnit =
      unpacking.isInUnits || file.length <= unpacking.smallBytes
      || !isAlone && file.length <= unpacking.mostWhole
    guard unpacking.streamsAll || !isUnit else { return unit(task, file, status) }
    var task = task
    task.packing = nil
    do throws(SystemError) {
      let reader = try UnpackingReader(.file(file), unpacking)
      let rest = rest?()
      // Where nothing was given to the workload yet its first slice is still to come.
      if rest?.hasBegun == false { task.slice = 0 }
      stream(task, reader, behind: rest?.carry ?? [])
      return nil
    } catch {
      return failed(task, error)
    }
  }

  /// The next part of a file that is divided where members seem to begin, or the rest of it, once it is known where the
  /// parts cease to be true; nil where nothing is left.
  func next(of cursor: MemberCursor, _ members: MemberChain) -> PlanStep? {
    switch members.state {
    case .over:
      endGuessing()
      return nil
    case .broken(let offset): return rest(of: cursor, from: offset, members)
    case .whole(let offset):
      if let part = cursor.next() { return unit(part.task, source: .slice(part.file), bytes: part.file.length) }
      guard offset == cursor.start else {
        // Drained before waiting, not after: what is raised from here on makes the descriptor readable again.
        members.progress.drainEvent()
        return .waiting(descriptor: members.progress.number)
      }
      guard offset < cursor.end else {
        endGuessing()
        return nil
      }
      return rest(of: cursor, from: offset, members)
    }
  }

  /// Takes what is left of a file as if nobody had guessed anything of it.
  private func rest(of cursor: MemberCursor, from offset: Int, _ members: MemberChain) -> PlanStep? {
    endGuessing()
    guard let unpacking = settings.unpacking else { preconditionFailure("a part of nothing that is unpacked") }
    var task = cursor.task
    var file = cursor.whole
    (file.offset, file.length) = (offset, cursor.end - offset)
    task.isLast = true
    // From its start the file is what it was before it was divided.
    let isWhole = offset == cursor.whole.offset
    if isWhole { task.slice = 0 }
    task.packing = Packing(offset: offset, isPart: !isWhole)
    return undivided(task, file, unpacking, nil, rest: members.takeRest)
  }

  /// The unit of a compressed file that is one.
  private func unit(_ task: FileTask, _ file: FileSlice, _ status: FileStatus?) -> PlanStep {
    guard let status, file.offset == 0, file.length <= settings.wholeBytes else {
      return unit(task, source: .slice(file), bytes: file.length)
    }
    let step = unit(task, source: .file(file.path), bytes: file.length)
    guard case .unit(var unit) = step else { return step }
    unit.stamp = status.stamp
    return .unit(unit)
  }
}
