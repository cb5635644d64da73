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
  /// Bytes that a file among several may have to be one unit; a larger one, like one that is alone, is unpacked by a thread
  /// of its own while lanes work on what comes of it.
  package var mostWhole = 256 << 20

  /// Files of at most so many bytes are units, alone or not: a thread would not pay.
  package var smallBytes = 1 << 20

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
      path: path, offset: offset, length: status.size - offset, identity: status.identity, isMapped: settings.isMapped)
    do throws(SystemError) {
      let file = try Descriptor.reading(path)
      let head = try DescriptorIO.bytes(file.number, at: offset, count: PackedFormat.headBytes)
      guard let format = PackedFormat(head: head) else { return nil }
      guard format.isSupported else { return Begun(step: .failed(makeUnit(task, .none, 0), format.refusal)) }
      task.packing = Packing(offset: offset)
      if unpacking.divides, whole.length > settings.packedBytes * 2,
        let cursor = PackedCursor(task, whole, format, file, memory: unpacking.memory, partBytes: settings.packedBytes)
      {
        divide(by: cursor)
        return Begun(step: nil)
      }
    } catch {
      return Begun(step: failed(task, error))
    }
    let isUnit =
      unpacking.isInUnits || whole.length <= unpacking.smallBytes
      || !isAlone && whole.length <= unpacking.mostWhole
    guard !isUnit else { return Begun(step: unit(task, whole, status)) }
    task.packing = nil
    do throws(SystemError) {
      stream(task, try UnpackingReader(.file(whole), unpacking))
      return Begun(step: nil)
    } catch {
      return Begun(step: failed(task, error))
    }
  }

  /// The unit of a compressed file that is one.
  private func unit(_ task: FileTask, _ file: FileSlice, _ status: FileStatus) -> PlanStep {
    let isSmall = file.offset == 0 && file.length <= settings.wholeBytes
    let step = unit(task, source: isSmall ? .file(file.path) : .slice(file), bytes: file.length)
    guard isSmall, case .unit(var unit) = step else { return step }
    unit.stamp = status.stamp
    return .unit(unit)
  }
}
