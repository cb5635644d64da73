import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import SystemPackage

/// Holds a folder for the results of one run: a second run into it is refused while this one lives. Shards of divided batches
/// hold it together, against runs that are none.
///
/// The lock is the kernel's and goes with the process, however that ends. A folder that was made for it and is still empty
/// in the end is removed.
final class OutputLock {
  private let lock: LockedFile
  private let made: FilePath?

  /// Takes a folder that exists already; nil when there is none, or its file system has no locks.
  static func taking(_ path: FilePath) throws -> OutputLock? {
    do {
      guard try FileStatus.ifPresent(path)?.kind == .directory else { return nil }
    } catch {
      throw ExitStatus.of(PlanRefusal.unknown(path, error))
    }
    return try OutputLock(path, made: nil, isShared: false)
  }

  /// Takes a folder, and makes it first when it is missing; nil when its file system has no locks.
  static func making(_ folder: OutputFolder) throws -> OutputLock? {
    do {
      let isNew = try Folders.makeIfMissing(folder.path, like: folder.mirror)
      return try OutputLock(folder.path, made: isNew ? folder.path : nil, isShared: false)
    } catch let error as SystemError {
      throw ExitStatus.of(PlanRefusal.unwritable(folder.path, error))
    }
  }

  /// Takes a folder together with other shards, and makes it first when it is missing. It stays, since others may be about to
  /// write to it; nil when its file system has no locks.
  static func sharing(_ folder: OutputFolder) throws -> OutputLock? {
    do {
      _ = try Folders.makeIfMissing(folder.path, like: folder.mirror)
    } catch {
      throw ExitStatus.unwritableOwn(folder.path, error)
    }
    return try OutputLock(folder.path, made: nil, isShared: true)
  }

  private init?(_ path: FilePath, made: FilePath?, isShared: Bool) throws {
    do {
      guard let lock = try LockedFile.folder(path, isShared: isShared) else { return nil }
      self.lock = lock
      self.made = made
    } catch {
      switch error {
      case .inUse where isShared:
        // Unlike a person, what starts shards tries again.
        throw ExitStatus.unfinished.failing(
          "a run that is no shard is writing to \(path.forDisplay): once it has ended the shard can be done")
      case .inUse:
        throw ExitStatus.usage.failing(
          "another run is writing to \(path.forDisplay): wait until it has ended, or choose another folder")
      // A folder that may be written to and not be listed cannot be locked.
      case .system(let error) where error.isForbidden: return nil
      case .system(let error):
        throw ExitStatus.stoppedEarly.failing("\(path.forDisplay) cannot be locked for this run: \(error.reason)")
      }
    }
  }

  deinit { if let made { Folders.removeIfEmpty(made) } }
}
