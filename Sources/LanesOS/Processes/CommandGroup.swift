import Glibc
import LanesCore
import SystemPackage

/// A control group of version 2 (cgroups(7)) that commands are started in, one after the other: it counts what no call tells of
/// their processes, and only of theirs.
///
/// - Processor time also of processes that nobody waits for, because their parent ignores SIGCHLD: wait4(2) leaves them out.
/// - Pressure of these processes instead of the whole machine's.
///
/// Memory and storage are not asked for: their controllers cannot be switched on below a group that has processes, which is
/// the one that this process is in, and a group's memory has the page cache in it.
package struct CommandGroup: ~Copyable {
  /// What has been counted up to now.
  package struct Counts: Equatable {
    /// Nanoseconds of processor time.
    package var user: Int64
    package var system: Int64
    package var pressure: PressureStall
  }

  private let folder: String
  /// The open folder, for starting processes in it.
  package let descriptor: Descriptor
  /// Files that are read before and after each run.
  private let times: Descriptor
  /// Numbers of open files, -1 for one that there is not.
  private let pressures: [Int32]
  private static let pressureNames = ["cpu", "io", "memory"]

  /// A group of its own below that of this process; nil where there is no version 2, or this user may make none.
  package init?() {
    guard let parent = Self.parent else { return nil }
    self.init(below: parent)
  }

  /// The folder of this process's own group, ending in a slash; nil where there is no version 2.
  private static var parent: String? {
    guard let membership = ProcessFile.cgroups?.text, let mounts = ProcessFile("/proc/self/mountinfo")?.text else {
      return nil
    }
    return Cgroups.unified(membership: membership, mounts: mounts)
  }

  private static func folder(below parent: String, of pid: pid_t) -> String { parent + "lanes-\(pid)" }

  /// Ends what a supervisor that was killed has left in its group, and removes that (cgroup.kill of cgroups(7)); nothing where
  /// there is none.
  package static func remove(of pid: pid_t) {
    guard let folder = parent.map({ folder(below: $0, of: pid) }), rmdir(folder) != 0, errno == EBUSY else { return }
    guard let kill = try? Descriptor.creating(FilePath("\(folder)/cgroup.kill")) else { return }
    var one = UInt8(ascii: "1")
    _ = write(kill.number, &one, 1)
    // Killed processes leave the group as soon as they have ended, which nobody tells.
    for _ in 0..<100 where rmdir(folder) != 0 { usleep(1_000) }
  }

  /// - Parameter parent: the folder of a group, ending in a slash.
  package init?(below parent: String) {
    let folder = Self.folder(below: parent, of: getpid())
    guard mkdir(folder, 0o700) == 0 else { return nil }
    func opened(_ name: String) -> Descriptor? { try? Descriptor.reading(FilePath("\(folder)/\(name)")) }
    guard let descriptor = try? Descriptor.reading(FilePath(folder)), let times = opened("cpu.stat") else {
      rmdir(folder)
      return nil
    }
    self.folder = folder
    self.descriptor = descriptor
    self.times = times
    var pressures: [Int32] = []
    for name in Self.pressureNames { pressures.append(opened("\(name).pressure")?.release() ?? -1) }
    self.pressures = pressures
  }

  /// A group cannot be removed before the last of its processes has ended and was waited for.
  deinit {
    for pressure in pressures where pressure >= 0 { close(pressure) }
    rmdir(folder)
  }

  /// Nil where it cannot be read.
  package func counts() -> Counts? {
    let times = ProcessFile(of: times.number)
    guard let user = times.number(after: "user_usec"), let system = times.number(after: "system_usec") else {
      return nil
    }
    func stall(_ index: Int) -> Int64? {
      // The first line is "some", in microseconds.
      pressures[index] < 0 ? nil : ProcessFile(of: pressures[index]).number(after: " total=").map { Int64($0) * 1_000 }
    }
    return Counts(
      user: Int64(user) * 1_000, system: Int64(system) * 1_000,
      pressure: PressureStall(cpu: stall(0), io: stall(1), memory: stall(2)))
  }
}

extension CommandGroup.Counts {
  /// What has come on top since `earlier`.
  package func since(_ earlier: Self) -> Self {
    Self(
      user: user - earlier.user, system: system - earlier.system, pressure: pressure.since(earlier.pressure))
  }
}
