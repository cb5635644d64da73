import CLab
import LanesReport

extension Experiment {
  static let stack = Experiment(
    "stack", .processes, title: "Stack and heap: where memory lies, and what taking it costs",
    short: "the stack is fast, the heap slow; 8 MiB of stack each",
    claims: [
      LabClaim(
        "a", from: .course(.glossary, ostep: .memoryAPI),
        "room on the stack is had faster than on the heap: twice as fast for 64 bytes, or more",
        .ratio(of: "heap, 64 B", to: "stack, 64 B", within: .atLeast(2))),
      LabClaim(
        "b", from: .course(.processes, ostep: .concurrency), "a thread with 8 MiB of stack has them in memory",
        .value(
          "resident of 8 MiB", within: 7_500_000...8_388_608,
          counts: "bytes of the stack that are in memory"),
        ifRefuted: "The 8 MiB are addresses; pages come when they are touched."),
    ],
    method: [
      "A function takes 64 bytes, or 64 KiB, with alloca(3) and returns, or takes them with malloc(3) and frees them; the first "
        + "and the last byte are written.",
      "A thread with a stack of 8 MiB asks the kernel which pages of it are in memory (mincore(2)), untouched and after 1 MiB "
        + "was written.",
      "Misleading: malloc(3) that takes again what was just freed is at its best; many threads and sizes make it slower.",
    ],
    loop: "for (long i = 0; i < n; i++) on_stack(bytes);"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    loop.measure(
      [
        LabVariant("stack, 64 B") { clab_alloca($0, 64) }, LabVariant("heap, 64 B") { clab_malloc($0, 64) },
        LabVariant("stack, 64 KiB") { clab_alloca($0, 65_536) }, LabVariant("heap, 64 KiB") { clab_malloc($0, 65_536) },
      ], into: &result)
    for (name, touched) in [("untouched", 0), ("1 MiB written", 1 << 20)] {
      let resident = Double(clab_stack_resident(8 << 20, touched))
      guard resident >= 0 else { continue }
      result.figures.append(LabFigure("8 MiB stack, \(name)", .bytes, samples: [resident], needed: 1))
      if touched == 0 { result.values["resident of 8 MiB"] = resident }
    }
    return result
  }
}
