import LanesCore
import LanesOS

/// One unit on its way through an engine that has many under way at once, with what happened to it so far.
///
/// Belongs to the coordinating thread.
final class InFlightUnit {
  let unit: Unit
  var times = UnitRecord(lane: 0)
  /// Memory for the loaded input; nil where nothing is loaded, or into memory shared with a worker.
  var input: HeapStorage?
  /// Bytes of the input that were loaded.
  var inputCount = 0
  /// What performing the unit in this process wrote.
  var output: OutputBuffer?
  /// What became of the workers that held the unit.
  var deaths = WorkerDeaths()
  /// True from when it is sent to a worker until its result is stored: what a stop request waits for.
  var isBusy = false

  init(_ unit: Unit) { self.unit = unit }

  /// Bytes of its input, once that is loaded; a slice that the worker maps has its own length.
  var inputLength: Int {
    if case .slice(let slice) = unit.source { slice.length } else { inputCount }
  }

  /// Small enough to share a frame: packing copies the input once more, which costs nothing at this size.
  var isSmall: Bool { unit.expectedInput <= 65536 }
}

/// The workers that ended while they held a unit.
struct WorkerDeaths {
  /// Workers that crashed.
  var crashes = 0
  /// Workers that were killed from outside.
  var kills = 0
  /// The unit is performed with nothing else in its worker, so that a further death is its own doing.
  var mustBeAlone = false

  var count: Int { crashes + kills }
}
