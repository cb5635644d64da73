import LanesCore
import LanesOS
import SystemPackage

/// The units of a batch of images: one per file, in the order of the inputs, directories in byte order of names.
///
/// Everything that can be refused is refused when the plan is made. Making it walks and examines files; `next` does not
/// block.
package final class ConvertPlan: UnitPlan {
  private let request: ConvertRequest
  private let naming: OutputNaming
  private let namesOneFile: Bool
  private var files = PlannedFiles()
  /// Positions of the inputs whose results are there already.
  private var skipped: Set<Int> = []
  private var position = 0
  /// The next unit's.
  private var number = 0

  /// - Throws: `PlanRefusal` when there is nothing to do, when two inputs would have one result, when a result would
  ///   replace an input, or an existing file without leave.
  package init(_ request: ConvertRequest) throws(PlanRefusal) {
    self.request = request
    naming = OutputNaming(format: request.format, template: request.name)
    namesOneFile = request.namesOneFile
    for input in request.inputs { files.take(input) }
    guard files.count > 0 else { throw PlanRefusal(messages: [PlannedFiles.nothingFound(in: request.inputs)]) }
    try PlanCheck(self).run()
    skipWhatExists()
  }

  package var totalUnits: Int? { files.count - skipped.count }

  package func next() -> PlanStep {
    while skipped.contains(position) { position += 1 }
    guard position < files.count else { return .end }
    defer {
      position += 1
      number += 1
    }
    let path = files.path(position)
    if let failure = files.failure(position) {
      return .failed(Unit(number: number, label: path.forDisplay, source: .file(path)), failure)
    }
    let destination = Destination(path: output(position), replacesExisting: replacesExisting)
    return .unit(
      Self.unit(
        number: number, label: path.forDisplay, source: .file(path), sink: .file(destination),
        bytes: files.size(position)))
  }

  /// A unit of `ConvertWorkload`, also for a source or sink that is not a file.
  ///
  /// - Parameter bytes: the size of the input, or 0 when it is not known.
  package static func unit(number: Int, label: String, source: Source, sink: Sink, bytes: Int) -> Unit {
    // Rows, rings and tables, and a dozen bytes per compressed byte for a progressive file's coefficients.
    let memory = (8 << 20) + 12 * bytes
    return Unit(number: number, label: label, source: source, sink: sink, expectedInput: bytes, expectedMemory: memory)
  }

  private func skipWhatExists() {
    guard request.existing == .skip || request.existing == .replaceOlder else { return }
    for index in startable where isDone(index) { skipped.insert(index) }
  }

  private func isDone(_ index: Int) -> Bool {
    let output = output(index)
    if request.existing == .skip { return (try? FileStatus(of: output, followingLinks: false)) != nil }
    guard let result = try? FileStatus(of: output), let source = try? FileStatus(of: input(index)) else { return false }
    return result.modified >= source.modified
  }
}

extension ConvertPlan {
  var count: Int { files.count }
  /// True when no existing result is a reason to refuse.
  var toleratesExisting: Bool { request.existing != .refuse }
  var replacesExisting: Bool { request.existing == .replace || request.existing == .replaceOlder }
  var destination: FilePath { request.destination }
  var writesIntoDirectory: Bool { !namesOneFile }

  /// Positions of the inputs that have a result.
  var startable: some Sequence<Int> { (0..<files.count).lazy.filter { self.files.failure($0) == nil } }

  func isSkipped(_ index: Int) -> Bool { skipped.contains(index) }

  func failure(_ index: Int) -> UnitFailure? { files.failure(index) }

  func input(_ index: Int) -> FilePath { files.path(index) }

  /// The result's path below the destination, for comparison.
  func outputName(_ index: Int) -> Bytes { naming.result(for: files.tail(index)) }

  func output(_ index: Int) -> FilePath {
    namesOneFile ? request.destination : request.destination.pushing(FilePath(rawBytes: outputName(index)))
  }
}
