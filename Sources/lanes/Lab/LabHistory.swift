import LanesCore
import LanesEngines
import LanesLab
import LanesOS
import LanesReport
import SystemPackage

/// The verdicts of the last run of each experiment, one small file each, in the folder for what programs remember
/// (XDG base directories: XDG_STATE_HOME, or .local/state in the home folder).
///
/// A convenience: where it cannot be kept, nothing is remembered and nobody is told.
enum LabHistory {
  private static var folder: FilePath? {
    // A path that is not absolute is to be ignored, as the specification has it.
    if let state = Terminal.variable("XDG_STATE_HOME"), state.hasPrefix("/") {
      return FilePath(state).appending("lanes/lab")
    }
    return Terminal.variable("HOME").map { FilePath($0).appending(".local/state/lanes/lab") }
  }

  /// Verdicts in the order of the claims; none where it has not run here, or its claims were others then.
  static func verdicts(of experiment: Experiment) -> [LabVerdict.Kind] {
    let kinds = lines(experiment).compactMap { LabVerdict.Kind(rawValue: String($0)) }
    return kinds.count == experiment.claims.count ? kinds : []
  }

  /// Seconds that it took the last time; nil where it has not run here.
  static func seconds(of experiment: Experiment) -> Double? {
    lines(experiment).first { $0.hasSuffix(secondsMark) }.flatMap { Double($0.dropLast(secondsMark.count)) }
  }

  /// A verdict on each line, and how long it took.
  private static func lines(_ experiment: Experiment) -> [Substring] {
    let text = folder.flatMap { ProcessFile($0.appending(experiment.name).string)?.text } ?? ""
    return text.split(separator: "\n")
  }

  private static let secondsMark = " seconds"

  static func keep(_ experiment: Experiment, _ measurements: LabMeasurements, nanoseconds: Int64) {
    let kinds = experiment.claims.map { LabVerdict($0, measurements).kind.rawValue }
    let time = Readable.fixed(Double(nanoseconds) / 1e9, digits: 1) + secondsMark
    write((kinds + [time]).joined(separator: "\n") + "\n", to: experiment.name)
  }

  /// Where the course was left; 0 for its beginning.
  static func place(among experiments: [Experiment]) -> Int {
    let name = folder.flatMap { ProcessFile($0.appending(coursePlace).string)?.text.split(separator: "\n").first }
    return experiments.firstIndex { $0.name == name ?? "" } ?? 0
  }

  /// Remembers the experiment that the course goes on with; nil after its end. False where that cannot be kept.
  static func keep(place: String?) -> Bool { write((place ?? "") + "\n", to: coursePlace) }

  /// No experiment's name has a space.
  private static let coursePlace = "course place"

  /// Replaces a file of the folder; false where that does not work.
  @discardableResult
  private static func write(_ text: String, to name: String) -> Bool {
    guard let path = folder?.appending(name) else { return false }
    let bytes = Bytes(text.utf8)
    do throws(SystemError) {
      var file = try OutputFile(Destination(path: path, replacesExisting: true))
      try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes) }
      try file.commit()
      return true
    } catch {
      return false
    }
  }
}
