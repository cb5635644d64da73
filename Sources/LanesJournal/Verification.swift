import LanesCore
import LanesOS
import SystemPackage

/// Holds what a run left against what its file says of it.
package struct Verification {
  /// One way in which they differ.
  package enum Difference: Equatable {
    /// The run was interrupted, or is under way on another machine.
    case incomplete(units: Int)
    /// The records do not add up to what the run said of itself in the end.
    case totals(told: RunTotals, counted: RunTotals)
    case failed(label: Bytes, UnitFailure)
    case missing(FilePath)
    case unreadable(FilePath, String)
    case size(FilePath, recorded: Int, found: Int)
    /// The file is as large as it was written, and holds other bytes.
    case content(FilePath)
    /// A file among the results that the run did not make.
    case extra(FilePath)
  }

  /// What the records of units add up to.
  package private(set) var counted = RunTotals(done: 0, failed: 0)
  /// Results that were looked for, and bytes that were read of them.
  package private(set) var files = 0
  package private(set) var bytes = 0

  private let run: EarlierRun
  /// The run file, which may lie among the results.
  private let own: FileIdentity
  private let tell: (Difference) -> Void
  /// Places of all results that may be there; anything else in the folder is extra.
  private var expected: Set<ShortDigest> = []

  /// - Parameter tell: called for each difference as it is found.
  package init(_ run: EarlierRun, own: FileIdentity, tell: @escaping (Difference) -> Void) {
    self.run = run
    self.own = own
    self.tell = tell
  }

  /// Reads every result to its end.
  package mutating func verify() throws(RunFileError) {
    var counted = RunTotals(done: 0, failed: 0)
    var outputs: [StoredOutput] = []
    try run.forEachUnit { entry throws(RunFileError) in
      switch entry.outcome {
      case .done:
        counted.done += 1
        outputs += entry.outputs
      case .failed(let failure):
        counted.failed += 1
        tell(.failed(label: entry.label, failure))
      }
    }
    self.counted = counted
    for output in outputs { check(output) }
    for path in run.foundPaths { checkFound(path) }
    if let folder = run.header.outputFolder { findExtra(in: folder) }
    // Told last, so that an interrupted run is still compared file by file.
    guard let told = run.totals else { return tell(.incomplete(units: run.count)) }
    if told != counted { tell(.totals(told: told, counted: counted)) }
  }

  /// Where a name of the command leads to, whatever directory this process is in.
  private func place(_ path: FilePath) -> FilePath { run.header.directory.pushing(path).lexicallyNormalized() }

  private mutating func check(_ output: StoredOutput) {
    let place = place(output.path)
    expected.insert(ShortDigest(of: place))
    files += 1
    do {
      let status = try FileStatus(of: place, followingLinks: false)
      guard status.kind == .regular else { return tell(.unreadable(output.path, "it is no regular file any more")) }
      // A file of another size need not be read.
      guard status.size == output.size else {
        return tell(.size(output.path, recorded: output.size, found: status.size))
      }
      // Opened for its error alone: reading it back tells no reason.
      _ = try Descriptor.reading(place)
    } catch {
      return tell(error.isMissing ? .missing(output.path) : .unreadable(output.path, error.reason))
    }
    guard let found = StoredOutput(reading: place) else {
      return tell(.unreadable(output.path, "it cannot be read to its end"))
    }
    bytes += found.size
    if found.digest != output.digest { tell(.content(output.path)) }
  }

  /// A result that was there before the run is part of the tree, though nobody knows what it held.
  private mutating func checkFound(_ path: FilePath) {
    let place = place(path)
    guard expected.insert(ShortDigest(of: place)).inserted else { return }
    do {
      if try FileStatus.ifPresent(place, followingLinks: false) == nil { tell(.missing(path)) }
    } catch {
      tell(.unreadable(path, error.reason))
    }
  }

  /// Tells of files in the folder of results that no record speaks of; the others must be known by then.
  private func findExtra(in folder: FilePath) {
    let walk = DirectoryWalk(root: place(folder))
    while let step = walk.next() {
      switch step {
      case .file(let file):
        guard !expected.contains(ShortDigest(of: file.path)) else { continue }
        guard (try? FileStatus(of: file.path))?.identity != own else { continue }
        tell(.extra(folder.pushing(file.relative)))
      case .unreadable(let path, let error):
        // What vanishes during the walk is not there to be told of.
        if !error.isMissing { tell(.unreadable(path, error.reason)) }
      }
    }
  }
}
