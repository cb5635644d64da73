import LanesCore
import LanesOS

/// Plans files whose slices go on from each other: one slice of a file at a time, and many files side by side.
///
/// Memory is thus bounded by slices however large a file is, under every engine, and lanes work on as many files as
/// there are. A file of one slice is a unit like any other. What `SequentialHashRows` hears of a slice makes the next
/// one of its file ready.
package final class SequentialHashPlan: UnitPlan {
  /// A file of which more is to come.
  private struct Chain {
    /// The rest of a file that is cut here.
    var rest: FileSlice?
    var file: FileTask
    /// Chunks of a stream that have been read already.
    var chunks: [Unit] = []
    /// The state after the last slice; nil while that is under way.
    var state: Bytes?
  }

  private let plan: FilePlan
  private let sliceBytes: Int
  private var chains: [Chain] = []
  /// Units given out: their numbers have no gaps, whichever file they are of.
  private var unitCount = 0
  private var isAtEnd = false
  /// Readable when a chain may have become ready.
  private let progress: Descriptor

  /// Files in work at most; more would not make any lane busier.
  private static let mostChains = 256
  /// Chunks of a stream that are read ahead.
  private static let chunksAhead = 4

  /// - Parameter settings: how inputs are read; slices are those of `sliceBytes`.
  package init(_ inputs: [FileInput], settings: FilePlan.Settings) throws(SystemError) {
    var whole = settings
    whole.cut = .anywhere
    // Files come whole from the inner plan, since slices are cut here when their turn comes.
    whole.sliceBytes = .max
    whole.unpacking?.divides = false
    plan = FilePlan(inputs, settings: whole)
    sliceBytes = settings.sliceBytes
    progress = try Descriptor.event()
  }

  /// Not known: slices are cut as files are read, and streams have no length.
  package var totalUnits: Int? { nil }

  /// Slices that go on with a file come first, so that files are ended before more are begun.
  package func next() -> PlanStep {
    while true {
      if let ready = nextReady() { return .unit(ready) }
      guard !isAtEnd, chains.count < Self.mostChains, !chains.contains(where: { $0.chunks.count >= Self.chunksAhead })
      else {
        if chains.isEmpty { return .end }
        // Drained before waiting, not after: what is raised from here on makes the descriptor readable again.
        progress.drainEvent()
        return .waiting(descriptor: progress.number)
      }
      switch plan.next() {
      case .unit(let unit):
        do throws(UnitFailure) {
          if let first = try begin(unit) { return .unit(first) }
        } catch {
          return .failed(numbered(unit), error)
        }
      case .failed(let unit, let failure):
        // A stream that cannot be read on has no further chunks.
        if let task = try? FileTask(wire: unit.task) { chains.removeAll { $0.file.row == task.row } }
        return .failed(numbered(unit), failure)
      case .waiting(let descriptor): return .waiting(descriptor: descriptor)
      case .end: isAtEnd = true
      }
    }
  }

  /// A slice has ended; nil when its file is over, since it failed or that was the last.
  func advance(row: UInt32, state: Bytes?) {
    guard let index = chains.firstIndex(where: { $0.file.row == row }) else { return }
    if let state { chains[index].state = state } else { chains.remove(at: index) }
    progress.raiseEvent()
  }

  /// The next slice of a file whose last one has ended.
  private func nextReady() -> Unit? {
    for index in chains.indices {
      guard let state = chains[index].state else { continue }
      if let rest = chains[index].rest { return slice(rest, of: index, state) }
      guard !chains[index].chunks.isEmpty else { continue }
      let unit = chains[index].chunks.removeFirst()
      chains[index].state = nil
      return resumed(unit, state)
    }
    return nil
  }

  /// Takes a unit of the plan: a whole file, or a chunk of a stream; nil when that is kept for later.
  private func begin(_ unit: Unit) throws(UnitFailure) -> Unit? {
    let task = try FileTask(of: unit)
    // What is compressed is unpacked in one go.
    if case .slice(let file) = unit.source, file.length > sliceBytes, task.packing == nil {
      chains.append(Chain(rest: nil, file: task))
      return slice(file, of: chains.count - 1, nil)
    }
    // A chunk of a stream whose chain has failed is dropped with the rest of its file.
    if task.slice > 0 {
      if let index = chains.firstIndex(where: { $0.file.row == task.row }) { chains[index].chunks.append(unit) }
      return nil
    }
    if !task.isLast { chains.append(Chain(rest: nil, file: task)) }
    return numbered(unit)
  }

  /// Cuts the first slice off `rest`.
  private func slice(_ rest: FileSlice, of index: Int, _ state: Bytes?) -> Unit {
    var first = rest
    // Slices end at multiples of `sliceBytes` in the file, wherever the first one begins.
    first.length = min(sliceBytes - rest.offset % sliceBytes, rest.length)
    var remaining = rest
    remaining.offset += first.length
    remaining.length -= first.length
    var task = chains[index].file
    task.isLast = remaining.length == 0
    chains[index].rest = task.isLast ? nil : remaining
    chains[index].state = nil
    chains[index].file.slice += 1
    let label = (task.name.map(\.forDisplay) ?? "standard input") + ", slice \(task.slice + 1)"
    return numbered(
      Unit(
        number: 0, label: label, task: HashTask(task, state: state).wire, source: .slice(first),
        expectedInput: first.length))
  }

  /// A chunk with the state that it goes on from appended to its description.
  private func resumed(_ unit: Unit, _ state: Bytes) -> Unit {
    var unit = unit
    unit.task += {
      var writer = WireWriter(); writer.write(state); return writer.bytes
    }()
    return numbered(unit)
  }

  /// The unit under the next number of this plan.
  private func numbered(_ unit: Unit) -> Unit {
    var unit = unit
    unit.number = unitCount
    unitCount += 1
    return unit
  }
}
