import CLab
import LanesReport

extension Experiment {
  static let syscall = Experiment(
    "syscall", .kernel, title: "System calls: what it costs to enter the kernel and to come back",
    short: "a system call costs about 1,000 cycles",
    claims: [
      LabClaim(
        "a", from: .course(.lab, ostep: .execution), "a switch to kernel mode and back costs about 1,000 cycles",
        .quantity(of: "getppid, cycles", within: .about(1000)),
        ifRefuted: "What a crossing costs depends on the processor and on the mitigations that its kernel needs."),
      LabClaim(
        "b", from: .course(.manual("vdso(7)"), ostep: .execution),
        "reading the clock takes no system call, and costs half of one at most",
        .ratio(of: "clock, page", to: "clock, call", within: .atMost(0.5)),
        ifConfirmed: "The kernel maps a page with the time and the code that reads it (vdso(7)); nothing is entered."),
      LabClaim(
        "c", from: .course(.glossary, ostep: .execution),
        "calls are a tax, so make fewer: bytes read 64 at a time cost ten times those read 64 KiB at a time, or more",
        .ratio(of: "1 KiB, 64 B each", to: "1 KiB, 64 KiB each", within: .atLeast(10))),
    ],
    published: [
      LabPublished(
        "getppid", 300, source: "Skylake with mitigations, getpid, blog of 2019",
        address: "https://blog.i0.pm/posts/the-cost-of-a-syscall-measured-190303/")
    ],
    method: [
      "getppid(2) is called as often as fits 50 µs, by its number, since a library may remember a result.",
      "The clock is read in two ways: through the page that the kernel maps for it, and by the call of the same name.",
      "Bytes come from /dev/zero, whose reading costs next to nothing but the crossing.",
      "Cycles are nanoseconds times what /proc/cpuinfo gives as MHz, which is not always what the core runs at.",
      "Misleading: mitigations of the processor's faults, /sys/devices/system/cpu/vulnerabilities, can double the figure.",
    ],
    loop: "for (long i = 0; i < n; i++) syscall(SYS_getppid);"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    loop.measure(
      [
        LabVariant("getppid") { clab_getppid($0) },
        LabVariant("clock, page") { clab_clock_page($0) },
        LabVariant("clock, call") { clab_clock_call($0) },
        LabVariant("empty loop") { clab_nothing($0) },
        LabVariant("1 KiB, 64 B each", per: 0.0625) { clab_read_zeros($0, 64) },
        LabVariant("1 KiB, 4 KiB each", per: 4) { clab_read_zeros($0, 4096) },
        LabVariant("1 KiB, 64 KiB each", per: 64) { clab_read_zeros($0, 65_536) },
      ], into: &result)
    if let figure = result["getppid"], let gigahertz = LabMachine.gigahertz {
      result.figures.insert(LabFigure("getppid, cycles", .count, converting: figure, times: gigahertz), at: 1)
    } else {
      result.require(false, "the kernel does not tell the processor's frequency", for: "a")
    }
    return result
  }
}
