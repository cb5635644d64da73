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

  /// A gibibyte granted to the inner group of two, of which it holds 600 MiB, 200 MiB of them page cache.
  @Test(
    arguments: [
      (
        "0::/a/b\n",
        [
          "a/b/memory.max": "1073741824\n", "a/b/memory.current": "629145600\n", "a/memory.max": "max\n",
          "a/b/memory.stat": "anon 1\ninactive_file 209715200\n",
        ], 1024, 624
      ),
      (
        "4:memory:/job\n2:cpu:/other\n",
        [
          "memory/job/memory.limit_in_bytes": "1073741824\n", "memory/job/memory.usage_in_bytes": "629145600\n",
          "memory/job/memory.stat": "cache 1\ninactive_file 5\ntotal_inactive_file 209715200\n",
          "memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/memory.usage_in_bytes": "900000000000\n",
        ], 1024, 624
      ),
      // The outer group is the tighter one.
      (
        "0::/a/b\n",
        [
          "a/b/memory.max": "1073741824\n", "a/b/memory.current": "0\n", "a/memory.max": "536870912\n",
          "a/memory.current": "104857600\n",
        ], 512, 412
      ),
      // More than is granted is in use: nothing is left.
      ("0::/\n", ["memory.max": "1048576\n", "memory.current": "2097152\n"], 1, 0),
      ("0::/\n", ["memory.max": "max\n"], nil, 0),
      ("4:memory:/\n", ["memory/memory.limit_in_bytes": "9223372036854771712\n"], nil, 0),
      ("3:cpu:/job\n", ["memory/job/memory.limit_in_bytes": "1\n"], nil, 0),
      ("0::/\n", [:], nil, 0),
    ] as [(String, [String: String], Int?, Int)])
  func `memory cgroups of both versions limit memory`(
    _ membership: String, _ files: [String: String], _ mebibytes: Int?, _ left: Int
  ) {
    let limit = MemoryLimit(membership: membership) { path in
      files[String(path.dropFirst("/sys/fs/cgroup/".count))].map { ProcessFile(text: $0) }
    }
    #expect(limit?.bytes == mebibytes.map { $0 << 20 })
    if let limit { #expect(limit.left == left << 20) }
  }

  @Test func `only an answer tells that a file is not there`() throws {
    let folder = TemporaryFolder()
    let file = try folder.write("file", [1])
    #expect(try FileStatus.ifPresent(file)?.size == 1)
    #expect(try FileStatus.ifPresent(folder.file("none")) == nil)
    #expect(try FileStatus.ifPresent(file.appending("below")) == nil, "a file is no folder")
    #expect(try FileStatus.ifPresent(folder.file(String(repeating: "x", count: 300))) == nil, "no name is so long")
    #expect(symlink("loop", folder.file("loop").string) == 0)
    #expect(throws: SystemError("stat", errno: ELOOP)) { try FileStatus.ifPresent(folder.file("loop")) }
    #expect(throws: SystemError("stat", errno: ELOOP)) { try Folders.makeIfMissing(folder.file("loop")) }
    #expect(try FileStatus.ifPresent(folder.file("loop"), followingLinks: false)?.kind == .symbolicLink)
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
