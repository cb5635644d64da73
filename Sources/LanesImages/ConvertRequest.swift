import LanesCore
import LanesOS
import SystemPackage

/// Which files are to be converted, and where the results go.
package struct ConvertRequest: Sendable {
  /// Files and directories, in the order in which they are worked off.
  package var inputs: [FilePath]
  package var destination: FilePath
  /// The destination was written with a slash at its end, so that it is a directory even if it does not exist yet.
  package var destinationIsDirectory: Bool
  package var format: ConvertOptions.Format
  package var existing: Existing
  /// Names results below the destination, which is then a directory; nil for the names of the inputs.
  package var name: NameTemplate?
  /// Names of the sizes that every input gets a result of, in the order of `ConvertOptions.sizes`; empty for one result
  /// per input.
  package var sizes: [String]

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
    sizes: [String] = []
  ) {
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
    guard inputs.count == 1, !destinationIsDirectory, name == nil, sizes.isEmpty else { return false }
    return Self.kind(of: inputs[0]) != .directory && Self.kind(of: destination) != .directory
  }

  /// The format that the destination's suffix asks for when it names the one result, else `.same`.
  package var formatOfDestination: ConvertOptions.Format {
    guard namesOneFile, let format = ImageFormat(suffixOf: destination) else { return .same }
    return format == .jpeg ? .jpeg : .png
  }

  static func kind(of path: FilePath) -> FileStatus.Kind? { try? FileStatus(of: path).kind }
}

/// A batch that cannot be carried out as asked; nothing was done.
package struct PlanRefusal: Error, Sendable, Equatable {
  /// One sentence each, without a full stop; the first few of what is wrong.
  package let messages: [String]

  package init(messages: [String]) { self.messages = messages }
}
