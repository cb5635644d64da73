import LanesCore
import LanesOS

/// One unit on its way through worker processes, with what happened to it so far.
final class InFlightUnit {
  let unit: Unit
  var times: UnitRecord
  /// Where the loaded input lies when it is not in a slot's region.
  var input: HeapStorage?
  var inputCount = 0
  /// Workers that crashed while they held this unit.
  var crashes = 0
  /// Workers that were killed from outside while they held this unit.
  var kills = 0
  /// True from when it is sent to when its result is stored: what a stop request waits for.
  var isBusy = false
  /// Performed with nothing else in the worker, so that a further death is this unit's doing.
  var mustBeAlone = false

  init(_ unit: Unit) {
    self.unit = unit
    times = UnitRecord(lane: 0)
  }

  /// Bytes of its input, once that is loaded; a slice that the worker maps has its own length.
  var inputLength: Int {
    if case .slice(let slice) = unit.source { slice.length } else { inputCount }
  }

  /// True where the coordinator fetches the input before the unit is sent.
  func needsLoad(_ channel: ChannelKind) -> Bool {
    switch unit.source {
    case .none, .bytes: false
    case .file: true
    case .slice: channel == .pipe
    }
  }

  /// Small enough to share a frame: packing copies the input once more, which costs nothing at this size.
  var isSmall: Bool { unit.expectedInput <= 65536 }
}

/// One of a worker's credits: units being loaded, sent or stored, and the memory they travel in.
final class Slot {
  let index: Int
  /// Memory shared with the worker; nil where bytes travel through pipes.
  let input: SharedRegion?
  let output: SharedRegion?
  var unitsInFlight: [InFlightUnit] = []
  var loading = 0
  var unanswered = 0
  var storing = 0

  init(_ index: Int, _ channel: ChannelKind) throws(SystemError) {
    self.index = index
    input = channel == .shm ? try SharedRegion() : nil
    output = channel == .shm ? try SharedRegion() : nil
  }

  var isFree: Bool { unitsInFlight.isEmpty && storing == 0 }
  /// Everything was sent, answered and stored.
  var isSettled: Bool { loading == 0 && unanswered == 0 && storing == 0 }

  func reset() {
    unitsInFlight = []
    output?.retireOldViews()
    input?.trim(to: OutputBuffer.mostKept)
  }
}
