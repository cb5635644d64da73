import SystemPackage

/// The smallest piece of a batch that is handed out: an image, a slice of a file, an interval of integers.
package struct Unit: Sendable, Equatable {
  /// Position in the batch, from 0 and without gaps; results are delivered in this order.
  package var number: Int
  /// What messages and timelines call the unit: a path, an interval.
  package var label: String
  /// The workload's own description of the unit; engines carry it and never look inside.
  package var task: Bytes
  package var source: Source
  package var sink: Sink
  /// Bytes the source is expected to hold, for budgets and batching; 0 when nothing is read.
  package var expectedInput: Int
  /// Bytes of memory that performing is expected to need beside input and output, for budgets.
  package var expectedMemory: Int

  package init(
    number: Int, label: String, task: Bytes = [], source: Source = .none, sink: Sink = .none,
    expectedInput: Int = 0, expectedMemory: Int = 0
  ) {
    self.number = number
    self.label = label
    self.task = task
    self.source = source
    self.sink = sink
    self.expectedInput = expectedInput
    self.expectedMemory = expectedMemory
  }
}

/// What a unit reads; the engine loads it before the unit is performed.
package enum Source: Sendable, Equatable {
  case none
  /// Bytes that the plan already holds, such as a piece of standard input.
  case bytes(Bytes)
  /// A whole file, read to its end.
  case file(FilePath)
  /// Part of a regular file, mapped where the engine can map.
  case slice(FileSlice)

  /// True when performing may read the file itself, page by page, because it is mapped.
  package var isSlice: Bool { if case .slice = self { true } else { false } }
}

/// A half-open range of bytes of one regular file, and how to know that it is still the same file.
package struct FileSlice: Sendable, Equatable {
  package var path: FilePath
  /// First byte, from 0.
  package var offset: Int
  /// Number of bytes.
  package var length: Int
  package var identity: FileIdentity
  /// False where the slice is to be read although it could be mapped.
  package var isMapped: Bool

  package init(path: FilePath, offset: Int, length: Int, identity: FileIdentity, isMapped: Bool = true) {
    self.isMapped = isMapped
    self.path = path
    self.offset = offset
    self.length = length
    self.identity = identity
  }
}

/// Device and inode: two paths with equal identities name one file.
package struct FileIdentity: Sendable, Hashable {
  package let device: UInt64
  package let inode: UInt64

  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }
}

/// Where a unit's output goes; the engine stores it after the unit was performed.
package enum Sink: Sendable, Equatable {
  case none
  /// Standard output, in unit order whatever order units end in.
  case standardOutput
  /// One file, which appears under its name only when it is complete.
  case file(Destination)
  /// Several files: the unit ends a part of its output for each of them, in this order.
  case files([Destination])
}

/// A file to be made, and what to do when its name is taken.
package struct Destination: Sendable, Equatable {
  package var path: FilePath
  /// True replaces an existing file; false fails the unit.
  package var replacesExisting: Bool

  package init(path: FilePath, replacesExisting: Bool) {
    self.path = path
    self.replacesExisting = replacesExisting
  }
}
