import LanesCore
import LanesImages
import LanesOS
import SystemPackage

/// A list of file names, read whole.
enum NameList {
  /// - Parameters:
  ///   - file: the list's path, or "-" for standard input.
  ///   - nulSeparated: names end with NUL and may hold newlines.
  static func read(_ file: String, nulSeparated: Bool) throws(UnitFailure) -> [FilePath] {
    let loader = BlockingLoader()
    try loader.load(.file(FilePath(file == "-" ? "/dev/stdin" : file)))
    let separator: UInt8 = nulSeparated ? 0 : 0x0A
    return loader.withInput { input in
      input.withUnsafeBytes { bytes in
        bytes.split(separator: separator).map { FilePath(rawBytes: $0) }
      }
    }
  }
}

/// One image through a pipeline: standard input, standard output, or both.
final class PipelinePlan: UnitPlan {
  private let unit: Unit
  private var isTaken = false

  /// Throws `PlanRefusal` unless there is exactly one input.
  init(_ names: [FilePath], _ output: String) throws(PlanRefusal) {
    guard names.count == 1 else { throw PlanRefusal(messages: ["standard output takes one image, not \(names.count)"]) }
    let isInput = names[0] == FilePath("-")
    let source = isInput ? FilePath("/dev/stdin") : names[0]
    let sink: Sink =
      output == "-" ? .standardOutput : .file(Destination(path: FilePath(output), replacesExisting: false))
    unit = ConvertPlan.unit(
      number: 0, label: isInput ? "standard input" : source.forDisplay, source: .file(source), sink: sink, bytes: 0)
  }

  var totalUnits: Int? { 1 }

  func next() -> PlanStep {
    guard !isTaken else { return .end }
    isTaken = true
    return .unit(unit)
  }
}
