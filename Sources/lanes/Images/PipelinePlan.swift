import LanesCore
import LanesImages
import LanesOS
import SystemPackage

/// One image through a pipeline: standard input, standard output, or both.
final class PipelinePlan: UnitPlan {
  private let unit: Unit
  /// Why the unit cannot be started.
  private let failure: UnitFailure?
  private var isTaken = false

  /// Throws `PlanRefusal` unless there is exactly one input, and when the output exists and may not be replaced, or has the
  /// suffix of another format than `format`, which is asked for.
  ///
  /// - Parameters:
  ///   - options: tell how large the input may be.
  ///   - earlier: what a run that is resumed has left.
  init(
    _ names: [FilePath], _ files: FileArguments, _ format: ConvertOptions.Format, options: ConvertOptions,
    earlier: (any EarlierResults)? = nil
  ) throws(PlanRefusal) {
    guard names.count == 1 else { throw PlanRefusal(messages: ["standard output takes one image, not \(names.count)"]) }
    let isInput = names[0] == FilePath("-")
    let source = isInput ? FilePath("/dev/stdin") : names[0]
    let sink = try Self.sink(files, format, earlier)
    // A pipe says 0. A file that is missing fails as a unit when it is loaded.
    let size = (try? FileStatus(of: source).size) ?? 0
    failure = options.objection(toBytes: size)
    unit = Unit(
      number: 0, label: isInput ? "standard input" : source.forDisplay, source: .file(source), sink: sink)
  }

  var totalUnits: Int? { 1 }

  func next() -> PlanStep {
    guard !isTaken else { return .end }
    isTaken = true
    return failure.map { .failed(unit, $0) } ?? .unit(unit)
  }

  /// The format that is written: what `format` asks for, else what the output's suffix does.
  static func format(_ format: ConvertOptions.Format, of output: String) -> ConvertOptions.Format {
    format == .same ? ConvertOptions.Format(suffix: FilePath(output).suffix) : format
  }

  /// Where the result goes, or the refusal of that.
  ///
  /// An earlier run may have made the file: what it wrote down may be replaced, and what it may have made is accepted
  /// with the same bytes.
  private static func sink(
    _ files: FileArguments, _ format: ConvertOptions.Format, _ earlier: (any EarlierResults)?
  ) throws(PlanRefusal) -> Sink {
    guard files.output != "-" else { return .standardOutput }
    let path = RawArguments.path(files.output)
    let objection = path.suffix.flatMap {
      Codecs.standard.objection(toSuffix: $0, asked: format, of: path.forDisplay)
    }
    if let objection { throw PlanRefusal(messages: [objection]) }
    var destination = Destination(path: path, replacesExisting: files.overwrite)
    if let status = try status(of: path) {
      guard status.kind != .directory else {
        throw PlanRefusal(messages: [
          "\(path.forDisplay) is a directory: an image from standard input needs a file name"
        ])
      }
      if let origin = earlier?.origin(of: path) { destination.take(origin) }
      guard destination.replacesExisting || destination.acceptsSame else {
        throw PlanRefusal(messages: ["\(path.forDisplay) exists already: --overwrite replaces it"])
      }
    }
    let folder = path.removingLastComponent()
    do throws(SystemError) { try Folders.checkWritable(folder) } catch { throw .unwritable(folder, error) }
    return .file(destination)
  }

  private static func status(of path: FilePath) throws(PlanRefusal) -> FileStatus? {
    do throws(SystemError) { return try FileStatus.ifPresent(path) } catch { throw .unknown(path, error) }
  }
}
