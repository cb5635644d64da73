import LanesCore
import LanesOS
import SystemPackage

/// Makes run files, and opens those that a run is to continue.
package enum RunFile {
  /// Why a run file cannot be made or opened.
  package enum Problem: Error {
    /// There is a file of that name that holds something.
    case exists
    case inUse
    case missing
    /// A folder, a device or a pipe.
    case notRegular
    /// What it holds cannot be continued.
    case unusable(RunFileError)
    case system(SystemError)
  }

  /// A run file that is locked, and where it goes on.
  package struct Opened {
    package let file: LockedFile
    /// Where the last whole group ends, and the next one begins.
    package let end: Int
    /// What it says of units; nil for a new file.
    package let earlier: EarlierRun?
    /// Intact records of an unfinished group, to be written again.
    package var rest = RunFileReader.End(whole: 0)
  }

  /// Throws unless a run file can be made at `path`: nothing is there, or an empty file.
  package static func check(_ path: FilePath) throws(Problem) {
    guard let status = try status(of: path) else { return }
    guard status.kind == .regular else { throw .notRegular }
    guard status.size == 0 else { throw .exists }
  }

  private static func status(of path: FilePath) throws(Problem) -> FileStatus? {
    do throws(SystemError) { return try FileStatus.ifPresent(path) } catch { throw .system(error) }
  }

  /// Makes a run file that has its name when it holds its header, and is on stable storage with both: a result that outlives a
  /// power cut must find the run file that it belongs to, or it would be a stranger to the run that begins anew.
  ///
  /// - Parameter header: makes the first record, given the time of the file.
  package static func make(_ path: FilePath, header: (Int64) -> RunHeader) throws(Problem) -> Opened {
    try check(path)
    // An empty file is filled in place; a new one gets its name only when it holds its header.
    let isThere = try status(of: path) != nil
    do throws(LockedFile.Problem) {
      let file = isThere ? try LockedFile(path, makes: false) : try LockedFile.unnamed(for: path)
      do throws(SystemError) {
        let status = try file.status()
        // Another run may have been quicker between looking and locking.
        if isThere, status.size > 0 { throw SystemError("open", .fileExists) }
        let bytes = RunFileFormat.prologue + RunFileFormat.group([.header(header(status.changed))])
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes, at: 0) }
        try file.sync()
        // Its time was taken before: whatever changed later than that may be a result of this run.
        try file.giveName(path)
        do throws(SystemError) {
          let folder = path.removingLastComponent()
          try Folders.sync(folder.isEmpty ? FilePath(".") : folder)
        } catch  where error.isForbidden {
          // A folder that may be written and not read is left to the system.
        }
        return Opened(file: file, end: bytes.count, earlier: nil)
      } catch {
        throw .system(error)
      }
    } catch {
      throw problem(error)
    }
  }

  /// Opens a run file to go on with it, and reads all of it.
  package static func open(_ path: FilePath) throws(Problem) -> Opened {
    try read { () throws(LockedFile.Problem) in try LockedFile(path, makes: false) }
  }

  /// Opens a run file to look at it, and reads all of it.
  package static func examine(_ path: FilePath) throws(Problem) -> Opened {
    try read { () throws(LockedFile.Problem) in try LockedFile(reading: path) }
  }

  private static func read(_ open: () throws(LockedFile.Problem) -> LockedFile) throws(Problem) -> Opened {
    let file: LockedFile
    do { file = try open() } catch { throw problem(error) }
    let kind: FileStatus.Kind
    do { kind = try file.status().kind } catch { throw .system(error) }
    guard kind == .regular else { throw .notRegular }
    do {
      let (run, end) = try EarlierRun.read(file)
      return Opened(file: file, end: end.whole, earlier: run, rest: end)
    } catch {
      throw .unusable(error)
    }
  }

  /// The problem as commands tell it.
  private static func problem(_ problem: LockedFile.Problem) -> Problem {
    switch problem {
    case .inUse: .inUse
    case .system(let error) where error.isMissing: .missing
    case .system(let error) where error.code == .fileExists: .exists
    case .system(let error): .system(error)
    }
  }
}

extension RunFile.Opened {
  /// Cuts off what is unfinished, and writes what was intact of it as a group of its own; gives the new end.
  package func mend() throws(SystemError) -> Int {
    guard rest.dropped > 0 || !rest.intact.isEmpty else { return end }
    try file.truncate(to: end)
    guard rest.intactCount > 0 else { return end }
    let group = RunFileFormat.groupHead(bytes: rest.intact.count, count: rest.intactCount) + rest.intact
    try group.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes, at: end) }
    try file.sync()
    return end + group.count
  }
}
