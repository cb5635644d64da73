import Glibc
import LanesCore
import LanesTesting
import Testing

@testable import LanesOS

/// What the kernel says of the machine and of this process.
@Suite struct MachineTests {
  @Test(
    arguments: [
      ("0::/\n", ["/sys/fs/cgroup/cpu.max": "150000 100000\n"], 1.5),
      ("0::/a/b\n", ["/sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "/sys/fs/cgroup/a/cpu.max": "50000 100000\n"], 0.5),
      ("0::/a\n", ["/sys/fs/cgroup/a/cpu.max": "400000 100000\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n"], 2),
      ("0::/a\n", ["/sys/fs/cgroup/a/cpu.max": "max 100000\n"], nil),
      ("0::/\n", [:], nil),
      ("0::/\n", ["/sys/fs/cgroup/cpu.max": "nonsense\n"], nil),
      ("0::/\n", ["/sys/fs/cgroup/cpu.max": "100000 0\n"], nil),
      (
        "12:memory:/x\n3:cpu,cpuacct:/job\n",
        [
          "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "300000\n", "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        ], 3
      ),
      (
        "3:cpu:/job\n",
        ["/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n"], nil
      ),
      (
        "3:cpuset:/job\n",
        ["/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "1\n", "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n"], nil
      ),
      (
        "4:cpu:/v1\n0::/v2\n",
        [
          "/sys/fs/cgroup/cpu/v1/cpu.cfs_quota_us": "800000\n", "/sys/fs/cgroup/cpu/v1/cpu.cfs_period_us": "100000\n",
          "/sys/fs/cgroup/v2/cpu.max": "700000 100000\n",
        ], 7
      ),
      ("garbage\n", ["/sys/fs/cgroup/cpu.max": "100000 100000\n"], nil),
    ] as [(String, [String: String], Double?)])
  func `the smallest quota on the way to the root counts`(
    _ membership: String, _ files: [String: String], _ expected: Double?
  ) {
    #expect(CPUs.cgroupQuota(membership: membership, read: { files[$0] }) == expected)
  }

  @Test func `without a membership there is no quota`() {
    #expect(CPUs.cgroupQuota(membership: nil, read: { _ in "1 1" }) == nil)
  }

  @Test func `at least one CPU is there, and no more than the affinity mask grants`() throws {
    let granted = try Program.shell("nproc").text
    #expect(CPUs.available >= 1)
    #expect(CPUs.available <= Int(granted.dropLast())!)
  }

  @Test func `numbers are found behind their keys`() throws {
    let folder = TemporaryFolder()
    let text = "Name:\tx 5\nVmHWM:\t   1234 kB\nread_bytes: 77\ncancelled_read_bytes: 88\nEmpty:\nBad:\tword\nLast: 9"
    let path = try folder.write("status", Bytes(text.utf8))
    let file = try #require(ProcessFile(path.string))
    #expect(file.text == text)
    #expect(file.number(after: "VmHWM:") == 1234)
    #expect(file.number(after: "\nread_bytes:") == 77)
    #expect(file.number(after: "cancelled_read_bytes:") == 88)
    #expect(file.number(after: "Last:") == 9)
    #expect(file.number(after: "Bad:") == nil)
    #expect(file.number(after: "Missing:") == nil)
    #expect(file.number(after: text + "and more") == nil)
    #expect(ProcessFile(TemporaryFolder().file("missing").string) == nil)
  }

  @Test func `what is no terminal is eighty columns wide`() throws {
    let pipe = try Pipe()
    #expect(Terminal.width(pipe.readEnd.number) == 80)
    #expect(!Terminal.isTerminal(pipe.readEnd.number))
  }

  @Test func `an empty variable counts as none`() {
    setenv("LANES_TEST_VARIABLE", "", 1)
    #expect(Terminal.variable("LANES_TEST_VARIABLE") == nil)
    setenv("LANES_TEST_VARIABLE", "x", 1)
    #expect(Terminal.variable("LANES_TEST_VARIABLE") == "x")
    unsetenv("LANES_TEST_VARIABLE")
    #expect(Terminal.variable("LANES_TEST_VARIABLE") == nil)
  }

  @Test func `usage grows and differences count from the earlier reading`() {
    let before = ProcessUsage.current()
    var memory = [UInt8](repeating: 0, count: 64 << 20)
    for index in stride(from: 0, to: memory.count, by: 4096) { memory[index] = 1 }
    let used = ProcessUsage.current().since(before)
    #expect(used.minorFaults > 0)
    #expect(used.user + used.system > 0)
    #expect((used.peakMemory ?? 0) >= 64 << 20)
    withExtendedLifetime(memory) {}
  }

  @Test func `signals have names`() {
    #expect(Signal.name(SIGSEGV) == "SIGSEGV")
    #expect(Signal.name(SIGKILL) == "SIGKILL")
    #expect(Signal.name(60) == "signal 60")
  }
}
