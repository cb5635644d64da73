import LanesCore
import LanesOS
import SystemPackage

/// A file in the making: it appears under its final name only by `commit`, complete and on stable storage.
///
/// While it is written it has no name at all (O_TMPFILE), so that neither a crash nor `kill -9` can leave anything behind;
/// file systems without that get a temporary name, which is removed when the value goes without a commit. The data reaches
/// the disk before the file gets its name, which could otherwise be that of an empty file after a power cut. A file that is
/// replaced leaves its permissions, and its owner where that is allowed, to the one that takes its place. No symbolic link
/// below the destination is followed (`OutputPlace`).
package struct OutputFile: ~Copyable {
  private let descriptor: Descriptor
  private let target: Destination
  private let place: OutputPlace
  /// Where the file has a name already: until it gets its own.
  private var temporary: UnfinishedName?

  /// Opens the file; makes the folders on the way to it that do not exist.
  package init(_ target: Destination) throws(SystemError) {
    let place = try OutputPlace(of: target.path, depth: target.depth, like: target.mirror)
    let replaced = try Self.replacedFile(target)
    let permissions = (replaced?.permissions ?? target.permissions) & 0o777
    var temporary: UnfinishedName?
    let descriptor = try Self.open(place, permissions, target, &temporary)
    if let replaced { descriptor.adoptOwnership(of: replaced) }
    self.target = target
    self.place = place
    self.descriptor = descriptor
    self.temporary = temporary
  }

  /// A file without a name or, where there are none, with the one that `temporary` is set to.
  private static func open(
    _ place: borrowing OutputPlace, _ permissions: UInt16, _ target: Destination, _ temporary: inout UnfinishedName?
  ) throws(SystemError) -> Descriptor {
    if let unnamed = try openUnnamed(place, permissions, target) { return unnamed }
    var number: Int32 = -1
    let name = UnfinishedName.unique(beside: target.path)
    let (own, origin) = (place.sibling(name), place.origin)
    temporary = try UnfinishedName(name) { () throws(SystemError) in
      number = try Descriptor.creatingNew(own, from: origin, permissions: permissions).release()
    }
    return Descriptor(owning: number)
  }

  /// Nil where the file system has no unnamed files.
  private static func openUnnamed(
    _ place: borrowing OutputPlace, _ permissions: UInt16, _ target: Destination
  ) throws(SystemError) -> Descriptor? {
    let (folder, origin) = (place.folder, place.origin)
    if let unnamed = try Descriptor.unnamed(in: folder, from: origin, permissions: permissions) { return unnamed }
    // A place that was opened exists.
    guard target.depth == 0, try Folders.makeIfMissing(folder, like: target.mirror) else { return nil }
    return try Descriptor.unnamed(in: folder, permissions: permissions)
  }

  /// The regular file whose place the new one takes.
  private static func replacedFile(_ target: Destination) throws(SystemError) -> FileStatus? {
    guard target.replacesExisting, let status = try FileStatus.ifPresent(target.path) else { return nil }
    return status.kind == .regular ? status : nil
  }

  /// The open file, for asynchronous writes.
  package var number: Int32 { descriptor.number }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try DescriptorIO.writeAll(descriptor.number, bytes)
  }

  /// Begins to bring what was written to the disk, without waiting.
  package func startWriteBack() { descriptor.startWriteBack() }

  /// Waits until all that was written is on the disk and gives the file its name; throws EEXIST when the name is taken and may
  /// not be replaced.
  package mutating func commit() throws(SystemError) {
    try descriptor.synchronize()
    // Before the name, so that nobody sees the file with other times.
    if let times = target.times { try descriptor.setTimes(times) }
    if temporary == nil {
      do {
        return try descriptor.link(as: place.file, from: place.origin)
      } catch  where error.code == .fileExists && target.replacesExisting {
        temporary = try nameForReplacing()
      } catch  where error.code == .fileExists && target.acceptsSame {
        return try checkSame(error)
      }
    }
    do {
      try temporary?.rename(in: place, replacing: target.replacesExisting)
      temporary = nil
    } catch  where error.code == .fileExists && target.acceptsSame {
      try checkSame(error)
    }
  }

  /// Bytes that are compared at a time.
  private static let comparedBytes = 1 << 16

  /// Throws `conflict` unless the file that has the name already is a regular one with the bytes of this one.
  private func checkSame(_ conflict: SystemError) throws(SystemError) {
    let existing = try FileStatus(of: target.path, followingLinks: false)
    guard existing.kind == .regular, try FileStatus(of: number).size == existing.size else { throw conflict }
    // This one was opened for writing only.
    let own = try Descriptor.reading(FilePath("/proc/self/fd/\(number)"))
    let other = try Descriptor.reading(target.path)
    for offset in stride(from: 0, to: existing.size, by: Self.comparedBytes) {
      let count = min(Self.comparedBytes, existing.size - offset)
      let bytes = try DescriptorIO.bytes(own.number, at: offset, count: count)
      guard try DescriptorIO.bytes(other.number, at: offset, count: count) == bytes else { throw conflict }
    }
  }

  /// linkat(2) cannot replace, so the file gets a temporary name for the moment between two calls. `kill -9` and power cuts can
  /// come in that moment: the name is the same each time, and one that was left behind is removed by the next replacement.
  private func nameForReplacing() throws(SystemError) -> UnfinishedName {
    guard UnfinishedName.lock(descriptor.number) else { return try name(UnfinishedName.unique(beside: target.path)) }
    let usual = UnfinishedName.replacing(target.path)
    do {
      return try name(usual)
    } catch  where error.code == .fileExists {
      let isFree = UnfinishedName.removeAbandoned(place.sibling(usual), from: place.origin)
      return try name(isFree ? usual : UnfinishedName.unique(beside: target.path))
    }
  }

  private func name(_ name: FilePath) throws(SystemError) -> UnfinishedName {
    let (own, origin) = (place.sibling(name), place.origin)
    return try UnfinishedName(name) { () throws(SystemError) in try descriptor.link(as: own, from: origin) }
  }
}
