import LanesCore
import LanesOS
import SystemPackage

/// Which files are to be converted, and where the results go.
package struct ConvertRequest {
  /// Files and directories, in the order in which they are worked off.
  package var inputs: [FilePath]
  package var destination: FilePath
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
  /// Names of the sizes that every input gets a result of, in the order of `ConvertOptions.sizes`; empty for one result
  /// per input.
  package var sizes: [String]
  /// What the run that is gone on with has left among the results.
  package var earlier: (any EarlierResults)?

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
  }

  /// True when the destination names the one result itself: there is one input, no directory, and the destination is
  /// not a directory either.
  package var namesOneFile: Bool {
    guard inputs.count == 1, !destinationIsDirectory, !readsList, name == nil, sizes.isEmpty else { return false }
    return Self.kind(of: inputs[0]) != .directory && Self.kind(of: destination) != .directory
  }

  /// False when all that is to be made is one file.
  package var makesSeveral: Bool {
    inputs.count != 1 || readsList || !sizes.isEmpty || Self.kind(of: inputs[0]) == .directory
  }

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
    guard !namesOneFile, !destinationIsDirectory, Self.kind(of: destination) == nil else { return nil }
    guard let suffix = destination.suffix, codecs.isImage(suffix: suffix) else { return nil }
    let name = destination.forDisplay
    return
      "\(name) is the name of an image, and these results need a directory; to make one of that name write \(name)/"
  }

  static func kind(of path: FilePath) -> FileStatus.Kind? { try? FileStatus(of: path).kind }
}

/// A batch that cannot be carried out as asked; nothing was done.
package struct PlanRefusal: Error, Sendable, Equatable {
  /// One sentence each, without a full stop; the first few of what is wrong.
  package let messages: [String]

  package init(messages: [String]) { self.messages = messages }
}
