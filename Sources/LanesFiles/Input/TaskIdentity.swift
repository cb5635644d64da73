import LanesCore

// A file's row in the table says where it stands among the inputs, and nothing of what is to be done with it.

extension FileTask {
  /// A task that begins with one of files, without the row.
  fileprivate static func identity(of task: Bytes) -> Bytes { Bytes(task.dropFirst(MemoryLayout<UInt32>.size)) }
}

extension CountWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes { FileTask.identity(of: task) }
}

extension SearchWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes { FileTask.identity(of: task) }
}

extension HashWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes { FileTask.identity(of: task) }
}

extension TopWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes { FileTask.identity(of: task) }
}

extension HistogramWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes { FileTask.identity(of: task) }
}

extension StatsWorkload {
  package static func identity(ofTask task: Bytes) -> Bytes {
    guard var whole = try? StatsTask(wire: task) else { return task }
    whole.file.row = 0
    return whole.wire
  }
}
