import Glibc
import LanesCore
import LanesOS
import LanesTesting
import Testing

@Suite struct CommandGroupTests {
  private static let mounts = """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:7 - cgroup cgroup rw,cpu
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw

    """

  @Test(
    arguments: [
      ("4:memory:/a\n0::/\n", mounts, "/sys/fs/cgroup/unified/"),
      ("0::/user.slice/a b:c\n", mounts, "/sys/fs/cgroup/unified/user.slice/a b:c/"),
      ("0::/pod/x/y\n", "9 1 0:38 /pod/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup/y/"),
      ("0::/pod/x\n", "9 1 0:38 /pod/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup/"),
      ("0::/pod/xy\n", "9 1 0:38 /pod/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n", nil),
      ("4:memory:/a\n", mounts, nil), ("0::/\n", "", nil), ("0::/\n", "9 1 - cgroup2\n- - - - - - - -\n", nil),
      ("", mounts, nil),
    ] as [(String, String, String?)]) func `the folder of the own group is found below its mount`(
      _ membership: String, _ mounts: String, _ folder: String?
    )
  {
    #expect(Cgroups.unified(membership: membership, mounts: mounts) == folder)
  }

  @Test func `a folder that is no control group is left as it was`() throws {
    let folder = TemporaryFolder()
    #expect(CommandGroup(below: "\(folder.path)/") == nil && CommandGroup(below: "/nowhere/") == nil)
    #expect(try folder.contents().isEmpty)
  }

  @Test func `an outcome is read as it was written`() {
    var usage = ProcessUsage()
    (usage.user, usage.system, usage.peakMemory, usage.storageRead) = (1, 2, 3, 4)
    for exit in [CommandOutcome.Exit.status(3), .signal(9), .notStarted(2), .stopped(21)] {
      for pressure in [nil, PressureStall(), PressureStall(cpu: 1, io: nil, memory: 3)] {
        var outcome = CommandOutcome(exit: exit, wall: 5, usage: usage, queued: 6, leftBehind: 7)
        outcome.pressure = pressure
        outcome.hasUnwaited = pressure != nil
        var writer = WireWriter()
        outcome.write(to: &writer)
        #expect(CommandOutcome(writer.bytes) == outcome)
        #expect(CommandOutcome(Bytes(writer.bytes.dropLast())) == nil)
      }
    }
    #expect(CommandOutcome([]) == nil)
  }
}
