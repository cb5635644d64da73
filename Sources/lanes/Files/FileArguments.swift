import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import SystemPackage

/// The options of `lanes images convert` that say what is read and where results go.
struct FileArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A directory, a file for one input, or - for standard output.", valueName: "DEST"),
    completion: .file())
  var output: String

  @Option(
    name: .customLong("files-from"),
    help: ArgumentHelp(
      "Read names of inputs from FILE, one a line; - is standard input. Names from a pipe start as they arrive.",
      valueName: "FILE"),
    completion: .file())
  var from: String?

  @Flag(name: .customShort("0"), help: "Names in --files-from end with NUL instead of a newline.")
  var nulSeparated = false

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false

  @Flag(name: .customLong("skip-existing"), help: "Skip inputs whose outputs exist.")
  var skipExisting = false

  @Flag(
    name: .customLong("newer-only"),
    help: "Skip inputs whose outputs exist and are not older; replace older outputs.")
  var newerOnly = false

  @Option(
    help: ArgumentHelp(
      "Name outputs below DEST with {dir}, {name}, {ext}, {format} and, with --sizes, {size}. (default: {dir}/{name}.{ext})",
      valueName: "TEMPLATE"),
    transform: parseName)
  var name: NameTemplate?

  @Flag(name: .customLong("keep-times"), help: "Give outputs the times of last change and access of their inputs.")
  var keepTimes = false

  @Option(
    help: ArgumentHelp(
      "Write what a web page has to know of all results to FILE, as JSON: names, formats, media types, sizes and bytes.",
      valueName: "FILE"),
    completion: .file(extensions: ["json"]))
  var manifest: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Add a tiny JPEG of each image to --manifest or --json, as a data URI; N is its longest side, 24 unless a number follows.",
      valueName: "N"))
  var preview: Int?

  @Flag(name: .customLong("dry-run"), help: "Print what would be done and do nothing.")
  var dryRun = false

  // Each flag answers the same question: what happens to an output that exists. See `existing`.
  func validate() throws {
    guard [overwrite, skipExisting, newerOnly].filter({ $0 }).count <= 1 else {
      throw ValidationError("--overwrite, --skip-existing and --newer-only exclude each other")
    }
    if let preview, !(4...64).contains(preview) {
      throw ValidationError("--preview takes a number of pixels from 4 to 64, not \(preview)")
    }
    if manifest != nil, dryRun { throw ValidationError("--dry-run makes no manifest: leave out one of them") }
  }

  /// What happens to outputs that exist.
  var existing: ConvertRequest.Existing {
    if overwrite { return .replace }
    if skipExisting { return .skip }
    return newerOnly ? .replaceOlder : .refuse
  }

  /// Refuses what only files with names can have.
  ///
  /// A pipeline has one image and at most one file: there is nothing to skip, to name or to take times from.
  ///
  /// - Parameter several: images get several results.
  func validateForPipeline(several: Bool) throws {
    if skipExisting || newerOnly || keepTimes || name != nil || several || manifest != nil {
      throw ValidationError(
        "--skip-existing, --newer-only, --keep-times, --name, --sizes, --manifest and several formats need files, not - "
      )
    }
  }

  /// The list, when its names are to be taken as they arrive; nil when it is to be read whole.
  ///
  /// A regular file is there as a whole. Where results may replace files, all inputs must be known first: otherwise a
  /// result could replace an image that is named later.
  func arrivingNames() throws -> NameStream? {
    // A dry run prints the whole plan, and for standard output the list must have exactly one name.
    guard let from, !dryRun, output != "-", existing == .refuse || existing == .skip else { return nil }
    do {
      // A directory is refused in `listedNames`, when it is read.
      let kind = try from == "-" ? FileStatus(of: 0).kind : FileStatus(of: RawArguments.path(from)).kind
      return [.regular, .directory].contains(kind) ? nil : try openList(from)
    } catch {
      throw Self.unreadable(from, error.reason)
    }
  }

  /// The names of a list that is read whole; none without a list.
  ///
  /// - Parameter budget: bytes that the list may have.
  func listedNames(budget: Int) throws -> [FilePath] {
    guard let from else { return [] }
    do { return try openList(from).rest(budget: budget) } catch let failure as UnitFailure {
      throw Self.unreadable(from, failure.reason)
    } catch let error as SystemError {
      throw Self.unreadable(from, error.reason)
    }
  }

  /// The list, opened and not yet read.
  private func openList(_ from: String) throws(SystemError) -> NameStream {
    guard from != "-" else {
      return NameStream(.standardInput(), label: "standard input", nulSeparated: nulSeparated)
    }
    let path = RawArguments.path(from)
    return NameStream(try ReadyReader(opening: path), label: path.forDisplay, nulSeparated: nulSeparated)
  }

  /// A list that cannot be read is wrong usage: nothing was written yet.
  private static func unreadable(_ list: String, _ reason: String) -> any Error {
    ExitStatus.usage.failing("the list \(list) cannot be read: \(reason)")
  }
}

/// `--name`.
@Sendable func parseName(_ text: String) throws -> NameTemplate {
  guard let template = NameTemplate(text) else {
    throw ValidationError(
      "'\(text)' is not a name: write {dir}/{name}-small.{ext}; there are {dir}, {name}, {ext}, {format}, {size}")
  }
  return template
}
