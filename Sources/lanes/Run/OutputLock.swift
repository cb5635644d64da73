import ArgumentParser
import LanesCore
import LanesOS
import SystemPackage

/// Holds a folder for the results of one run: a second run into it is refused while this one lives.
///
/// The lock is the kernel's and goes with the process, however that ends. A folder that was made for it and is still empty
/// in the end is removed.
final class OutputLock {
  private let lock: LockedFile
  private let made: FilePath?

  /// Takes a folder that exists already; nil when there is none, or its file system has no locks.
  static func taking(_ path: FilePath) throws -> OutputLock? {
    guard (try? FileStatus(of: path))?.kind == .directory else { return nil }
    return try OutputLock(path, made: nil)
  }

  /// Takes a folder, and makes it first when it is missing. Nil when it cannot be had: storing then tells why.
  static func making(_ folder: OutputFolder) throws -> OutputLock? {
    do {
      let isNew = try Folders.makeIfMissing(folder.path, like: folder.mirror)
      return try OutputLock(folder.path, made: isNew ? folder.path : nil)
    } catch is SystemError {
      return nil
    }
  }

  private init?(_ path: FilePath, made: FilePath?) throws {
    do {
      guard let lock = try LockedFile.folder(path) else { return nil }
      self.lock = lock
      self.made = made
    } catch {
      guard case .inUse = error else { return nil }
      throw ExitStatus.usage.failing(
        "another run is writing to \(path.forDisplay): wait until it has ended, or choose another folder")
    }
  }

  deinit { if let made { Folders.removeIfEmpty(made) } }
}
