import SystemPackage

/// What to compute, and nothing of who runs it.
///
/// A workload is a value that can be written down as bytes and rebuilt in another process. Its units come from a
/// `UnitPlan`, its partial results go to a `Fold`; both live in the coordinating process only.
package protocol Workload: Sendable {
  /// The name under which a worker process finds this type again.
  static var name: String { get }

  /// True where units run decoders over files that anybody may have made: `auto` then performs them in sandboxed worker
  /// processes, so that a crash costs one unit and a hijacked decoder reaches nothing.
  static var isHazardous: Bool { get }

  /// What messages call its units.
  static var noun: UnitNoun { get }

  /// What of a unit's task says what is to be done, and not where in the batch the unit stands: equal for the same piece of
  /// work in two batches, of which one has more inputs.
  static func identity(ofTask task: Bytes) -> Bytes

  /// Rebuilds the workload from what `describe` wrote.
  init(from reader: inout WireReader) throws(WireError)

  /// Writes everything that `perform` depends on.
  func describe(to writer: inout WireWriter)

  /// Writes everything that results depend on: the same for all runs of one command. Usually the description itself.
  func identify(to writer: inout WireWriter)

  /// Performs one unit: a function from bytes to bytes and a partial result.
  ///
  /// It does no input or output, may run on any thread and in any process, and keeps nothing between calls. The same
  /// unit and input give the same output and partial result, byte for byte.
  ///
  /// - Parameters:
  ///   - unit: what to do; its `source` and `sink` are the engine's business.
  ///   - input: the bytes of the unit's source, valid during the call.
  ///   - output: empty; what is appended goes to the unit's sink.
  ///   - deadline: asked from time to time, at least every few milliseconds, so that a timeout is honored.
  /// - Returns: the partial result, for `Fold`.
  /// - Throws: `UnitFailure` with a reason that makes sense after the unit's label; output is then discarded.
  func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes

  /// What performs `unit` piece by piece, with the same result as `perform`; nil where all of the input must lie in memory
  /// at once. Only units without output are performed so.
  func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)?
}

extension Workload {
  package func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)? { nil }
  package static var isHazardous: Bool { false }
  package static var noun: UnitNoun { UnitNoun("unit", "units") }
  package static func identity(ofTask task: Bytes) -> Bytes { task }
  package func identify(to writer: inout WireWriter) { describe(to: &writer) }

  package var description: Bytes {
    var writer = WireWriter()
    describe(to: &writer)
    return writer.bytes
  }

  package var identity: Bytes {
    var writer = WireWriter()
    identify(to: &writer)
    return writer.bytes
  }
}

/// What messages call units: whole ones, such as files, and parts, such as slices of files.
package struct UnitNoun: Sendable, Equatable {
  package let one: String
  package let many: String
  package let onePart: String
  package let manyParts: String

  /// - Parameter part: what parts are called, one and many; as whole ones where nothing is said.
  package init(_ one: String, _ many: String, part: (one: String, many: String)? = nil) {
    self.one = one
    self.many = many
    onePart = part?.one ?? one
    manyParts = part?.many ?? many
  }

  package static let file = UnitNoun("file", "files", part: ("slice", "slices"))
}

/// A workload whose description holds a seed, on which no result depends, but which all who do a batch must share.
package protocol SeededWorkload: Workload {
  func seeded(by seed: UInt64) -> Self
}

/// Where units come from, in order. Used by one thread; may do input and output of its own, such as walking a tree.
package protocol UnitPlan: AnyObject {
  /// Units that the whole batch has, when that is known already.
  var totalUnits: Int? { get }

  /// The next step. Does not block: when nothing is ready yet it says which descriptor to wait for.
  func next() -> PlanStep

  /// The folder that all results go to, where there may be several; nobody else may put results there meanwhile.
  var outputFolder: OutputFolder? { get }
}

extension UnitPlan {
  package var outputFolder: OutputFolder? { nil }
}

/// A folder for results, made when it is missing.
package struct OutputFolder: Sendable, Equatable {
  package var path: FilePath
  /// What it looks like when it is made; nil for the usual permissions.
  package var mirror: FolderMirror?

  package init(path: FilePath, mirror: FolderMirror? = nil) {
    self.path = path
    self.mirror = mirror
  }
}

package enum PlanStep {
  case unit(Unit)
  /// A unit that failed before it could start, such as an input that does not exist.
  case failed(Unit, UnitFailure)
  /// Nothing yet; ask again when this descriptor is readable.
  case waiting(descriptor: Int32)
  case end
}

/// Takes outcomes in unit order, on the coordinating thread.
package protocol Fold: AnyObject {
  func absorb(_ unit: Unit, _ outcome: Outcome)
  /// As `absorb(_:_:)`, with what a unit has written for the fold; valid during the call.
  func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer)
  /// Why nothing more is wanted, which ends the run: it was answered, or the reader of standard output has gone away.
  var ending: Ending? { get }
  /// False where what units have for standard output is not for that of this process.
  var printsOutput: Bool { get }
}

extension Fold {
  package func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) { absorb(unit, outcome) }
  package var ending: Ending? { nil }
  package var printsOutput: Bool { true }
}

/// What an interrupted run that is gone on with has left among its results.
package protocol EarlierResults: AnyObject {
  /// Where an existing file under the name of a result comes from.
  func origin(of output: FilePath) -> ResultOrigin
}

package enum ResultOrigin: Sendable {
  /// It was there before the run, or came from somewhere else.
  case foreign
  /// The run made it, and has it written down.
  case recorded
  /// The run may have made it right before it was interrupted, and may not.
  case unrecorded
}
