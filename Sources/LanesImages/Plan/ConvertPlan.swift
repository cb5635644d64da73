import LanesCore
import LanesOS
import SystemPackage

/// The units of a batch of images: one per file, in the order of the inputs, directories in byte order of names.
///
/// Everything that can be refused is refused when the plan is made, which walks and examines files. Names that arrive
/// later, through a pipe, start as they come: what would have been refused fails that file alone. `next` does not wait;
/// it reads the first bytes of an image to say how much memory it takes.
package final class ConvertPlan: UnitPlan {
  let request: ConvertRequest
  private let options: ConvertOptions
  /// One for each format, or one.
  private let namings: [OutputNaming]
  private let namesOneFile: Bool
  /// The destination is the counterpart of the one directory that is walked.
  let mirrorsOneFolder: Bool
  private var files: PlannedFiles
  /// Results that are there already, by the position of their input; one bit per result.
  private var skipped: [Int: UInt64] = [:]
  /// Inputs all of whose results are there already.
  private var skippedWhole = 0
  private var position = 0
  /// The next unit's.
  private var number = 0
  private var arrivals: NameStream?
  private var check: PlanCheck?
  /// Is told of results of names that arrive late and are skipped.
  private let onSkip: (FilePath, FilePath) -> Void

  /// - Parameters:
  ///   - options: what becomes of each image; the sizes' names are the request's.
  ///   - arrivals: names that are still to come.
  ///   - onSkip: is called with an input and its result for each that is skipped after the plan was made.
  /// - Throws: `PlanRefusal` when there is nothing to do, when two inputs would have one result, when a result would
  ///   replace an input, or an existing file without leave.
  package init(
    _ request: ConvertRequest, options: ConvertOptions = ConvertOptions(), arrivals: NameStream? = nil,
    onSkip: @escaping (FilePath, FilePath) -> Void = { _, _ in }
  ) throws(PlanRefusal) {
    precondition(request.resultCount <= ConvertOptions.mostResults, "a bit per result")
    self.request = request
    self.options = options
    self.arrivals = arrivals
    self.onSkip = onSkip
    let template = request.name ?? (request.sizes.isEmpty ? nil : NameTemplate.ofSizes)
    let formats = request.formats.isEmpty ? [request.writtenFormat] : request.formats
    namings = formats.map { OutputNaming(format: $0, template: template, codecs: request.codecs) }
    files = PlannedFiles(codecs: request.codecs)
    namesOneFile = request.namesOneFile && arrivals == nil
    mirrorsOneFolder =
      request.inputs.count == 1 && arrivals == nil && request.firstInputKind == .directory
    switch request.destinationStatus {
    // Results of an earlier run must not become inputs of this one.
    case .success(let status): files.leftOut = status?.identity
    case .failure(let error): throw .unknown(request.destination, error)
    }
    files.keepsTimes = request.keepsTimes
    for (index, input) in request.inputs.enumerated() {
      // What it is has shaped the plan, so that another answer would come too late.
      if index == 0, case .failure(let error) = request.firstInput {
        files.add(input, failing: .unreadable(error))
      } else {
        files.take(input)
      }
    }
    // All contents are known before names are compared, since names depend on them.
    for index in 0..<files.count { lookInside(index) }
    guard files.count > 0 || arrivals != nil else {
      throw PlanRefusal(messages: [files.nothingFound(in: request.inputs)])
    }
    var check = PlanCheck(of: self)
    try check.refuse(self)
    for index in 0..<files.count { try noteExisting(index) }
    try checkFolders()
    // What it has seen is only needed where more names are to come.
    if arrivals != nil { self.check = check }
  }

  package var totalUnits: Int? { arrivals == nil ? files.count - skippedWhole : nil }

  package func next() -> PlanStep {
    while true {
      guard position < files.count else {
        guard let arrivals else { return .end }
        if let waiting = take(arrivals) { return waiting }
        continue
      }
      let index = position
      position += 1
      let wanted = results(index).filter { !isSkipped(index, $0) }
      // An input with nothing left to do takes no number, so that units are numbered without gaps.
      if wanted.isEmpty && failure(index) == nil { continue }
      defer { number += 1 }
      return step(index, wanted)
    }
  }

  /// Takes the names that are there; nil when there is one more input, or none will come.
  private func take(_ arrivals: NameStream) -> PlanStep? {
    switch arrivals.next() {
    case .name(let name):
      let first = files.count
      files.take(name)
      for index in first..<files.count {
        lookInside(index)
        examine(index)
      }
      return nil
    case .notReady: return .waiting(descriptor: arrivals.descriptor)
    case .end:
      self.arrivals = nil
      return nil
    case .failed(let reason):
      self.arrivals = nil
      files.add(FilePath(arrivals.label), failing: UnitFailure(.input, "the list cannot be read: \(reason)"))
      return nil
    }
  }

  /// Names depend on what a file holds where its format stays: its suffix may belie it.
  private func lookInside(_ index: Int) {
    guard namings.contains(where: \.asksContents), !namesOneFile, failure(index) == nil else { return }
    do throws(SystemError) {
      files.note(index, content: try request.codecs.format(reading: files.path(index)))
    } catch {
      files.fail(index, .unreadable(error))
    }
  }

  private func examine(_ index: Int) {
    guard failure(index) == nil else { return }
    do throws(PlanRefusal) {
      if let objection = try check!.objection(to: index, of: self) {
        files.fail(index, UnitFailure(.rejected, objection))
        return
      }
      try noteExisting(index)
    } catch {
      files.fail(index, UnitFailure(.output, error.messages[0], haltsBatch: true))
      return
    }
    for result in results(index) where isSkipped(index, result) { onSkip(input(index), output(index, result)) }
  }

  private func step(_ index: Int, _ wanted: [Int]) -> PlanStep {
    let path = files.path(index)
    if let failure = failure(index) ?? options.objection(toBytes: files.size(index)) {
      return .failed(Unit(number: number, label: path.forDisplay, source: .file(path)), failure)
    }
    let targets = wanted.map { target(index, $0) }
    let probe = ImageProbe(reading: path, codecs: request.codecs)
    let memory = MemoryEstimate(probe, fileSize: files.size(index), options: options).bytes
    return .unit(
      Unit(
        number: number, label: path.forDisplay, task: request.makesParts ? wanted.map { UInt8($0) } : [],
        source: .file(path), sink: request.makesParts ? .files(targets) : .file(targets[0]),
        expectedInput: files.size(index), expectedMemory: memory,
        expectedTime: probe?.nanoseconds(fileSize: files.size(index)) ?? 0))
  }

  private func target(_ index: Int, _ result: Int) -> Destination {
    var target = Destination(
      path: output(index, result), replacesExisting: replacesExisting, permissions: files.permissions(index),
      times: files.times(index), mirror: mirror(index, result))
    // The destination itself may be a link, as it was typed; what is found below it may not.
    if writesIntoDirectory { target.depth = FilePath(rawBytes: outputName(index, result)).components.count - 1 }
    target.take(origin(of: target.path))
    return target
  }

  /// A tree of private folders must not become one that everybody may look into.
  private func mirror(_ index: Int, _ result: Int) -> FolderMirror? {
    let (tail, name) = (FilePath(rawBytes: files.tail(index)), FilePath(rawBytes: outputName(index, result)))
    guard !namesOneFile, tail.removingLastComponent() == name.removingLastComponent() else { return nil }
    return FolderMirror(file: files.path(index), depth: tail.components.count - (mirrorsOneFolder ? 0 : 1))
  }

  /// Throws unless every folder that results go to can be written to; makes nothing. Folders with nothing left to be made
  /// in them are not asked about, nor are those of names that are still to arrive.
  private func checkFolders() throws(PlanRefusal) {
    var seen: Set<FilePath> = []
    // In order, so that the same folder is told each time.
    var folders: [FilePath] = arrivals == nil ? [] : [request.destination]
    for index in 0..<files.count where failure(index) == nil {
      for result in results(index) where !isSkipped(index, result) {
        // Below a destination that does not exist there is nothing that could differ from it.
        let isBelow = writesIntoDirectory && request.destinationKind == nil
        let folder = isBelow ? request.destination : output(index, result).removingLastComponent()
        if seen.insert(folder).inserted { folders.append(folder) }
      }
    }
    for folder in folders {
      do throws(SystemError) { try Folders.checkWritable(folder) } catch { throw .unwritable(folder, error) }
    }
  }

  private func noteExisting(_ index: Int) throws(PlanRefusal) {
    guard request.existing == .skip || request.existing == .replaceOlder, failure(index) == nil else { return }
    var bits: UInt64 = 0
    for result in results(index) where try isDone(index, result) { bits |= 1 << UInt64(result) }
    guard bits != 0 else { return }
    skipped[index] = bits
    if bits.nonzeroBitCount == results(index).count { skippedWhole += 1 }
  }

  private func isDone(_ index: Int, _ result: Int) throws(PlanRefusal) -> Bool {
    let output = output(index, result)
    // What the run itself has made is not what it was to leave alone.
    guard origin(of: output) == .foreign else { return false }
    if request.existing == .skip { return try PlanCheck.status(of: output, followingLinks: false) != nil }
    guard let result = try PlanCheck.status(of: output), let source = try PlanCheck.status(of: input(index)) else {
      return false
    }
    return result.modified >= source.modified || request.keepsTimes && result.holdsTime(source.modified)
  }
}

extension ConvertPlan {
  var count: Int { files.count }
  /// True when no existing result is a reason to refuse.
  var toleratesExisting: Bool { request.existing != .refuse }
  var replacesExisting: Bool { request.existing == .replace || request.existing == .replaceOlder }
  package var destination: FilePath { request.destination }

  /// Where a result that exists comes from; asked of a run that is resumed alone.
  func origin(of output: FilePath) -> ResultOrigin { request.earlier?.origin(of: output) ?? .foreign }

  package var outputFolder: OutputFolder? {
    guard writesIntoDirectory, request.makesSeveral else { return nil }
    let mirror = mirrorsOneFolder ? FolderMirror(file: request.inputs[0].appending("."), depth: 1) : nil
    return OutputFolder(path: request.destination, mirror: mirror)
  }

  /// True when the destination lies in a directory that was walked; it was not walked itself.
  package var leavesOutDestination: Bool { files.hasLeftOut }
  var writesIntoDirectory: Bool { !namesOneFile }

  /// Positions of an input's results, one or more. Where its own format is one of several, and listed by name too, there is one
  /// result of the two.
  func results(_ index: Int) -> [Int] {
    let all = 0..<request.resultCount
    guard let content = files.content(index), request.formats.contains(where: { $0.image == content }) else {
      return Array(all)
    }
    return all.filter { request.formats[$0 % request.formats.count] != .same }
  }

  func isSkipped(_ index: Int, _ result: Int) -> Bool { (skipped[index] ?? 0) >> UInt64(result) & 1 == 1 }

  func failure(_ index: Int) -> UnitFailure? { files.failure(index) }

  func input(_ index: Int) -> FilePath { files.path(index) }

  /// The result's path below the destination, for comparison.
  func outputName(_ index: Int, _ result: Int) -> Bytes {
    namings[result % namings.count].result(
      for: files.tail(index), content: files.content(index), size: request.size(of: result))
  }

  /// The format of an input's result; nil when it is no image that can be read.
  func resultFormat(_ index: Int, _ result: Int) -> ImageFormat? {
    namings[result % namings.count].resultFormat(of: files.content(index))
  }

  func output(_ index: Int, _ result: Int) -> FilePath {
    namesOneFile
      ? request.destination : request.destination.pushing(FilePath(rawBytes: outputName(index, result)))
  }
}
