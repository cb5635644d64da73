import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let isolation = Experiment(
    "isolation", .processes, title: "Isolation: one address, two values",
    short: "processes see their own memory, threads the same",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .lab, ostep: .addressSpaces),
        "a child process sees its own copy: what it writes, the parent does not see",
        .value(
          "parent sees child", within: 0...0, counts: "writes of the child that the parent sees at the same address")),
      LabClaim(
        "b", from: .course(.processes, .lab, ostep: .concurrency),
        "threads share all memory: what one writes, the others see",
        .value("thread is seen", within: 1...1, counts: "writes of a thread that its process sees")),
      LabClaim(
        "c", from: .course(.lab, ostep: .addressSpaces), "processes can share memory if they ask for it",
        .value(
          "mapping is shared", within: 1...1, counts: "writes of the child to a shared mapping that the parent sees")),
    ],
    method: [
      "A global variable is 1. A child made by fork writes 2 to it, at the same address, and tells what it sees; then the "
        + "parent looks. A thread writes 3; then the parent looks.",
      "Beside it lies a page that was mapped with MAP_SHARED before the fork (mmap(2)).",
      "These are facts, so nothing is timed.",
    ],
    loop: """
      value = 2;
      *shared = 2;
      """,
    picture: { result, width in
      guard let address = result.texts["address"], let values = result.texts["values"] else { return [] }
      let isUnicode = Glyphs.current == .unicode
      let parts = values.split(separator: " ").map(String.init)
      guard parts.count == 4 else { return [] }
      let (side, line) = isUnicode ? ("│", "─") : ("|", "-")
      let room = 26
      func box(_ rows: [String]) -> [String] {
        let edge = (isUnicode ? "┌" : "+") + String(repeating: line, count: room) + (isUnicode ? "┐" : "+")
        let end = (isUnicode ? "└" : "+") + String(repeating: line, count: room) + (isUnicode ? "┘" : "+")
        return [edge] + rows.map { side + " " + $0.rightPadded(to: room - 1) + side } + [end]
      }
      let parent = box([
        "parent", address, "before        \(parts[0])", "after child   \(parts[2])", "after thread  \(parts[3])",
      ])
      let child = box(["child", address, "wrote         \(parts[1])", "", ""])
      return width >= 62 ? zip(parent, child).map { "  " + $0 + "    " + $1 } : parent + child
    }
  ) { _ in
    var result = LabMeasurements()
    var seen = clab_isolation()
    guard clab_isolation(&seen) == 0 else {
      result.require(false, "no process could be started")
      return result
    }
    result.values["parent sees child"] = seen.parent_after_child == seen.child ? 1 : 0
    result.values["thread is seen"] = seen.parent_after_thread == seen.thread ? 1 : 0
    result.values["mapping is shared"] = seen.shared_after_child == seen.child ? 1 : 0
    result.texts["address"] = "address 0x" + String(seen.address, radix: 16)
    result.texts["values"] = "\(seen.before) \(seen.child) \(seen.parent_after_child) \(seen.parent_after_thread)"
    return result
  }
}
