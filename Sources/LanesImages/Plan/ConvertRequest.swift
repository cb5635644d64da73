import LanesCore
import LanesOS
import SystemPackage

/// Which files are to be converted, and where the results go.
package struct ConvertRequest {
  /// Files and directories, in the order in which they are worked off.
  package var inputs: [FilePath] { didSet { firstInput = Self.look(inputs.first) } }
  package let destination: FilePath
  /// The destination was written with a slash at its end, so that it is a directory even if it does not exist yet.
  package var destinationIsDirectory: Bool
  /// There is a list of inputs, which may have any number, so that the destination is a directory.
  package var readsList = false
  /// Results get the times of last access and change of their inputs.
  package var keepsTimes = false
  /// What is asked for by name; see `writtenFormat`.
  package var format: ConvertOptions.Format
  package var existing: Existing
  /// Names results below the destination, which is then a directory; nil for the names of the inputs.
  package var name: NameTemplate?
  /// The formats that are known by suffix and contents.
  package var codecs: Codecs
  /// Names of the sizes that every input gets a result of, in the order of `ConvertOptions.sizes`; empty for one size.
  package var sizes: [String]
  /// Formats that every input gets a result in, as in `ConvertOptions.formats`; empty for one format.
  package var formats: [ConvertOptions.Format] = []
  /// What the run that is gone on with has left among the results.
  package var earlier: (any EarlierResults)?

  /// What is at the first input and at the destination: looked at once, since all that follows must see the same.
  private(set) var firstInput: Result<FileStatus?, SystemError>
  let destinationStatus: Result<FileStatus?, SystemError>

  /// What happens to results that exist.
  package enum Existing: Sendable {
    /// The batch is refused.
    case refuse
    case replace
    /// The input is skipped.
    case skip
    /// The input is skipped unless it was changed after its result.
    case replaceOlder
  }

  package init(
    inputs: [FilePath], destination: FilePath, destinationIsDirectory: Bool = false,
    format: ConvertOptions.Format = .same, existing: Existing = .refuse, name: NameTemplate? = nil,
    sizes: [String] = [], codecs: Codecs = .standard
  ) {
    self.codecs = codecs
    self.inputs = inputs
    self.destination = destination
    self.destinationIsDirectory = destinationIsDirectory
    self.format = format
    self.existing = existing
    self.name = name
    self.sizes = sizes
    firstInput = Self.look(inputs.first)
    destinationStatus = Self.look(destination)
  }

  private static func look(_ path: FilePath?) -> Result<FileStatus?, SystemError> {
    Result { () throws(SystemError) in try path.flatMap { (path) throws(SystemError) in try FileStatus.ifPresent(path) }
    }
  }

  /// Nil where nothing is there, or that cannot be told; a plan is refused then.
  var firstInputKind: FileStatus.Kind? { (try? firstInput.get())?.kind }
  var destinationKind: FileStatus.Kind? { (try? destinationStatus.get())?.kind }

  /// True when the destination names the one result itself: there is one input, no directory, and the destination is
  /// not a directory either.
  package var namesOneFile: Bool {
    guard inputs.count == 1, !destinationIsDirectory, !readsList, name == nil, !makesParts else { return false }
    return firstInputKind != .directory && destinationKind != .directory
  }

  /// False when all that is to be made is one file.
  package var makesSeveral: Bool {
    inputs.count != 1 || readsList || makesParts || firstInputKind == .directory
  }

  /// True when every input may get several results.
  var makesParts: Bool { !sizes.isEmpty || !formats.isEmpty }
  /// Results of each input.
  var resultCount: Int { max(1, sizes.count) * max(1, formats.count) }
  /// The name of the size of the result at `position`; empty where there is one size.
  func size(of position: Int) -> String { sizes.isEmpty ? "" : sizes[position / max(1, formats.count)] }

  /// The format of all results: what is asked for, else what the suffix of the one result's name says, or that in which
  /// the template ends.
  package var writtenFormat: ConvertOptions.Format {
    guard format == .same, let suffix = givenSuffix else { return format }
    return ConvertOptions.Format(suffix: suffix, in: codecs)
  }

  /// The suffix that was written for all results, without its dot.
  private var givenSuffix: String? { name?.suffix ?? (namesOneFile ? destination.suffix : nil) }

  /// What is wrong with the suffix that was written for all results; nil when it is one of the format that is written.
  var objectionToSuffix: String? {
    givenSuffix.flatMap {
      codecs.objection(toSuffix: $0, asked: format, of: name == nil ? destination.forDisplay : "--name")
    }
  }

  /// What is wrong with the name of a directory for the results: that of an image is one by mistake.
  var objectionToDirectory: String? {
    guard !namesOneFile, !destinationIsDirectory, destinationKind == nil else { return nil }
    guard let suffix = destination.suffix, codecs.isImage(suffix: suffix) else { return nil }
    let name = destination.forDisplay
    return
      "\(name) is the name of an image, and these results need a directory; to make one of that name write \(name)/"
  }

}

/// A batch that cannot be carried out as asked; nothing was done.
package struct PlanRefusal: Error, Sendable, Equatable {
  /// One sentence each, without a full stop; the first few of what is wrong.
  package let messages: [String]
  /// False where the system is in the way, so that the same words may be carried out another time.
  package let isUsage: Bool

  package init(messages: [String], isUsage: Bool = true) {
    self.messages = messages
    self.isUsage = isUsage
  }

  /// It cannot be told what is at `path`.
  package static func unknown(_ path: FilePath, _ error: SystemError) -> PlanRefusal {
    let text =
      "it cannot be told what \(path.forDisplay) is: \(error.reason); see to that, or name another place with -o"
    return PlanRefusal(messages: [text], isUsage: false)
  }

  /// Nothing can be written to the folder `path`.
  package static func unwritable(_ path: FilePath, _ error: SystemError) -> PlanRefusal {
    let name = path.isEmpty ? "the current folder" : path.forDisplay
    let text = "\(name) cannot be written to: \(error.reason); name another place with -o"
    return PlanRefusal(messages: [text], isUsage: false)
  }
}
