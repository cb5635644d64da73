import LanesCore
import LanesOS
import SystemPackage

/// Where the units of one input may end.
package enum FileCut: Sendable, Equatable {
  /// At any byte.
  case anywhere
  /// Behind a line, so that every unit is a number of whole lines; the last one of an input may lack its newline.
  case lines(LineEnds)

  /// What ends a line, where units are made of lines.
  var ends: LineEnds? {
    switch self {
    case .anywhere: nil
    case .lines(let ends): ends
    }
  }
}

/// Turns inputs into units, one input after the other as units are asked for.
///
/// - Regular files become slices, small ones one unit that is read whole; so do files that claim to be empty, since those
///   of /proc do so whatever they hold.
/// - Pipes, devices and standard input are read by the plan itself, without blocking, and become units of bytes.
/// - Directories are walked when asked for, and are failed units otherwise.
/// - Where units are made of lines, the plan looks behind each multiple of the slice size for the end of a line, and cuts
///   streams behind the last line end of what it has read.
package final class FilePlan: UnitPlan {
  /// How inputs are cut.
  package struct Settings: Sendable {
    /// Where units end.
    package var cut = FileCut.anywhere
    /// Bytes per slice of a regular file. 8 MiB take about 0.7 ms to count, some ten times the cost of a unit.
    package var sliceBytes = 8 << 20
    /// Regular files up to this size are units of their own, which are read whole.
    package var wholeBytes = 128 << 10
    /// Bytes of a pipe per unit.
    package var chunkBytes = 1 << 20
    /// Bytes that a line may have where units are made of lines, since these are taken whole.
    package var longestLine = Self.longestLine
    package static let longestLine = 1 << 30
    /// Units of a pipe end with what has arrived, as soon as that holds a line.
    package var isPrompt = false
    /// Walk directories.
    package var recursive = false
    /// How slices of regular files come to the lanes.
    package var access: SliceAccess
    /// Unpack what is compressed; nil leaves it as it is.
    package var unpacking: UnpackingSettings?
    /// Files and directories that are passed over, named or come by.
    package var filter: NameFilter?
    /// True where the files of a walk need not all be asked for their sizes.
    package var omitsSizes = false
    /// False where the one input was not named: the current directory, which is walked whatever its name.
    package var filtersInputs = true

    /// - Parameter memory: bytes that may be in flight, a quarter of which one line may have: it is held as an input and as a
    ///   result, and twice while either grows.
    package init(cut: FileCut = .anywhere, recursive: Bool = false, access: SliceAccess = .measured, memory: Int = .max)
    {
      longestLine = min(Self.longestLine, max(memory / 4, 16 << 20))
      self.cut = cut
      self.recursive = recursive
      self.access = access
    }
  }

  let settings: Settings
  /// True where there is one input, which is no tree: unpacking it is worth a thread of its own.
  let isAlone: Bool
  private var inputs: ArraySlice<FileInput>
  private var unitCount = 0
  private var rowCount: UInt32 = 0
  /// What is left of inputs already begun: a file being cut, a stream being read, a tree being walked.
  private var cutting: SliceCursor?
  private var dividing: PackedCursor?
  private var guessing: MemberCursor?
  private var streaming: StreamCursor?
  /// A stream that nobody wants more of: engines may wait for its descriptor until they ask for the next unit.
  private var dropped: StreamCursor?
  private var walk: DirectoryWalk?
  package var members: MemberChain?
  /// Nil where every file is asked for its size.
  var unsized: UnsizedFiles?

  package init(_ inputs: [FileInput], settings: Settings = Settings()) {
    precondition(settings.sliceBytes > 0 && settings.chunkBytes > 0, "units cannot be empty")
    self.inputs = inputs[...]
    self.settings = settings
    isAlone = inputs.count == 1 && !settings.recursive
  }

  /// Nil: inputs are looked at only when their turn comes.
  package var totalUnits: Int? { nil }

  /// True when no input is left, and none in hand.
  package var isAtEnd: Bool {
    inputs.isEmpty && walk == nil && cutting == nil && dividing == nil && guessing == nil && streaming == nil
      && unsized?.isSettled ?? true
  }

  /// True when nothing will come behind the input of a row, and nothing has: an input behind it may have failed already.
  package func endsWith(row: UInt32) -> Bool { isAtEnd && rowCount == row + 1 }

  /// Gives nothing more of the input of a row, which has been answered.
  package func skip(row: UInt32) {
    unsized?.skipped = row
    if cutting?.task.row == row { cutting = nil }
    if dividing?.task.row == row { dividing = nil }
    if guessing?.task.row == row { guessing = nil }
    if let streaming, streaming.task.row == row {
      streaming.cancel()
      (dropped, self.streaming) = (streaming, nil)
    }
  }

  package func next() -> PlanStep {
    dropped = nil
    while true {
      if let step = continueInput() { return step }
      if let task = unsized?.takeOutgrown() {
        if let step = begin(outgrown: task) { return step }
      } else if let unsized, unsized.mustWait, let descriptor = unsized.wait() {
        return .waiting(descriptor: descriptor)
      } else if let found = walk?.next() {
        if let step = begin(found) { return step }
      } else if let input = inputs.popFirst() {
        walk = nil
        if let step = begin(input) { return step }
      } else if let descriptor = unsized?.wait() {
        return .waiting(descriptor: descriptor)
      } else {
        return .end
      }
    }
  }

  /// The next unit of the file or stream in hand; nil when there is none in hand.
  private func continueInput() -> PlanStep? {
    if let cutting {
      self.cutting = nil
      return cut(cutting)
    }
    if let dividing { return divide(dividing) }
    if let guessing, let members, let step = next(of: guessing, members) { return step }
    guard let streaming else { return nil }
    let step = streaming.next(
      chunkBytes: settings.chunkBytes, longestLine: settings.longestLine, isPrompt: settings.isPrompt)
    switch step {
    case .notReady: return .waiting(descriptor: streaming.descriptor)
    case .chunk(let task, let bytes):
      if task.isLast { self.streaming = nil }
      return unit(task, source: .bytes(bytes), bytes: bytes.count)
    case .failed(let task, let failure):
      self.streaming = nil
      return .failed(makeUnit(task, .none, 0), failure)
    }
  }

  /// The next part of the compressed file in hand.
  private func divide(_ cursor: PackedCursor) -> PlanStep {
    let task = cursor.task
    do throws(UnitFailure) {
      let part = try cursor.next(partBytes: settings.packedBytes)
      if part.task.isLast { dividing = nil }
      return unit(part.task, source: .slice(part.file), bytes: part.file.length)
    } catch {
      dividing = nil
      return .failed(makeUnit(task, .none, 0), error)
    }
  }

  /// The next slice of the file in hand, which stays in hand unless that was the last.
  private func cut(_ cursor: SliceCursor) -> PlanStep {
    var cursor = cursor
    let task = cursor.task
    do throws(UnitFailure) {
      let slice = try cursor.next(sliceBytes: settings.sliceBytes, longestLine: settings.longestLine)
      if !slice.task.isLast { cutting = cursor }
      return unit(slice.task, source: .slice(slice.file), bytes: slice.file.length)
    } catch {
      return .failed(makeUnit(task, .none, 0), error)
    }
  }

  private func begin(_ input: FileInput) -> PlanStep? {
    let status: FileStatus
    do {
      status = try input.status()
    } catch {
      return failed(newTask(input.name), error)
    }
    if settings.filtersInputs, case .path(let path, let endsInSlash) = input, let filter = settings.filter,
      filter.leavesOut(path, isDirectory: status.kind == .directory, endsInSlash: endsInSlash)
    {
      return nil
    }
    switch (input, status.kind) {
    case (.path(let path, _), .directory) where settings.recursive:
      walk = DirectoryWalk(root: path, filter: settings.filter)
      return nil
    case (_, .directory): return directory(newTask(input.name))
    case (.path(let path, _), .regular):
      return begin(regular: newTask(path), at: FileInput.pathForOtherProcesses(path), status)
    case (.path(let path, _), _):
      return stream(newTask(path)) { () throws(SystemError) in try ReadyReader(opening: path) }
    case (.standardInput, _): return beginStandardInput(newTask(input.name), status)
    }
  }

  private func begin(_ found: DirectoryWalk.Step) -> PlanStep? {
    switch found {
    case .unreadable(let path, let error): return failed(newTask(path), error)
    case .file(let file):
      let task = newTask(file.path)
      if let unsized, let expected = unsized.expectedBytes {
        unsized.began()
        return unit(task, source: .head(file.path, limit: settings.wholeBytes), bytes: expected)
      }
      do {
        guard let walk else { preconditionFailure("a file that no walk came by") }
        let status = try walk.status(of: file)
        unsized?.asked(status.size, limit: settings.wholeBytes)
        return begin(regular: task, at: file.path, status)
      } catch {
        return failed(task, error)
      }
    }
  }

  /// Begins a file anew that had more bytes than one unit may have.
  private func begin(outgrown task: FileTask) -> PlanStep? {
    guard let path = task.name else { preconditionFailure("a walk gives every file a name") }
    do {
      return begin(regular: task, at: path, try FileStatus(of: path))
    } catch {
      return failed(task, error)
    }
  }

  /// - Parameter readable: where every process can read it.
  private func begin(regular task: FileTask, at readable: FilePath, _ status: FileStatus) -> PlanStep? {
    if settings.unpacking != nil, let step = begin(packed: task, readable, status, from: 0) { return step.step }
    guard status.size > settings.wholeBytes else {
      var unit = makeUnit(task, .file(readable), status.size)
      unit.stamp = status.stamp
      return .unit(unit)
    }
    return begin(task, readable, status, from: 0)
  }

  /// Takes the file in hand, from the byte at `offset`, behind which there are more.
  private func begin(_ task: FileTask, _ path: FilePath, _ status: FileStatus, from offset: Int) -> PlanStep? {
    let file = FileSlice(
      path: path, offset: offset, length: status.size - offset, identity: status.identity, access: settings.access)
    do {
      let lines = try settings.cut.ends.map { (ends) throws(SystemError) in try LineFinder(opening: path, ends) }
      cutting = SliceCursor(task: task, file: file, lines: lines)
      return nil
    } catch {
      return failed(task, error)
    }
  }

  /// A regular file on standard input is cut like any other, from the offset it stands at; all else is a stream.
  private func beginStandardInput(_ task: FileTask, _ status: FileStatus) -> PlanStep? {
    let reader = ReadyReader.standardInput()
    let path = ReadyReader.path(ofDescriptor: 0)
    guard status.kind == .regular, let offset = reader.offset, status.size > offset, ReadyReader.canOpen(path) else {
      return stream(task) { () throws(SystemError) in reader }
    }
    reader.skipToEnd()
    if settings.unpacking != nil, let step = begin(packed: task, path, status, from: offset) { return step.step }
    return begin(task, path, status, from: offset)
  }

  private func stream(_ task: FileTask, _ open: () throws(SystemError) -> ReadyReader) -> PlanStep? {
    do {
      let reader = try open()
      guard let unpacking = settings.unpacking else {
        streaming = StreamCursor(task: task, reader: .plain(reader), ends: settings.cut.ends)
        return nil
      }
      stream(task, try UnpackingReader(.stream(reader), unpacking))
      return nil
    } catch {
      return failed(task, error)
    }
  }

  /// Takes the stream in hand, which goes on from `carry`.
  func stream(_ task: FileTask, _ reader: UnpackingReader, behind carry: Bytes = []) {
    streaming = StreamCursor(task: task, reader: .unpacking(reader), ends: settings.cut.ends, behind: carry)
  }

  /// Takes the file in hand, of which `cursor` gives the parts.
  func divide(by cursor: PackedCursor) { dividing = cursor }
  func divide(by cursor: MemberCursor) { guessing = cursor }

  /// No part of the file in hand is guessed any more.
  func endGuessing() { guessing = nil }

  private func directory(_ task: FileTask) -> PlanStep {
    var task = task
    task.isShownAlways = true
    return .failed(makeUnit(task, .none, 0), UnitFailure(.input, "it is a directory (add -r to walk it)"))
  }

  private func newTask(_ name: FilePath?) -> FileTask {
    defer { rowCount += 1 }
    return FileTask(row: rowCount, name: name)
  }

  func unit(_ task: FileTask, source: Source, bytes: Int) -> PlanStep {
    .unit(makeUnit(task, source, bytes))
  }

  func failed(_ task: FileTask, _ error: SystemError) -> PlanStep {
    .failed(makeUnit(task, .none, 0), .unreadable(error))
  }

  func makeUnit(_ task: FileTask, _ source: Source, _ bytes: Int) -> Unit {
    defer { unitCount += 1 }
    let isWhole = task.slice == 0 && task.isLast
    if let path = task.name, isWhole {
      return Unit(number: unitCount, path: path, task: task.wire, source: source, expectedInput: bytes)
    }
    let name = task.name.map(\.forDisplay) ?? "standard input"
    let label = isWhole ? name : "\(name), slice \(task.slice + 1)"
    return Unit(number: unitCount, label: label, task: task.wire, source: source, expectedInput: bytes)
  }
}
