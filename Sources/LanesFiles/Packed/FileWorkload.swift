import LanesCore

/// A workload of `lanes files`, whose units are files, or slices of them.
package protocol FileWorkload: Workload {
  /// Which part of which file a unit with the description `task` is.
  static func file(of task: Bytes) throws(WireError) -> FileTask

  /// `task` for another part of its file.
  static func task(_ task: Bytes, for file: FileTask) -> Bytes

  /// Bytes after which a unit that has no end in sight gives a partial result and begins another; nil where one partial
  /// result stays small however long the unit is.
  var bytesPerPartial: Int? { get }
}

extension FileWorkload {
  package static func file(of task: Bytes) throws(WireError) -> FileTask { try FileTask(wire: task) }
  package static func task(_ task: Bytes, for file: FileTask) -> Bytes { file.wire }
  package var bytesPerPartial: Int? { nil }
}

extension CountWorkload: FileWorkload {}
extension HistogramWorkload: FileWorkload {}

extension TopWorkload: FileWorkload {
  // Tables are put together as they come, so that each different word is kept once.
  package var bytesPerPartial: Int? { 16 << 20 }
}

extension SearchWorkload: FileWorkload {
  // Selected lines grow with the file.
  package var bytesPerPartial: Int? { 8 << 20 }
}

extension HashWorkload: FileWorkload {
  package static func file(of task: Bytes) throws(WireError) -> FileTask { try HashTask(wire: task).file }

  package static func task(_ task: Bytes, for file: FileTask) -> Bytes {
    HashTask(file, state: (try? HashTask(wire: task))?.state).wire
  }
}

extension StatsWorkload: FileWorkload {
  package static func file(of task: Bytes) throws(WireError) -> FileTask { try StatsTask(wire: task).file }

  package static func task(_ task: Bytes, for file: FileTask) -> Bytes {
    guard var whole = try? StatsTask(wire: task) else { return task }
    whole.file = file
    whole.skipsHeader = whole.skipsHeader && file.slice == 0
    return whole.wire
  }
}

/// The workloads of `lanes files`.
package enum FileWorkloads {
  /// Each of them over what compressed files unpack to.
  package static let unpacking: [any Workload.Type] = [
    Unpacking<CountWorkload>.self, Unpacking<SearchWorkload>.self, Unpacking<HashWorkload>.self,
    Unpacking<StatsWorkload>.self, Unpacking<TopWorkload>.self, Unpacking<HistogramWorkload>.self,
  ]
}
