import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  static let layout = Experiment(
    "layout", .processes, title: "Layout: where a process keeps what, and what threads, fork and exec make of it",
    short: "text, data, heap, stack; what threads share and own",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .lab, ostep: .addressSpaces),
        "a process's memory is made of regions: its text, data, heap, mappings and stack",
        .value("regions", within: 5...5, counts: "addresses of five that lie where they should")),
      LabClaim(
        "b", from: .course(.lab, ostep: .addressSpaces),
        "they lie in this order, text lowest and stack highest, and the stack grows down",
        .value("order", within: 5...5, counts: "steps of five that go the way they should")),
      LabClaim(
        "c", from: .course(.parallelism, .processes, .concurrency, .lab, ostep: .concurrency),
        "the threads of a process share its number, its globals, its heap and its descriptors",
        .value("shared", within: 4...4, counts: "things of four that two threads share")),
      LabClaim(
        "d", from: .course(.parallelism, .processes, .concurrency, .lab, ostep: .concurrency),
        "each thread has its own number, stack, registers, errno and thread-local variables",
        .value("own", within: 5...5, counts: "things of five that each of two threads has for itself")),
      LabClaim(
        "e", from: .course(.processes, .lab, ostep: .processAPI),
        "a fork has a number of its own, and the same map, values and descriptors",
        .value("fork", within: 4...4, counts: "facts of four that held after fork")),
      LabClaim(
        "f", from: .course(.processes, .lab, ostep: .processAPI),
        "exec replaces all memory: no mapping of the old program stays",
        .value("old mappings", within: 0...0, counts: "mappings of this program after exec")),
      LabClaim(
        "g", from: .course(.processes, .lab, ostep: .processAPI),
        "exec keeps the process's number and its descriptors, except those that are close-on-exec",
        .value("exec", within: 3...3, counts: "facts of three that held after exec")),
    ],
    method: [
      "The address of a function, of a global variable, of memory from malloc(3) and from mmap(2), and of a local variable are "
        + "looked up in /proc/self/maps: text must be executable, data writable and of the program's file, the heap and the main "
        + "thread's stack those that the kernel calls so.",
      "A second thread writes to a global and to the heap, opens a file and sets errno and a thread-local variable; the first one "
        + "looks while both are alive. The stack pointer stands for all registers.",
      "A forked child reads its own map, which must be the same text, and writes to a pipe that its parent opened.",
      "Another child becomes /bin/sh, which prints its number, whether two descriptors are open, and its map.",
      "These are facts, so nothing is timed.",
      "Misleading: addresses change from start to start (ASLR), their order hardly. A program that is not position-independent "
        + "lies lower; one that is, and holds its libraries, lies among the mappings. Large pieces of memory come from mmap and not "
        + "from the heap.",
    ],
    loop: """
      .function = ADDRESS(clab_layout), .global = ADDRESS(&global), .heap = ADDRESS(heap), .mapped = ADDRESS(mapped),
      .local = ADDRESS(&local), .deeper = deeper(),
      """,
    picture: { result, width in
      let column = MemoryMap.column(result.texts["map"] ?? "")
      return column + (column.isEmpty ? [] : [""])
        + (result.texts["threads"] ?? "").split(separator: "\n").map(String.init)
    }
  ) { _ in
    var result = LabMeasurements()
    let room = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1 << 17)
    defer { room.deallocate() }
    var places = clab_layout()
    guard clab_layout(&places, room.baseAddress, room.count) == 0 else {
      result.require(false, "/proc/self/maps cannot be read")
      return result
    }
    let map = MemoryMap(String(cString: room.baseAddress!))
    let parts = map.parts(of: places)
    result.values["regions"] = Double(parts.count { $0.isAsTold })
    let addresses = [places.function, places.global, places.heap, places.mapped, places.local]
    let rising = zip(addresses, addresses.dropFirst()).count { $0 < $1 }
    result.values["order"] = Double(rising + (places.deeper < places.local ? 1 : 0))
    // The kernel places a program without a dynamic linker, and at any address, as it places the linker itself.
    result.require(
      places.linker != 0 || places.function < places.heap,
      "this program holds its libraries, so the kernel places it among the mappings, above its heap; one that is linked to shared "
        + "libraries lies below its heap, as told", for: "b")
    result.texts["map"] = map.rows(parts)
    lookAtThreads(into: &result)
    var fork = clab_forked()
    if clab_after_fork(&fork) == 0 {
      let facts = [fork.own_process, fork.same_maps, fork.same_global, fork.same_descriptor]
      result.values["fork"] = Double(facts.count { $0 })
    }
    var process: Int32 = 0
    if clab_after_exec(&process, room.baseAddress, room.count) > 0 {
      let lines = String(cString: room.baseAddress!).split(separator: "\n").map(String.init)
      let facts = [
        lines.first == String(process), lines.dropFirst().first == "open", lines.dropFirst(2).first == "closed",
      ]
      result.values["exec"] = Double(facts.count { $0 })
      result.values["old mappings"] = Double(MemoryMap(lines: lines.dropFirst(3)).count(of: map.program))
    } else {
      for claim in ["f", "g"] { result.require(false, "/bin/sh could not be started", for: claim) }
    }
    return result
  }

  private static func lookAtThreads(into result: inout LabMeasurements) {
    var seen = clab_two()
    guard clab_two_threads(&seen) == 0 else { return }
    let shared = [seen.shares_process, seen.shares_global, seen.shares_heap, seen.shares_descriptors]
    let own = [seen.owns_thread, seen.owns_stack, seen.owns_registers, seen.owns_error, seen.owns_local]
    result.values["shared"] = Double(shared.count { $0 })
    result.values["own"] = Double(own.count { $0 })
    let (first, second) = (seen.first, seen.second)
    let rows = [
      ("", "first thread", "second thread"),
      ("process number", "\(first.process)", "\(second.process)"),
      ("a global", MemoryMap.hex(first.global), MemoryMap.hex(second.global)),
      ("thread number", "\(first.thread)", "\(second.thread)"),
      ("a local", MemoryMap.hex(first.stack), MemoryMap.hex(second.stack)),
      ("a thread-local", MemoryMap.hex(first.own), MemoryMap.hex(second.own)),
      ("errno", "\(first.error)", "\(second.error)"),
    ]
    result.texts["threads"] = rows.map { name, one, other in
      "  " + name.rightPadded(to: 16) + one.leftPadded(to: 16) + other.leftPadded(to: 18)
    }.joined(separator: "\n")
  }
}
