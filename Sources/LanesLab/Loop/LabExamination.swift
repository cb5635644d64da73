import CLab
import LanesCore
import LanesOS
import LanesReport

/// Whether a machine is quiet and plain enough to measure on: what was looked at, and what it means.
package struct LabExamination {
  package enum Mark: Sendable {
    case good, mind, bad
  }

  package struct Item: Sendable {
    package let mark: Mark
    package let name: String
    package let finding: String
    /// What it does to measurements; empty where nothing is wrong.
    package let advice: String
  }

  package let items: [Item]

  /// Looks at the machine for about a second; blocks.
  package init() {
    items = [
      Self.load, Self.interruptions, Self.together, Self.clock, Self.frequency, Self.virtualization, Self.mitigations,
      Self.hugePages, Self.memory, Self.swap, Self.descriptors, Self.queues,
    ].compactMap { $0() }
  }

  /// The worst of all marks.
  package var mark: Mark {
    let marks = items.map(\.mark)
    return marks.contains { $0 == .bad } ? .bad : marks.contains { $0 == .mind } ? .mind : .good
  }

  private static func load() -> Item? {
    let load = clab_load()
    guard load >= 0 else { return nil }
    let cpus = Double(CPUs.available)
    let finding = "\(Readable.fixed(load, digits: 1)) on \(Readable.counted(CPUs.available, "CPU"))"
    let mark: Mark = load < cpus * 0.5 ? .good : load < cpus * 2 ? .mind : .bad
    return Item(
      mark: mark, name: "load", finding: finding,
      advice: mark == .good ? "" : "short batches stand it; what takes two cores at once, or milliseconds, may not")
  }

  private static func interruptions() -> Item? {
    var result = LabMeasurements()
    _ = clab_pin(clab_current_cpu())
    LabLoop(seconds: 0.5, rounds: 2, pin: .same).measure([LabVariant("x") { clab_getppid($0) }], into: &result)
    _ = clab_pin(-1)
    guard let figure = result["x"] else { return nil }
    let mark: Mark = figure.disturbed < 0.05 ? .good : figure.disturbed < 0.25 ? .mind : .bad
    let share = figure.cpuPerWall.map { ", a core for \(Readable.percent(min(1, $0))) of the time" } ?? ""
    return Item(
      mark: mark, name: "interruptions",
      finding: "\(Readable.percent(figure.disturbed)) of batches of 50 \(Glyphs.microseconds) were disturbed\(share)",
      advice: mark == .good ? "" : "wait until other work is done, or give --seconds more")
  }

  private static func together() -> Item? {
    let places = LabLoop(seconds: 1, rounds: 1, pin: .two).places(.two)
    guard places.isPossible else {
      return Item(mark: .bad, name: "two cores", finding: "one CPU", advice: "races, locks and false sharing need two")
    }
    guard let duo = clab_duo_new(CLAB_ATOMIC, 256, places.first, places.second) else { return nil }
    let count = 200
    let kept = (0..<count).count { _ in clab_duo_batch(duo, 2_000) >= 0 }
    clab_duo_free(duo)
    _ = clab_pin(-1)
    let share = Double(kept) / Double(count)
    let mark: Mark = share > 0.8 ? .good : share > 0.2 ? .mind : .bad
    return Item(
      mark: mark, name: "two cores", finding: "both at the same moment in \(Readable.percent(share)) of batches",
      advice: mark == .good ? "" : "chapter sharing takes longer, or stays undecidable")
  }

  private static func clock() -> Item? {
    let step = Double(clab_timer_step())
    let mark: Mark = step <= 100 ? .good : step <= 1_000 ? .mind : .bad
    return Item(
      mark: mark, name: "clock", finding: "steps of \(LabFigure.Unit.nanoseconds.text(step))",
      advice: mark == .good ? "" : "batches are too short for it; its source may be slow (clocksource)")
  }

  private static func frequency() -> Item? {
    let folder = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    guard let governor = ProcessFile(folder)?.text.split(whereSeparator: \.isWhitespace).first else {
      return Item(mark: .good, name: "frequency", finding: "not scaled by this kernel", advice: "")
    }
    let isSteady = governor == "performance"
    return Item(
      mark: isSteady ? .good : .mind, name: "frequency", finding: "governor \(governor)",
      advice: isSteady ? "" : "cores may start slow; the first deciles stand it, cycles do not")
  }

  private static func virtualization() -> Item? {
    Item(
      mark: LabMachine.isVirtual ? .mind : .good, name: "machine",
      finding: LabMachine.isVirtual ? "a virtual one" : "no hypervisor is known",
      advice: LabMachine.isVirtual ? "neighbors share caches and cores; faults and TLB misses cost twice the walk" : "")
  }

  private static func mitigations() -> Item? {
    let folder = "/sys/devices/system/cpu/vulnerabilities/"
    let names = ["meltdown", "spectre_v2", "spec_rstack_overflow", "mds", "retbleed"]
    let active = names.filter { ProcessFile(folder + $0)?.text.hasPrefix("Mitigation") == true }
    return Item(
      mark: .good, name: "mitigations", finding: active.isEmpty ? "none is known" : active.joined(separator: ", "),
      advice: "")
  }

  private static func hugePages() -> Item? {
    guard let choice = MachineFacts.hugePages else { return nil }
    let isNever = choice == "never"
    return Item(
      mark: isNever ? .mind : .good, name: "huge pages", finding: choice,
      advice: isNever ? "fork-size and tlb cannot compare with them" : "")
  }

  private static func memory() -> Item? {
    guard let free = availableMemory() else { return nil }
    let mark: Mark = free > 1 << 30 ? .good : .mind
    return Item(
      mark: mark, name: "memory", finding: "\(Readable.bytes(free)) free",
      advice: mark == .good ? "" : "fork-size and tlb take 1 GiB")
  }

  /// Room on disks for pages that have no room in memory (SwapTotal and SwapFree of proc_meminfo(5), in KiB).
  private static func swap() -> Item? {
    let lines = ProcessFile("/proc/meminfo")?.text.split(separator: "\n") ?? []
    func bytes(_ name: String) -> Int? {
      let words = lines.first { $0.hasPrefix(name + ":") }?.split(separator: " ")
      return words.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 << 10 }
    }
    guard let total = bytes("SwapTotal"), let free = bytes("SwapFree") else { return nil }
    guard total > 0 else { return Item(mark: .good, name: "swap", finding: "none", advice: "") }
    let isUsed = total - free > total / 10
    return Item(
      mark: isUsed ? .mind : .good, name: "swap",
      finding: "\(Readable.bytes(total - free)) of \(Readable.bytes(total)) used",
      advice: isUsed ? "pages that were swapped out come back by major faults, at the speed of the disk" : "")
  }

  private static func descriptors() -> Item? {
    let left = descriptorsLeft()
    let hard = clab_hard_limit()
    let isEnough = hard < 0 || hard > 10_100
    return Item(
      mark: isEnough ? .good : .mind, name: "descriptors",
      finding: "\(Readable.count(left)) left, up to \(hard < 0 ? "any number" : Readable.count(hard)) allowed",
      advice: isEnough ? "" : "multiplex takes 10,000")
  }

  private static func queues() -> Item? {
    let pair = clab_pair_new(CLAB_MQUEUE, CLAB_THREAD, -1, -1, 0)
    if let pair { clab_pair_free(pair) }
    return Item(
      mark: pair != nil ? .good : .mind, name: "message queues", finding: pair != nil ? "there" : "refused",
      advice: pair != nil ? "" : "ipc does without them")
  }
}
