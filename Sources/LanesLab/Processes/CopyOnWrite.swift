import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let cow = Experiment(
    "cow", .processes, title: "Copy on write: parent and child share memory until one of them writes",
    short: "a fork's memory is shared until it is written",
    claims: [
      LabClaim(
        "a", from: .course(.processes, .lab, ostep: .completeSystems),
        "after fork the first write to a page copies it: each such write is a fault",
        .value("faults a page", within: 0.9...1.5, counts: "faults for each page that was written")),
      LabClaim(
        "b", from: .course(.processes, .lab, ostep: .completeSystems), "reading copies nothing",
        .value("faults a page read", within: 0...0.1, counts: "faults for each page that was read")),
      LabClaim(
        "c", from: .course(.processes, .lab, ostep: .completeSystems),
        "once the child has ended there is nothing to copy: a write costs less than while it lives",
        .ratio(of: "write, child gone", to: "write, child alive", within: .atMost(0.8)),
        ifConfirmed: "It still costs a fault, since the page was marked as read-only, but no copy."),
    ],
    method: [
      "32 pages are written, then the process forks, then a byte of each page is written or read again by the parent.",
      "The child waits at a pipe meanwhile, or has ended.",
      "The figure is processor time a page; faults are those that the kernel counted (getrusage(2), ru_minflt).",
      "Misleading: with huge pages one fault would copy 2 MiB; here they are forbidden.",
    ],
    loop: "for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 2;",
    picture: { result, _ in
      guard let faults = result.values["faults a page"], let read = result.values["faults a page read"] else {
        return []
      }
      let isUnicode = Glyphs.current == .unicode
      let (shared, copied) = isUnicode ? ("░", "█") : (".", "#")
      func strip(_ name: String, _ share: Double) -> String {
        let count = Int((min(1, share) * 32).rounded())
        return "  " + name.rightPadded(to: 18)
          + String(repeating: copied, count: count) + String(repeating: shared, count: 32 - count)
      }
      return [
        "32 pages of the parent after fork; \(shared) shared with the child, \(copied) copied",
        strip("nothing done", 0),
        strip("read", read), strip("written", faults),
      ]
    }
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.same).first)
    let pages = 32
    func variant(_ name: String, _ kind: clab_cow) -> LabVariant {
      LabVariant(name, most: 1, per: Double(pages), clock: .processor) { _ in clab_cow(pages, kind) }
    }
    loop.measure(
      [
        variant("write, never forked", CLAB_COW_ALONE), variant("read, child alive", CLAB_COW_READ),
        variant("write, child gone", CLAB_COW_CHILD_GONE), variant("write, child alive", CLAB_COW_SHARED),
      ], into: &result)
    // What a batch faults beside the writes, such as for filling the memory, is what one without a fork faults.
    let rates = ["write, never forked", "read, child alive", "write, child alive"].map {
      result.rate("minor_faults", of: $0)
    }
    let forking = result.rate("minor_faults", of: "read, child alive") - rates[0]
    result.values["faults a page"] = (rates[2] - rates[1]) / Double(pages)
    // Forking itself costs faults of the stack and the like, a handful for all 32 pages.
    result.values["faults a page read"] = max(0, forking - 12) / Double(pages)
    return result
  }
}
